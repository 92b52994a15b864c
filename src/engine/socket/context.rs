//! What the Dockerfile of a build reaches for, judged by what is on this machine.

use serde_json::Value;

use super::Policy;
use super::build::Context;
use super::passage::{Kind, Look, Place};
use crate::engine::dockerfile::{Reach, reaches};

/// What an operator can do about an image that is missing.
fn missing(name: &str) -> String {
    format!(
        "image `{name}` is not here, and checks run without the network: fetch it beforehand on \
         the worker's machine (`docker pull {name}`), or let the operator name the repository in \
         `trust.allow_network`"
    )
}

impl Context {
    /// The images that this Dockerfile is built upon, to be asked for.
    ///
    /// # Errors
    /// Why it may not be built whatever they are.
    pub fn bases(&self, text: &str) -> Result<Vec<Look>, String> {
        self.looks(reaches(text, &self.args))
    }

    /// Judges the build by what was found of its images (`None`: not here).
    ///
    /// # Errors
    /// Why it may not be built.
    pub fn judge(
        &self,
        policy: &Policy,
        text: &str,
        found: &[(Look, Option<Value>)],
    ) -> Result<(), String> {
        let mut known = self.args.clone();
        for (look, image) in found {
            let Some(image) = image else {
                if policy.network {
                    continue;
                }
                return Err(missing(&look.name));
            };
            if !policy.may_use_image(image.pointer("/Config/Labels")) {
                return Err(missing(&look.name));
            }
            if !policy.network {
                self.same_platform(&self.platform, &look.name, image)?;
                for reach in reaches(text, &self.args) {
                    if let Reach::Platform(platform) = reach {
                        self.same_platform(&platform, &look.name, image)?;
                    }
                }
            }
            self.triggers(&look.name, image)?;
            let env = image.pointer("/Config/Env").and_then(Value::as_array);
            let pairs = env.into_iter().flatten().filter_map(|it| it.as_str()?.split_once('='));
            known.extend(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        // What a base image's environment says may be an address as well.
        self.looks(reaches(text, &known)).map(drop)
    }

    fn looks(&self, reaches: Vec<Reach>) -> Result<Vec<Look>, String> {
        let mut looks = Vec::new();
        for reach in reaches {
            match reach {
                Reach::Image(name) => looks.push(Look::new(Kind::Image, &name, Place::Nowhere)?),
                Reach::Platform(_) => (),
                Reach::Address(what) => return Err(refused_address(&what)),
                Reach::BuildKit(what) => {
                    return Err(format!(
                        "`{}` in `{}` needs BuildKit, and builds here are done by the classic builder; \
                     the operator may set `docker.builder: buildkit`",
                        shown(&what),
                        self.dockerfile
                    ));
                }
            }
        }
        Ok(looks)
    }

    /// The engine fetches an image that is here for another platform.
    fn same_platform(&self, platform: &str, name: &str, image: &Value) -> Result<(), String> {
        let of = |key: &str| image.get(key).and_then(Value::as_str).unwrap_or_default();
        let here = format!("{}/{}", of("Os"), of("Architecture"));
        match platform.is_empty() || platform == here {
            true => Ok(()),
            false => Err(format!(
                "image `{name}` is here for {here} only, not for `{}`, and checks run without the \
                 network",
                shown(platform)
            )),
        }
    }

    /// What a base image wants done when something is built upon it.
    fn triggers(&self, name: &str, image: &Value) -> Result<(), String> {
        let lines = image.pointer("/Config/OnBuild").and_then(Value::as_array);
        let lines: Vec<&str> = lines.into_iter().flatten().filter_map(Value::as_str).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let looks =
            self.looks(reaches(&format!("FROM scratch\n{}\n", lines.join("\n")), &self.args))?;
        match looks.first() {
            None => Ok(()),
            Some(it) => Err(format!(
                "image `{name}` copies from `{}` when something is built upon it (ONBUILD); that \
                 is not allowed here",
                it.name
            )),
        }
    }
}

fn refused_address(what: &str) -> String {
    format!(
        "`{}` would be fetched by the engine itself, past every rule; put the file into the \
         repository, or fetch it in a `RUN` where the operator allows the network \
         (`trust.allow_network`)",
        shown(what)
    )
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect::<String>().escape_debug().to_string()
}
