//! `cage`, `docker` and `deps`: what is around foreign code, and what it finds there.

use std::time::Duration;

use serde_yaml::Value;

use super::build::{seconds, u32_of};
use super::reader::{Reader, shown, text};
use super::{Builder, CageChoice, Config, Native};
use crate::cage::Limits;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DAY: u64 = 24 * 60 * 60;

/// `cage`: what is around the agent and the checks.
#[derive(Debug)]
pub struct Cage {
    /// Which one.
    pub level: CageChoice,
    /// What one command and all that comes of it may use up.
    pub limits: Limits,
}

/// `docker`: the container engine.
#[derive(Debug)]
pub struct Docker {
    /// Whether the images of a job outlive it.
    pub keep_images: bool,
    /// What builds for commands that talk to the engine themselves.
    pub builder: Builder,
    /// The worker's own image, as whose container the agent and the commands run on a machine
    /// without a sandbox. Set in the worker's own container.
    pub image: Option<String>,
}

/// `deps`: what was fetched for the checks, and is kept for the next job.
#[derive(Debug)]
pub struct Deps {
    /// How long what nobody uses is kept.
    pub keep: Duration,
    /// How many bytes are kept, of all repositories together.
    pub max_bytes: u64,
}

pub(super) fn cage(reader: &mut Reader<'_>) -> Cage {
    Cage {
        level: reader.choice("cage.level", CageChoice::ALL),
        limits: Limits {
            memory: MIB * reader.integer("cage.memory_mb"),
            processes: u32_of(reader.integer("cage.processes")),
            cpus: reader.read("cage.cpus", cpus),
            file_size: MIB * reader.integer("cage.file_size_mb"),
            temporary: MIB * reader.integer("cage.tmp_mb"),
        },
    }
}

pub(super) fn docker(reader: &mut Reader<'_>) -> Docker {
    Docker {
        keep_images: reader.flag("docker.keep_images"),
        builder: reader.choice("docker.builder", Builder::ALL),
        image: reader.read("docker.image", |value| match text(value)? {
            it if it.is_empty() => Ok(None),
            it => image(it).map(Some),
        }),
    }
}

pub(super) fn deps(reader: &mut Reader<'_>) -> Deps {
    Deps {
        keep: seconds(DAY * reader.integer("deps.keep_days")),
        max_bytes: GIB * reader.integer("deps.max_gb"),
    }
}

/// What is allowed together, and is still not what anybody should want.
pub(super) fn unwise(config: &Config) -> Vec<String> {
    let (trust, level) = (&config.trust, config.cage.level);
    let mut warnings = Vec::new();
    if level == CageChoice::Native {
        warnings.push(match trust.native {
            Native::Never => {
                "cage.level is native and trust.native is never: every job is refused".to_owned()
            }
            _ => {
                "cage.level is native: what a model writes runs with all the rights of this user, \
                  and can read his files and use his network; `auto` takes the cage that there is"
                    .to_owned()
            }
        });
    }
    if trust.native == Native::Always && level != CageChoice::Sandbox {
        let which = match trust.repositories.is_empty() {
            true => "every repository that the token may push to",
            false => "every repository in trust.repositories",
        };
        warnings.push(format!(
            "trust.native is always: where this machine has no cage, jobs of {which} run without \
             one, public ones too; name the few that may in `trust.allow_native`"
        ));
    }
    if config.docker.builder == Builder::Buildkit {
        warnings.push(
            "docker.builder is buildkit: it keeps none of the limits of `cage`, and nothing can \
             look into what it is sent"
                .to_owned(),
        );
    }
    warnings
}

/// Processors: half of one, or two and a half.
fn cpus(value: &Value) -> Result<f64, String> {
    const MOST: f64 = 1_024.0;
    let number = match value {
        Value::Number(it) => it.as_f64(),
        Value::String(it) => it.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(it) if (0.1..=MOST).contains(&it) => Ok(it),
        Some(it) => Err(format!("{it} is out of range: expected 0.1 to {MOST}")),
        None => Err(format!("expected a number from 0.1 to {MOST}, not {}", shown(value))),
    }
}

/// An image as the engine knows it: a name, maybe with a registry, a tag or a digest, or an id.
fn image(text: String) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    match starts_well && text.len() <= 300 && text.chars().all(plain) {
        true => Ok(text),
        false => Err(format!("`{text}` is no name of an image, such as `codingworker:1.0`")),
    }
}
