//! Runs the project's commands with this machine's own programs, in whatever cage there is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{Command, Ended, Runner, RunnerError};
use crate::cage::{Cage, Limits, Network, Rules};
use crate::domain::verification::{Isolation, Plan};
use crate::process::Spec;

mod index;

/// Kept of a command's output at each end.
const KEEP: usize = 256 << 10;

/// No core dumps; no file above 8 GiB (`ulimit -f` counts in 512 bytes, in some shells 1024).
const LIMITS: &str = "ulimit -c 0 2>/dev/null; ulimit -f 16777216 2>/dev/null; exec sh -c \"$1\"";

/// What of cargo's home is shared with the project's commands: programs and what was downloaded.
/// Not `credentials.toml`, nor `config.toml`, which may hold tokens too.
const CARGO_SHARES: [&str; 3] = ["bin", "registry", "git"];

/// What the commands of all jobs have in common.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// Their `PATH`.
    pub path: String,
    /// More names and values: the toolchains' (`toolchain_env`), and what the operator listed.
    /// Names that usually hold secrets, or that make a program load code, are left out.
    pub extra_env: Vec<(String, String)>,
    /// Whose children they are, for `process::end_marked`.
    pub mark: Option<String>,
    /// What one command may use up.
    pub limits: Limits,
}

/// The runner that uses nothing but `sh`.
#[derive(Clone)]
pub struct HostRunner {
    options: HostOptions,
    cage: Arc<dyn Cage>,
    /// Where packages come from, for commands that have the network.
    index: Vec<(String, String)>,
}

impl HostRunner {
    /// A runner whose commands see what `options` says, and nothing of our own environment.
    pub fn new(mut options: HostOptions, cage: Arc<dyn Cage>) -> Self {
        options.extra_env.retain(|(name, _)| {
            let harmless = is_harmless(name);
            if !harmless {
                tracing::warn!(name, "this variable is never handed to a project's commands");
            }
            harmless
        });
        Self { options, cage, index: Vec::new() }
    }

    /// Lets commands that have the network fetch packages from where this machine does. `env`
    /// reads our own environment; addresses with a user or a password in them are kept back.
    #[must_use]
    pub fn with_index(self, env: &dyn Fn(&str) -> Option<String>) -> Self {
        Self { index: index::variables(env), ..self }
    }

    /// Runs a command that may connect to these sockets, and read these folders too.
    pub(super) async fn run_with(
        &self,
        errand: Command<'_>,
        sockets: Vec<PathBuf>,
        readable: &[PathBuf],
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        let not_started = |error: std::io::Error| {
            RunnerError::NotStarted(format!("{}: {error}", errand.home.display()))
        };
        let mut rules = self.rules(&errand);
        rules.sockets = sockets;
        rules.readable.extend_from_slice(readable);
        let spec = Spec {
            args: ["-c", LIMITS, "sh", errand.line].map(OsString::from).to_vec(),
            env: self.env(&errand).await.map_err(not_started)?,
            keep: KEEP,
            merge: true,
            mark: self.options.mark.clone(),
            stdin: errand.stdin.map(<[u8]>::to_vec),
            ..Spec::new("sh", errand.tree, errand.limit)
        };
        let ended = self.cage.run(spec, &rules, errand.tee, stop).await?;
        Ok(Ended { exit: ended.exit, output: ended.stdout.to_text(), took: ended.took })
    }

    /// What the command may see: its tree, its home, and the tools that are on the `PATH`.
    fn rules(&self, errand: &Command<'_>) -> Rules {
        let own = [errand.tree, errand.home].into_iter().chain(errand.deps);
        let tools = self.options.extra_env.iter().flat_map(|(name, value)| {
            let folder = PathBuf::from(value);
            match name.as_str() {
                // The rest of it may hold tokens.
                "CARGO_HOME" => CARGO_SHARES.map(|it| folder.join(it)).to_vec(),
                _ => vec![folder],
            }
        });
        let path = std::env::split_paths(&self.options.path).chain(tools);
        // A `PATH` that names the operator's home would show all of it, and other jobs with it.
        let shown =
            |it: &PathBuf| it.is_absolute() && !is_system(it) && !errand.tree.starts_with(it);
        let mut readable: Vec<PathBuf> = path.filter(shown).collect();
        if errand.network {
            readable.extend(index::files());
        }
        Rules {
            writable: own.map(Path::to_owned).collect(),
            readable,
            sockets: Vec::new(),
            network: if errand.network { Network::Open } else { Network::None },
            limits: self.options.limits,
        }
    }

    async fn env(&self, errand: &Command<'_>) -> std::io::Result<Vec<(OsString, OsString)>> {
        let temporary = errand.home.join("tmp");
        for folder in [errand.home, temporary.as_path()] {
            real_folder(folder).await?;
        }
        let mut env: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), self.options.path.clone().into()),
            ("HOME".into(), errand.home.into()),
            ("TMPDIR".into(), temporary.into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("TZ".into(), "UTC".into()),
            ("CI".into(), "1".into()),
        ];
        for (name, value) in &self.options.extra_env {
            let value = match name.as_str() {
                "CARGO_HOME" => share_cargo(Path::new(value), errand.home).await?.into(),
                _ => value.into(),
            };
            env.push((name.into(), value));
        }
        if errand.network {
            env.extend(self.index.iter().map(|(name, value)| (name.into(), value.into())));
        }
        env.extend(errand.env.iter().map(|(name, value)| {
            (name.into(), value.replace("${PATH}", &self.options.path).into())
        }));
        Ok(env)
    }
}

#[async_trait]
impl Runner for HostRunner {
    fn level(&self, _plan: &Plan) -> Isolation {
        self.cage.level()
    }

    async fn run(
        &self,
        errand: Command<'_>,
        stop: &CancellationToken,
    ) -> Result<Ended, RunnerError> {
        self.run_with(errand, Vec::new(), &[], stop).await
    }
}

/// Whether every cage has this anyway: the machine's own, or in a container the image's.
fn is_system(path: &Path) -> bool {
    ["/usr", "/bin", "/sbin", "/lib"].iter().any(|it| path.starts_with(it))
}

/// Makes a folder, also in place of a link: an earlier command may have put one there, and what
/// we make behind it would be outside of the job.
pub(super) async fn real_folder(path: &Path) -> std::io::Result<()> {
    if tokio::fs::symlink_metadata(path).await.is_ok_and(|it| !it.is_dir()) {
        tokio::fs::remove_file(path).await?;
    }
    tokio::fs::create_dir_all(path).await
}

/// A cargo home below `home` that has the programs and the downloads of `real`, and no secrets.
async fn share_cargo(real: &Path, home: &Path) -> std::io::Result<PathBuf> {
    let ours = home.join(".cargo");
    real_folder(&ours).await?;
    for share in CARGO_SHARES {
        let there = real.join(share);
        if tokio::fs::try_exists(&there).await.unwrap_or(false) {
            match tokio::fs::symlink(&there, ours.join(share)).await {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error);
                }
                _ => {}
            }
        }
    }
    Ok(ours)
}

/// What tools that are installed in the operator's home need to be found although the commands'
/// HOME is another folder. `env` reads our own environment; only folders that exist are named.
pub fn toolchain_env(env: &dyn Fn(&str) -> Option<OsString>) -> Vec<(String, String)> {
    let home = env("HOME").map(PathBuf::from);
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let go_path = env("GOPATH").map(PathBuf::from).or_else(|| below_home("go"));
    let defaults = [
        ("RUSTUP_HOME", below_home(".rustup")),
        ("CARGO_HOME", below_home(".cargo")),
        ("GOMODCACHE", go_path.map(|path| path.join("pkg/mod"))),
        ("PYENV_ROOT", below_home(".pyenv")),
        ("VOLTA_HOME", below_home(".volta")),
        ("ASDF_DATA_DIR", below_home(".asdf")),
        ("MISE_DATA_DIR", below_home(".local/share/mise")),
    ];
    let found = defaults.into_iter().filter_map(|(name, default)| {
        let folder = env(name).map(PathBuf::from).or(default)?;
        let usable = folder.is_absolute() && folder.is_dir();
        usable.then(|| Some((name.to_owned(), folder.to_str()?.to_owned())))?
    });
    found.collect()
}

/// Whether a variable of this name may reach code that we did not write, even if it is listed.
fn is_harmless(name: &str) -> bool {
    const PREFIXES: [&str; 9] =
        ["GH_", "GITHUB_", "AWS_", "DOCKER_", "LD_", "DYLD_", "GIT_", "PYTHON", "DBUS_"];
    const SUFFIXES: [&str; 6] = ["TOKEN", "_KEY", "SECRET", "PASSWORD", "PASSWD", "CREDENTIALS"];
    const NAMES: [&str; 7] = [
        "SSH_AUTH_SOCK",
        "GPG_AGENT_INFO",
        "NODE_OPTIONS",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "XDG_RUNTIME_DIR",
    ];
    let name = name.to_ascii_uppercase();
    !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && !SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        && !NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_usually_hold_secrets_or_load_code_are_left_out_though_listed() {
        for bad in ["GITHUB_TOKEN", "aws_profile", "MY_API_KEY", "LD_PRELOAD", "NODE_OPTIONS"] {
            assert!(!is_harmless(bad), "{bad}");
        }
        for good in ["RUSTUP_HOME", "GOMODCACHE", "JAVA_HOME", "KEYMAP", "PYENV_ROOT"] {
            assert!(is_harmless(good), "{good}");
        }
    }

    #[test]
    fn toolchains_are_found_where_they_are_installed_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        for made in [".rustup", "elsewhere/pkg/mod", "my-cargo"] {
            std::fs::create_dir_all(home.join(made)).unwrap();
        }
        let env = |name: &str| match name {
            "HOME" => Some(home.into()),
            "GOPATH" => Some(home.join("elsewhere").into()),
            "CARGO_HOME" => Some(home.join("my-cargo").into()),
            "VOLTA_HOME" => Some("relative".into()),
            "GITHUB_TOKEN" => Some("ghp_secret".into()),
            _ => None,
        };
        let shown = |name: &str| home.join(name).to_str().unwrap().to_owned();
        let expected = [
            ("RUSTUP_HOME", shown(".rustup")),
            ("CARGO_HOME", shown("my-cargo")),
            ("GOMODCACHE", shown("elsewhere/pkg/mod")),
        ];
        assert_eq!(toolchain_env(&env), expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(toolchain_env(&|_| None).is_empty());
    }
}
