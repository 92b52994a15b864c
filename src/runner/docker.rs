//! Runs the project's commands in images, and lets those talk to the engine that say so, through
//! a filter. Everything else it leaves to the machine's own programs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::host::{HostRunner, real_folder};
use super::{Command, Ended, Runner, RunnerError, Site};
use crate::cage;
use crate::cage::{Limits, Network, Rules};
use crate::docker::endpoint::Found;
use crate::docker::proxy::{Proxy, Witness};
use crate::docker::{Build, Docker, JOB_LABEL, Owner, WORKER_LABEL};
use crate::domain::job::JobId;
use crate::domain::verification::{Isolation, Place, Plan};
use crate::engine::socket::Policy;
use crate::process::Spec;

/// Kept of a command's output at each end.
const KEEP: usize = 256 << 10;
/// The longest path of a Unix socket that every system takes.
const MOST_SOCKET: usize = 100;

/// How the engine is used.
#[derive(Clone)]
pub struct DockerOptions {
    /// Looks for the engine; it may come and go while we run.
    pub find: Arc<dyn Fn() -> Found + Send + Sync>,
    /// Whose containers and images they are.
    pub worker: String,
    /// What one container may use up.
    pub limits: Limits,
    /// Whether a job's images stay.
    pub keep_images: bool,
    /// Whether the project's own commands may use BuildKit.
    pub buildkit: bool,
    /// Where the operator's `docker` finds its plugins, such as `compose`.
    pub plugins: Vec<PathBuf>,
}

/// The runner for machines that have a container engine, or may have one later.
pub struct DockerRunner {
    options: DockerOptions,
    host: HostRunner,
    engine: Mutex<Option<Docker>>,
}

impl DockerRunner {
    /// A runner that leaves to `host` what needs no engine. Nothing is asked of the engine yet.
    pub fn new(options: DockerOptions, host: HostRunner) -> Self {
        Self { options, host, engine: Mutex::new(None) }
    }

    /// The engine, if there is one. It is kept while it stays where it is: it knows things by then.
    fn engine(&self) -> Result<Option<Docker>, RunnerError> {
        let endpoint = match (self.options.find)() {
            Found::Here(endpoint, _) => endpoint,
            Found::Nowhere { .. } => return Ok(None),
            Found::Unusable(why) => return Err(RunnerError::NoPlace(why)),
        };
        let mut known = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|it| *it.endpoint() != endpoint) {
            *known = Some(Docker::new(endpoint)?);
        }
        Ok(known.clone())
    }

    /// For a job that cannot go on without: that it is gone is a fault that passes.
    fn needed(&self) -> Result<Docker, RunnerError> {
        let gone = || {
            RunnerError::EngineAway(
                "the container engine that this job needs is not there: start it".to_owned(),
            )
        };
        self.engine()?.ok_or_else(gone)
    }

    fn owner(&self, job: &JobId) -> Owner {
        Owner { worker: self.options.worker.clone(), job: Some(job.clone()) }
    }

    async fn in_image(
        &self,
        image: &str,
        command: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        let cage = cage::of_image(self.needed()?, image, self.owner(command.job));
        let home = command.home.to_string_lossy().into_owned();
        let fixed = [("HOME", home.as_str()), ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("CI", "1")];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        // Only a shell inside knows the image's own `PATH`.
        let (paths, env): (Vec<_>, Vec<_>) =
            command.env.iter().cloned().partition(|(_, value)| value.contains("${PATH}"));
        let exports = paths.iter().map(|(name, value)| {
            format!("{name}={}; export {name}; ", quoted(value).replace("${PATH}", "'\"$PATH\"'"))
        });
        let line = exports.collect::<String>() + command.line;
        let spec = Spec {
            args: ["-c", &line].map(Into::into).to_vec(),
            env: fixed.into_iter().chain(env).map(|(name, it)| (name.into(), it.into())).collect(),
            keep: KEEP,
            merge: true,
            stdin: command.stdin.map(<[u8]>::to_vec),
            ..Spec::new("sh", command.tree, command.limit)
        };
        let own = [command.tree, command.home].into_iter().chain(command.deps);
        let rules = Rules {
            writable: own.map(Path::to_owned).collect(),
            readable: Vec::new(),
            sockets: Vec::new(),
            network: if command.network { Network::Open } else { Network::None },
            limits: self.options.limits,
        };
        let ended = cage.run(spec, &rules, command.tee, stop).await?;
        Ok(Ended { exit: ended.exit, output: ended.stdout.to_text(), took: ended.took })
    }

    /// A command that talks to the engine: through a filter, for as long as it runs.
    async fn with_engine(
        &self,
        command: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        let docker = self.needed()?;
        let away = |message: &str| {
            RunnerError::EngineAway(format!("the container engine went away meanwhile: {message}"))
        };
        let folder = SocketFolder::beside(command.home)?;
        let image = command.env.iter().find(|(name, _)| name == "IMAGE_NAME");
        let image = image.map_or("", |(_, value)| value.as_str());
        let policy = self.policy(&docker, &command, image).await?;
        let endpoint = docker.endpoint().clone();
        let witness = Arc::new(Told(command.job.clone()));
        let others = nix::unistd::geteuid().is_root();
        let proxy =
            Proxy::start(&folder.socket(), others, endpoint, policy, witness).await.map_err(
                |error| RunnerError::NotStarted(format!("{}: {error}", folder.socket().display())),
            )?;
        let config = self.client_config(command.home).await?;
        let mut env = command.env.to_vec();
        env.extend([
            ("DOCKER_HOST".to_owned(), format!("unix://{}", proxy.socket().display())),
            ("DOCKER_CONFIG".to_owned(), config.to_string_lossy().into_owned()),
            ("DOCKER_BUILDKIT".to_owned(), u8::from(self.options.buildkit).to_string()),
            ("COMPOSE_PROJECT_NAME".to_owned(), image.to_owned()),
            ("COMPOSE_ANSI".to_owned(), "never".to_owned()),
        ]);
        let job = command.job;
        let command = Command { env: &env, ..command };
        let sockets = vec![proxy.socket().to_owned()];
        let ended = self.host.run_with(command, sockets, &self.options.plugins, stop).await;
        let account = proxy.account();
        drop(proxy);
        if let Err(error) = docker.remove(&self.owner(job), false).await {
            tracing::warn!(%job, %error, "what a command left in the engine goes at the next start");
        }
        match account.engine_away {
            Some(message) if !stop.is_cancelled() => Err(away(&message)),
            _ => ended,
        }
    }

    async fn policy(
        &self,
        docker: &Docker,
        command: &Command<'_>,
        image: &str,
    ) -> Result<Policy, RunnerError> {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(Policy {
            labels: vec![
                label(WORKER_LABEL, &self.options.worker),
                label(JOB_LABEL, &command.job.0),
            ],
            network: command.network,
            mounts: vec![(command.tree.to_owned(), docker.host_path(command.tree).await?)],
            mounts_below: None,
            memory: self.options.limits.memory,
            processes: self.options.limits.processes,
            cpus: self.options.limits.cpus,
            // Compose calls the images of a project `PROJECT-SERVICE`.
            images: vec![image.to_owned(), format!("{image}-*")],
            buildkit: self.options.buildkit,
        })
    }

    /// A configuration for `docker` that has the operator's plugins and none of their credentials.
    async fn client_config(&self, home: &Path) -> Result<PathBuf, RunnerError> {
        let folder = home.join(".docker");
        let text = serde_json::json!({"cliPluginsExtraDirs": self.options.plugins}).to_string();
        let config = folder.join("config.json");
        let write = async {
            real_folder(&folder).await?;
            // A link in its place would make us write behind it.
            match tokio::fs::remove_file(&config).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => tokio::fs::write(&config, text).await,
            }
        };
        write.await.map_err(|it| RunnerError::NotStarted(format!("{}: {it}", config.display())))?;
        Ok(folder)
    }
}

#[async_trait]
impl Runner for DockerRunner {
    fn level(&self, plan: &Plan) -> Isolation {
        let inside = match plan.place {
            Place::Image { .. } | Place::Dockerfile { .. } => true,
            Place::Host => !plan.steps.is_empty() && plan.steps.iter().all(|it| it.docker),
        };
        match self.host.level(plan) {
            // The commands run in images, but what asks for them is not kept apart.
            Isolation::Native if plan.place == Place::Host => Isolation::Native,
            _ if inside => Isolation::Container,
            host => host,
        }
    }

    async fn has_engine(&self) -> Result<bool, RunnerError> {
        match self.engine()? {
            None => Ok(false),
            Some(docker) => Ok(docker.facts().await.map(|_| true)?),
        }
    }

    async fn furnish(
        &self,
        site: Site<'_>,
        stop: &CancellationToken,
    ) -> Result<Option<String>, RunnerError> {
        match site.place {
            Place::Host => Ok(None),
            Place::Image { name } => {
                Ok(Some(self.needed()?.pull(name, site.limit, site.tee, stop).await?))
            }
            Place::Dockerfile { path, context } => {
                let docker = self.needed()?;
                let dockerfile = match context.is_empty() {
                    true => path.as_str(),
                    false => path.strip_prefix(&format!("{context}/")).unwrap_or(path),
                };
                let build = Build {
                    context: &site.base.join(context),
                    dockerfile,
                    tag: site.image_name,
                    network: true,
                    memory: self.options.limits.memory,
                    limit: site.limit,
                };
                let id = docker.build(build, &self.owner(site.job), site.tee, stop).await?;
                docker.tag(&id, &cache_name(site.repository)).await?;
                Ok(Some(id))
            }
        }
    }

    async fn run(
        &self,
        command: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        match command.image {
            Some(image) => self.in_image(image, command, stop).await,
            None if command.docker => self.with_engine(command, stop).await,
            None => self.host.run(command, stop).await,
        }
    }

    async fn clean(&self, job: &JobId, over: bool) {
        let Ok(Some(docker)) = self.engine() else { return };
        let images = over && !self.options.keep_images;
        if let Err(error) = docker.remove(&self.owner(job), images).await {
            tracing::warn!(%job, %error, "what a job left in the engine goes at the next start");
        }
    }
}

/// The image that keeps a repository's layers, so that the next job builds on them.
pub(crate) fn cache_name(repository: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    format!("codingworker-cache-{}", repository.chars().map(plain).collect::<String>())
}

/// For a shell, in single quotes.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// What the filter refused is for the operator to know.
struct Told(JobId);

impl Witness for Told {
    fn refused(&self, request: &str, why: &str) {
        tracing::warn!(job = %self.0, request, why, "a command asked for what it may not have");
    }
}

/// Where the filter listens: beside the job's home, or where the path is short enough.
struct SocketFolder {
    path: PathBuf,
    ours: bool,
}

impl SocketFolder {
    fn beside(home: &Path) -> Result<Self, RunnerError> {
        use std::os::unix::fs::DirBuilderExt;
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let parent = home.parent().unwrap_or(home);
        if parent.join("docker.sock").as_os_str().len() <= MOST_SOCKET {
            return Ok(Self { path: parent.to_owned(), ours: false });
        }
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cw-{}-{next}", std::process::id()));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|it| RunnerError::NotStarted(format!("{}: {it}", path.display())))?;
        Ok(Self { path, ours: true })
    }

    fn socket(&self) -> PathBuf {
        self.path.join("docker.sock")
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        if self.ours {
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_keeps_its_layers_under_a_name_that_docker_takes() {
        assert_eq!(cache_name("Acme/Web.App_2"), "codingworker-cache-acme-web-app-2");
    }

    #[test]
    fn a_value_for_the_shell_inside_keeps_its_quotes() {
        assert_eq!(quoted("a'b"), "'a'\\''b'");
    }
}
