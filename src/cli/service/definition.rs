//! What a service is made from: the configuration, looked at as the service will see it.
//!
//! A service has neither the operator's shell nor its environment. So the configuration is loaded
//! here with what the service will have and nothing else: what would fail at the next boot fails
//! now, with the operator before the screen.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;
use nix::unistd::User;

use crate::app;
use crate::cli::{CliError, Desk};
use crate::config::{Config, ConfigError, Listen, LoadOptions};
use crate::service::systemd::{RUNTIME_DIRECTORY, STATE_DIRECTORY};
use crate::service::{Definition, Scope};

#[derive(Debug, Args)]
pub(super) struct Wishes {
    /// Print what would be written, and do nothing
    #[arg(long, visible_alias = "print")]
    pub(super) dry_run: bool,
    /// Do not start it now
    #[arg(long)]
    pub(super) no_start: bool,
    /// The account that the machine's service runs as
    #[arg(long, value_name = "NAME", default_value = "codingworker")]
    run_as: String,
    /// A file with a secret that systemd hands to the worker alone; the configuration names it as
    /// `{file: "${CREDENTIALS_DIRECTORY}/NAME"}`. One called `aws` becomes AWS's credentials file
    #[arg(long = "credential", value_name = "NAME=PATH")]
    credentials: Vec<String>,
    /// Let jobs trace their own processes: debuggers, strace, leak sanitizers (systemd)
    #[arg(long)]
    allow_ptrace: bool,
}

/// Variables that a service is given as they are here. None of them holds a secret.
const KEPT: [&str; 26] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL_SQS",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "OLLAMA_HOST",
    "RUSTUP_HOME",
    "CARGO_HOME",
    "GOPATH",
    "PYENV_ROOT",
    "VOLTA_HOME",
    "ASDF_DATA_DIR",
    "MISE_DATA_DIR",
    "JAVA_HOME",
];
/// Where a user's own service finds what is the user's.
const KEPT_OF_USERS: [&str; 3] = ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"];

/// What is to be installed.
pub(super) fn from(desk: &Desk<'_>, wishes: &Wishes, scope: Scope) -> Result<Definition, CliError> {
    let program = std::env::current_exe().map_err(|error| {
        CliError::failed(format!("cannot find this program's own file: {error}"))
    })?;
    let account = match scope {
        Scope::System => Some(account(&wishes.run_as)?),
        Scope::User => None,
    };
    let home = account.as_ref().map_or_else(|| desk.options.home.clone(), |it| it.dir.clone());
    let environment = environment(desk, scope);
    let credentials = credentials(desk, wishes)?;
    let seen = Seen::make(&credentials)?;
    let mut env: BTreeMap<String, String> = environment.iter().cloned().collect();
    env.insert("HOME".to_owned(), home.to_string_lossy().into_owned());
    if let Some(seen) = &seen {
        env.insert("CREDENTIALS_DIRECTORY".to_owned(), seen.0.to_string_lossy().into_owned());
    }
    let options = LoadOptions {
        explicit: named(&desk.options),
        env,
        cwd: PathBuf::from("/"),
        home: home.clone(),
        ..desk.options.clone()
    };
    let config = Config::load(&options).map_err(not_loaded)?;
    let file = config.file.clone().ok_or_else(|| {
        CliError::usage("a service needs a configuration file: `codingworker init` writes one")
    })?;
    critical(&config, &options, account.as_ref(), &file)?;
    for name in desk.options.env.keys().filter(|it| it.starts_with("CODINGWORKER__")) {
        desk.output.warn(&format!(
            "{name} is set here and not for the service: write it into {}",
            file.display()
        ));
    }
    let reads_homes = in_homes(&program, &file, &options);
    let log = home.join("Library/Logs/codingworker/codingworker.log");
    Ok(Definition {
        program,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scope,
        account: account.map(|it| it.name),
        writable: writable(&config),
        reads_homes,
        config: file,
        environment,
        credentials,
        allow_ptrace: wishes.allow_ptrace,
        log,
    })
}

fn account(name: &str) -> Result<User, CliError> {
    let found = User::from_name(name).ok().flatten();
    let found = found.ok_or_else(|| {
        CliError::missing(format!(
            "there is no account `{name}` for the service to run as: `useradd --system --user-group \
             --home-dir {STATE_DIRECTORY} --shell /usr/sbin/nologin {name}` makes it (and `usermod \
             -aG docker {name}` lets it use Docker), or name one with --run-as"
        ))
    })?;
    match found.uid.is_root() {
        false => Ok(found),
        true => Err(CliError::usage(
            "the worker runs code that a model wrote, and does not do so as root: name another \
             account with --run-as",
        )),
    }
}

/// What the service is given of this process's environment.
fn environment(desk: &Desk<'_>, scope: Scope) -> Vec<(String, String)> {
    let of_users = KEPT_OF_USERS.iter().filter(|_| scope == Scope::User);
    let mut kept = Vec::new();
    for (name, value) in &desk.options.env {
        let upper = name.to_ascii_uppercase();
        let proxy = upper.ends_with("_PROXY");
        let wanted = KEPT.iter().chain(of_users.clone()).any(|it| it == name)
            || (proxy && KEPT.contains(&upper.as_str()));
        if !wanted || value.is_empty() {
            continue;
        }
        if proxy && value.contains('@') {
            desk.output.warn(&format!(
                "{name} holds a password, and everybody may read a service's file: it is left out"
            ));
            continue;
        }
        kept.push((name.clone(), value.clone()));
    }
    kept
}

fn credentials(desk: &Desk<'_>, wishes: &Wishes) -> Result<Vec<(String, PathBuf)>, CliError> {
    let read = |text: &String| {
        let bad = || CliError::usage(format!("`--credential {text}`: expected NAME=PATH"));
        let (name, path) = text.split_once('=').ok_or_else(bad)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) || path.is_empty() {
            return Err(bad());
        }
        Ok((name.to_owned(), desk.options.cwd.join(path)))
    };
    wishes.credentials.iter().map(read).collect()
}

/// A folder that holds the credentials under the names that the service finds them by.
struct Seen(PathBuf);

impl Seen {
    fn make(credentials: &[(String, PathBuf)]) -> Result<Option<Self>, CliError> {
        use std::os::unix::fs::DirBuilderExt;
        if credentials.is_empty() {
            return Ok(None);
        }
        let name = format!("codingworker-credentials-{}", std::process::id());
        let seen = std::env::temp_dir().join(name);
        let failed = |error| CliError::failed(format!("{}: {error}", seen.display()));
        // Whoever put something there before us does not get us to use it.
        std::fs::DirBuilder::new().mode(0o700).create(&seen).map_err(failed)?;
        let made = Self(seen.clone());
        for (name, path) in credentials {
            std::os::unix::fs::symlink(path, seen.join(name)).map_err(failed)?;
        }
        Ok(Some(made))
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The file that is meant from here, by its whole path.
fn named(options: &LoadOptions) -> Option<PathBuf> {
    let set = options.env.get("CODINGWORKER_CONFIG").filter(|it| !it.is_empty());
    let named = options.explicit.clone().or_else(|| set.map(PathBuf::from));
    let here = Some(PathBuf::from("configs/config.yaml"));
    named
        .or_else(|| here.filter(|it| options.cwd.join(it).is_file()))
        .map(|it| options.cwd.join(it))
}

fn not_loaded(error: ConfigError) -> CliError {
    let text = error.to_string();
    let hint = if text.contains("is not set") {
        "\na service does not have the variables of your shell: write a secret to a file that only \
         its user may read, and name it in the configuration as `{file: PATH}` (under systemd, \
         `--credential` hands one over)"
    } else {
        ""
    };
    CliError::usage(format!("nothing installed, as the service could not start:\n{text}{hint}"))
}

/// What the worker cannot start, or cannot do a single job, without.
fn critical(
    config: &Config,
    options: &LoadOptions,
    account: Option<&User>,
    file: &Path,
) -> Result<(), CliError> {
    let mut missing = Vec::new();
    if config.github.token.is_none() && app::folder(config).is_none() {
        missing.push(
            "there is no GitHub token for the service, which does not have the variables of your \
             shell: write it to a file that only its user may read, and name it in the \
             configuration as `github: {token: {file: PATH}}` (under systemd, `--credential` hands \
             one over)"
                .to_owned(),
        );
    }
    let path = options.env.get("PATH").map_or("/usr/local/bin:/usr/bin:/bin", String::as_str);
    for (program, remedy) in [
        (Path::new("git"), "install git"),
        (config.aider.bin_path.as_path(), "`uv tool install aider-chat`, or set `aider.bin_path`"),
    ] {
        let there = std::env::split_paths(path).any(|it| it.join(program).is_file());
        if !there {
            let program = program.display();
            missing
                .push(format!("there is no `{program}` on the service's PATH ({path}): {remedy}"));
        }
    }
    if let Some(account) = account
        && !may_read(file, account)
    {
        let (name, file) = (&account.name, file.display());
        missing.push(format!(
            "`{name}` may not read {file}: `chown root:{name} {file} && chmod 640 {file}`"
        ));
    }
    let state = &config.worker.state_dir;
    if account.is_some() && !state.starts_with(STATE_DIRECTORY) && !state.is_dir() {
        let (state, name) = (state.display(), &account.map_or("", |it| &it.name));
        missing.push(format!(
            "there is no {state}, and the service may make none there: `install -d -m 700 -o {name} \
             {state}`, or let `worker.state_dir` be below {STATE_DIRECTORY}"
        ));
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(CliError::missing(format!("nothing installed: {}", missing.join("; ")))),
    }
}

fn may_read(file: &Path, account: &User) -> bool {
    let Ok(of) = std::fs::metadata(file) else { return false };
    let bit = match (of.uid() == account.uid.as_raw(), of.gid() == account.gid.as_raw()) {
        (true, _) => 0o400,
        (false, true) => 0o040,
        (false, false) => 0o004,
    };
    of.mode() & bit != 0
}

/// What is written to, beside the folders that systemd makes for us.
fn writable(config: &Config) -> Vec<PathBuf> {
    let mut folders = vec![config.worker.state_dir.clone(), config.github.clone_base_dir.clone()];
    if let Listen::Socket(path) = &config.http.listen {
        folders.extend(path.parent().map(Path::to_owned));
    }
    let ours = |it: &PathBuf| it.starts_with(STATE_DIRECTORY) || it.starts_with(RUNTIME_DIRECTORY);
    folders.retain(|it| !ours(it));
    let all = folders.clone();
    folders.retain(|it| !all.iter().any(|other| other != it && it.starts_with(other)));
    folders.sort();
    folders.dedup();
    folders
}

/// Whether the worker has to look into somebody's home.
fn in_homes(program: &Path, config: &Path, options: &LoadOptions) -> bool {
    let path = options.env.get("PATH").map(String::as_str).unwrap_or_default();
    let tools = KEPT.iter().filter(|it| it.ends_with("_HOME") || it.ends_with("_ROOT"));
    let tools = tools.filter_map(|it| options.env.get(*it)).map(PathBuf::from);
    let all = [program.to_owned(), config.to_owned(), options.home.clone()];
    let mut all = all.into_iter().chain(std::env::split_paths(path)).chain(tools);
    all.any(|it| ["/home", "/root", "/run/user"].iter().any(|home| it.starts_with(home)))
}
