//! What is around the commands of a job: an image, dependencies, an environment. All of it comes
//! from the default branch, and is brought in with the network before any command runs without.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::deps::Deps;
use crate::domain::job::{Failure, Fault, JobId};
use crate::domain::task::Repository;
use crate::domain::verification::{Place, Plan, Preparation};
use crate::process::Tee;
use crate::runner::{Command, Ended, Runner, Site};

mod toolchain;

/// The largest manifest or lock file that is read: those of large projects have some megabytes.
const MOST_MANIFEST: u64 = 32 << 20;
/// How much of a failed preparation's output is told.
const TOLD: usize = 300;

/// Where the files of the default branch come from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Writes `paths` (all, when empty) into the folder `to`, which is not there yet. What the
    /// branch does not have is left out.
    async fn export(
        &self,
        paths: &[String],
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<(), Failure>;
}

/// Which places a plan may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places {
    /// Images where there is an engine, else this machine.
    #[default]
    Any,
    /// Images alone.
    Images,
    /// This machine alone.
    Machine,
}

/// The plan for the places that there are; `made` makes it, with or without an engine.
///
/// # Errors
/// When the engine that it needs does not answer: that passes, and is no reason to do without.
pub async fn choose(
    runner: &dyn Runner,
    places: Places,
    made: &(dyn Fn(bool) -> Plan + Sync),
) -> Result<Plan, Failure> {
    let plan = match places {
        Places::Machine => return Ok(made(false)),
        Places::Any | Places::Images => made(true),
    };
    match (places, plan.needs_engine()) {
        (Places::Images, false) if !plan.steps.is_empty() => Err(Failure::new(
            Fault::Permanent,
            "`verify.runner` is docker, and the repository names no image: give it a Dockerfile, \
             a compose file, or `image:` in its .codingworker.yml",
        )),
        (_, false) => Ok(plan),
        (_, true) => match runner.has_engine().await? {
            true => Ok(plan),
            false if places == Places::Images => Err(Failure::new(
                Fault::Transient,
                "`verify.runner` is docker, and there is no container engine: start it",
            )),
            // There is none at all: the machine's own programs have to do.
            false => Ok(made(false)),
        },
    }
}

/// What came of one preparation.
enum Brought {
    /// A folder of the store.
    Here(PathBuf),
    /// Nothing that is ours to keep: the engine has it.
    Nothing,
    /// Why not.
    Failed(String),
}

/// What is around the commands of a job.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The image that they run in; `None`: this machine's programs.
    pub image: Option<String>,
    /// A folder of the job's that they may change: what the preparations brought.
    pub deps: Option<PathBuf>,
    /// What they get in their environment. `${PATH}` stands for the `PATH` without it.
    pub env: Vec<(String, String)>,
    /// What a reviewer should know: preparations that failed.
    pub notes: Vec<String>,
}

/// What a scene is made from.
pub struct Stage<'a> {
    /// Who runs commands.
    pub runner: &'a dyn Runner,
    /// What earlier jobs brought in.
    pub deps: &'a Deps,
    /// The default branch.
    pub source: &'a dyn Source,
    /// The job.
    pub job: &'a JobId,
    /// The repository that the default branch is of.
    pub repository: &'a Repository,
    /// How it is checked.
    pub plan: &'a Plan,
    /// What an image of the job's own is called.
    pub image_name: &'a str,
    /// The job's folder: `base` and `deps` in it are ours.
    pub folder: &'a Path,
    /// The path by which the job's commands find its folder: what is brought lies below it.
    pub seen: &'a Path,
    /// Of one command.
    pub limit: Duration,
    /// Where the output of all that goes.
    pub tee: &'a dyn Tee,
}

impl Stage<'_> {
    /// Makes the scene. A preparation that fails is noted, and the checks show what it is worth;
    /// an image that cannot be had is an error.
    ///
    /// # Errors
    /// As the runner, the source and the disk say.
    pub async fn set(&self, stop: &CancellationToken) -> Result<Scene, Failure> {
        let deps = self.seen.join("deps");
        clear(&deps).await?;
        let mut scene = Scene { image: self.furnish(stop).await?, ..Scene::default() };
        let place = match &scene.image {
            Some(image) => image.clone(),
            None if self.plan.preparations.iter().any(|it| !it.docker) => self.place(stop).await?,
            None => String::new(),
        };
        for preparation in &self.plan.preparations {
            let found = match preparation.docker {
                true => self.warm(preparation, stop).await?,
                false => self.bring(preparation, scene.image.as_deref(), &place, stop).await?,
            };
            match found {
                Brought::Nothing => {}
                Brought::Failed(note) => scene.notes.push(note),
                Brought::Here(brought) => {
                    let own = deps.join(&preparation.name);
                    std::fs::create_dir_all(&deps).map_err(|it| disk(&deps, &it))?;
                    Deps::copy(&brought, &own).await.map_err(|it| disk(&own, &it))?;
                    for (name, value) in env(preparation, &own) {
                        chain(&mut scene.env, name, value);
                    }
                    scene.deps = Some(deps.clone());
                }
            }
        }
        clear(&self.base()).await?;
        Ok(scene)
    }

    fn base(&self) -> PathBuf {
        self.folder.join("base")
    }

    /// The default branch's files, fresh.
    async fn export(&self, paths: &[String], stop: &CancellationToken) -> Result<PathBuf, Failure> {
        let base = self.base();
        clear(&base).await?;
        self.source.export(paths, &base, stop).await?;
        Ok(base)
    }

    async fn furnish(&self, stop: &CancellationToken) -> Result<Option<String>, Failure> {
        let base = match self.plan.place {
            Place::Host => return Ok(None),
            Place::Image { .. } => self.base(),
            Place::Dockerfile { .. } => self.export(&[], stop).await?,
        };
        let site = Site {
            job: self.job,
            repository: &self.repository.to_string(),
            place: &self.plan.place,
            image_name: self.image_name,
            base: &base,
            limit: self.limit,
            tee: Some(self.tee),
        };
        Ok(self.runner.furnish(site, stop).await?)
    }

    /// What the preparation brings: from an earlier job, or now.
    async fn bring(
        &self,
        preparation: &Preparation,
        image: Option<&str>,
        place: &str,
        stop: &CancellationToken,
    ) -> Result<Brought, Failure> {
        let base = self.export(&preparation.files, stop).await?;
        let contents = contents(&base, &preparation.files);
        let key = match preparation.files.is_empty() {
            // Whatever it needs of the tree, the tree is it.
            true => Deps::key(preparation, &[Some(fingerprint(&base)?)], place),
            false => Deps::key(preparation, &contents, place),
        };
        if let Some(found) = self.deps.find(self.repository, &key) {
            self.tee.write(format!("{}: nothing new to bring in\n", preparation.name).as_bytes());
            return Ok(Brought::Here(found));
        }
        let begun = self.deps.begin(self.repository, &key).map_err(|it| disk(&base, &it))?;
        let files = begun.files();
        let env = vec![("DEPS_DIR".to_owned(), files.to_string_lossy().into_owned())];
        let ended = self.run(preparation, &base, image, Some(&files), &env, stop).await?;
        if !ended.exit.is_success() {
            return Ok(Brought::Failed(failed(preparation, &ended)));
        }
        let kept = self.deps.finish(begun).await.map_err(|it| disk(&files, &it))?;
        Ok(Brought::Here(kept))
    }

    /// Lets the engine fetch and build what the default branch needs of it.
    async fn warm(
        &self,
        preparation: &Preparation,
        stop: &CancellationToken,
    ) -> Result<Brought, Failure> {
        let base = self.export(&preparation.files, stop).await?;
        let ended = self.run(preparation, &base, None, None, &[], stop).await?;
        Ok(match ended.exit.is_success() {
            true => Brought::Nothing,
            false => Brought::Failed(failed(preparation, &ended)),
        })
    }

    async fn run(
        &self,
        preparation: &Preparation,
        base: &Path,
        image: Option<&str>,
        deps: Option<&Path>,
        env: &[(String, String)],
        stop: &CancellationToken,
    ) -> Result<Ended, Failure> {
        let home = self.folder.join("base-home");
        fresh(&home).await?;
        let mut env = env.to_vec();
        env.push(("IMAGE_NAME".to_owned(), self.image_name.to_owned()));
        env.push(("WORK_DIR".to_owned(), base.to_string_lossy().into_owned()));
        self.tee.write(format!("{}: {}\n", preparation.name, preparation.command).as_bytes());
        let command = Command {
            job: self.job,
            image,
            docker: preparation.docker,
            network: true,
            deps,
            tree: base,
            home: &home,
            line: &preparation.command,
            stdin: None,
            env: &env,
            limit: self.limit,
            tee: Some(self.tee),
        };
        let ended = self.runner.run(command, stop).await?;
        clear(&home).await?;
        Ok(ended)
    }
}

/// What the checks get, so that they find what `preparation` brought to `own`.
fn env(preparation: &Preparation, own: &Path) -> Vec<(String, String)> {
    let own = own.to_string_lossy();
    let own_dir = [("DEPS_DIR".to_owned(), own.clone().into_owned())].into_iter();
    let placed =
        |(name, value): &(String, String)| (name.clone(), value.replace("${DEPS_DIR}", &own));
    own_dir.chain(preparation.env.iter().map(placed)).collect()
}

/// Adds a variable to those that came before. Where these have one of the same name it is replaced;
/// what they made of `PATH` is then what `${PATH}` stands for.
fn chain(env: &mut Vec<(String, String)>, name: String, value: String) {
    let path = env.iter().find(|it| it.0 == "PATH").map_or("${PATH}", |it| it.1.as_str());
    let value = value.replace("${PATH}", path);
    env.retain(|it| it.0 != name);
    env.push((name, value));
}

fn failed(preparation: &Preparation, ended: &Ended) -> String {
    let last = ended.output.lines().rev().find(|it| !it.trim().is_empty()).unwrap_or_default();
    let last: String = last.chars().take(TOLD).collect();
    format!(
        "What the checks need could not be brought in: `{}` ended with {:?}: {last}",
        preparation.command, ended.exit
    )
}

/// The files' contents, in their order. They were put there by us, behind no link.
fn contents(base: &Path, files: &[String]) -> Vec<Option<Vec<u8>>> {
    let read = |path: &String| {
        let path = base.join(path);
        let found = path.symlink_metadata().ok()?;
        (found.is_file() && found.len() <= MOST_MANIFEST).then(|| std::fs::read(path).ok())?
    };
    files.iter().map(read).collect()
}

/// Tells one tree from another by its files' names, kinds and contents.
fn fingerprint(base: &Path) -> Result<Vec<u8>, Failure> {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    let mut folders = vec![base.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|it| disk(&folder, &it))?;
        let mut paths = entries.flatten().map(|it| it.path()).collect::<Vec<_>>();
        paths.sort();
        for path in paths {
            let found = path.symlink_metadata().map_err(|it| disk(&path, &it))?;
            hash.update(path.strip_prefix(base).unwrap_or(&path).as_os_str().as_encoded_bytes());
            let content = match found.is_dir() {
                true => {
                    folders.push(path);
                    continue;
                }
                false if found.is_symlink() => {
                    let target = std::fs::read_link(&path).map_err(|it| disk(&path, &it))?;
                    target.into_os_string().into_encoded_bytes()
                }
                false => std::fs::read(&path).map_err(|it| disk(&path, &it))?,
            };
            hash.update([0, u8::from(found.is_symlink())]);
            hash.update(Sha256::digest(content));
        }
    }
    Ok(hash.finalize().to_vec())
}

/// Makes sure that an empty folder is there.
async fn fresh(path: &Path) -> Result<(), Failure> {
    clear(path).await?;
    std::fs::create_dir_all(path).map_err(|it| disk(path, &it))
}

/// Makes sure that nothing is there.
async fn clear(path: &Path) -> Result<(), Failure> {
    let gone = path.to_owned();
    let removed = tokio::task::spawn_blocking(move || crate::workspace::remove_tree(&gone)).await;
    match removed {
        Ok(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => Err(disk(path, &error)),
        _ => Ok(()),
    }
}

fn disk(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Fault::Transient, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
