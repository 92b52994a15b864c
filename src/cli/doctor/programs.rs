//! Programs on this machine: git, Aider, and those that a project may want.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Finding;
use crate::agent::aider::VERSION;
use crate::agent::{Agent, AgentError};
use crate::app::{self, Surroundings};
use crate::cage::bare::Bare;
use crate::config::Config;
use crate::process::{self, Spec};
use crate::workspace::{GitVersion, WorkspaceError, WorkspaceOptions, Workspaces};

const AIDER_REMEDY: &str = "uv tool install aider-chat==0.86.2";
/// What is looked for on the PATH, and how it tells its version.
const TOOLCHAINS: [(&str, &[&str]); 5] = [
    ("cargo", &["--version"]),
    ("go", &["version"]),
    ("node", &["--version"]),
    ("python3", &["--version"]),
    ("make", &["--version"]),
];

/// Asks git for its version, as a job would call it.
pub(super) async fn git(config: &Config, around: &Surroundings) -> Vec<Finding> {
    let options = WorkspaceOptions {
        state_dir: config.worker.state_dir.clone(),
        work_dir: config.github.clone_base_dir.clone(),
        git_url: config.github.git_url.clone(),
        token: None,
        askpass_program: around.program.clone(),
        remote_env: Vec::new(),
        mark: None,
    };
    let version = match Workspaces::new(options) {
        Ok(workspaces) => workspaces.git_version().await,
        Err(error) => Err(error),
    };
    vec![judge_git(version)]
}

/// Asks Aider for its version.
pub(super) async fn aider(config: &Config, around: &Surroundings) -> Vec<Finding> {
    let version = match app::agent(config, around, Arc::new(Bare), None) {
        Ok(aider) => aider.version().await,
        Err(error) => Err(error),
    };
    vec![judge_aider(version)]
}

/// The toolchains: a worker can do without each of them, a project maybe not.
pub(super) async fn others(around: &Surroundings, home: &Path) -> Vec<Finding> {
    let ask = |(program, args): (&'static str, &'static [&'static str])| {
        first_line(program, args, around, home, None)
    };
    let [cargo, go, node, python, make] = TOOLCHAINS;
    let (cargo, go, node, python, make) =
        tokio::join!(ask(cargo), ask(go), ask(node), ask(python), ask(make));
    let toolchains = TOOLCHAINS.iter().map(|it| it.0).zip([cargo, go, node, python, make]);
    vec![judge_toolchains(&toolchains.collect::<Vec<_>>())]
}

/// What a program says first, with one more variable in its environment; `None` when it is not there or does not work.
pub(super) async fn first_line(
    program: &str,
    args: &[&str],
    around: &Surroundings,
    home: &Path,
    setting: Option<(&str, &str)>,
) -> Option<String> {
    let mut env: Vec<(OsString, OsString)> =
        vec![("PATH".into(), around.path.clone().into()), ("HOME".into(), home.into())];
    env.extend(around.toolchains.iter().map(|(name, value)| (name.into(), value.into())));
    env.extend(setting.map(|(name, value)| (name.into(), value.into())));
    let spec = Spec {
        args: args.iter().map(OsString::from).collect(),
        env,
        grace: Duration::from_secs(1),
        keep: 4096,
        ..Spec::new(program, "/", Duration::from_secs(8))
    };
    let ended = process::run(spec, None, &CancellationToken::new()).await.ok()?;
    let text = ended.stdout.to_text();
    let line = text.lines().next().map(str::trim).filter(|it| !it.is_empty())?;
    ended.exit.is_success().then(|| line.chars().take(80).collect())
}

fn judge_git(version: Result<GitVersion, WorkspaceError>) -> Finding {
    match version {
        Ok(version @ GitVersion(major, minor, patch)) => {
            let text = format!("{major}.{minor}.{patch}");
            match version.is_safe() {
                true => Finding::ok("git", text),
                false => Finding::fail(
                    "git",
                    format!("{text} lacks repairs of July 2025 (CVE-2025-48384 and others)"),
                    "install git 2.50.1 or later, or 2.43.7, 2.44.4, 2.45.4, 2.46.4, 2.47.3, \
                     2.48.2 or 2.49.1",
                ),
            }
        }
        // Said about the address, not about git.
        Err(error @ WorkspaceError::Unusable(_)) => {
            Finding::fail("git", error.to_string(), "set `github.git_url`")
        }
        Err(error) => Finding::fail("git", error.to_string(), "install git 2.50.1 or later"),
    }
}

fn judge_aider(version: Result<String, AgentError>) -> Finding {
    let version = match version {
        Ok(version) => version,
        Err(error) => {
            let detail = error.to_string();
            // Its words end with the remedy, which has a line of its own here.
            let detail = detail.split("; install it with").next().unwrap_or_default();
            return Finding::fail(
                "aider",
                detail,
                format!("{AIDER_REMEDY}; or set `aider.bin_path`"),
            );
        }
    };
    let number = version.trim_start_matches("aider ").trim();
    let series = VERSION.rsplit_once('.').map_or(VERSION, |it| it.0);
    match number.strip_prefix(series).is_some_and(|rest| rest.starts_with('.')) {
        true => Finding::ok("aider", number),
        false => Finding::warn(
            "aider",
            format!("{number}: only {series}.x was tried"),
            AIDER_REMEDY.to_owned(),
        ),
    }
}

fn judge_toolchains(found: &[(&str, Option<String>)]) -> Finding {
    let said = |(name, version): &(&str, Option<String>)| match version {
        // `go version go1.24.1 linux/amd64`, `Python 3.13.5`, `v22.1.0`, `GNU Make 4.4.1`
        Some(line) => {
            let number = line.split_whitespace().find_map(|word| {
                let word = word.trim_start_matches("go").trim_start_matches('v');
                word.starts_with(|c: char| c.is_ascii_digit()).then_some(word)
            });
            format!("{name} {}", number.unwrap_or("there"))
        }
        None => format!("no {name}"),
    };
    Finding::info("toolchains", found.iter().map(said).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_git_without_the_repairs_fails() {
        assert_eq!(judge_git(Ok(GitVersion(2, 47, 3))), Finding::ok("git", "2.47.3"));
        let old = judge_git(Ok(GitVersion(2, 39, 5)));
        assert_eq!(old.status, Status::Fail);
        assert!(old.remedy.unwrap().contains("2.50.1"));
    }

    #[test]
    fn an_aider_of_another_series_is_doubted_and_a_missing_one_fails() {
        let judged = |version: &str| judge_aider(Ok(version.to_owned()));
        assert_eq!(judged("aider 0.86.2"), Finding::ok("aider", "0.86.2"));
        assert_eq!(judged("aider 0.86.2.dev1").status, Status::Ok);
        for other in ["aider 0.87.0", "aider 0.8", "aider 0.860.1"] {
            assert_eq!(judged(other).status, Status::Warn, "{other}");
        }
        let away = AgentError::NotStarted("`aider`: no such file; install it with `x`".to_owned());
        let away = judge_aider(Err(away));
        assert_eq!(away.status, Status::Fail);
        assert!(away.detail.ends_with("no such file"), "{}", away.detail);
        assert!(away.remedy.unwrap().starts_with(AIDER_REMEDY));
    }

    #[test]
    fn toolchains_are_told_by_their_numbers() {
        let some = |text: &str| Some(text.to_owned());
        let found = [
            ("cargo", some("cargo 1.95.0 (f2d3ce0bd 2026-03-21)")),
            ("go", some("go version go1.24.1 linux/amd64")),
            ("node", some("v22.1.0")),
            ("make", None),
        ];
        let said = judge_toolchains(&found).detail;
        assert_eq!(said, "cargo 1.95.0, go 1.24.1, node 22.1.0, no make");
    }
}
