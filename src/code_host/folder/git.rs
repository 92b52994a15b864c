//! What git knows about the bare repositories of a folder.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::refused;
use crate::code_host::{HostError, MOST_DIFF};
use crate::domain::verification::Exit;
use crate::process::{self, Spec};

/// How often a symbolic ref is followed; git itself allows five.
const MOST_REF_HOPS: usize = 5;
/// Of one call of git.
const LIMIT: Duration = Duration::from_secs(60);
const PATH: &str =
    "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/run/current-system/sw/bin:/usr/sbin:/sbin";

/// What one call of git said on its standard output, and how it ended.
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) text: String,
    pub(super) words: String,
}

/// Asks git about a bare repository, and about what another one has that it has not. Nothing that
/// git is told to do there runs other programs.
pub(super) async fn ask(
    bare: &Path,
    other: Option<&Path>,
    args: &[&str],
) -> Result<Said, HostError> {
    let mut spec = Spec::new("git", bare, LIMIT);
    let git_dir = [OsString::from("--git-dir"), bare.into()];
    let settings = ["-c", "core.fsmonitor=false", "-c", "diff.external=", "-c", "gc.auto=0"];
    spec.args.extend(settings.map(OsString::from).into_iter().chain(git_dir));
    spec.args.extend(args.iter().map(OsString::from));
    let env = [
        ("PATH", PATH),
        ("HOME", "/dev/null"),
        ("LC_ALL", "C.UTF-8"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
    ];
    spec.env = env.map(|(name, value)| (name.into(), value.into())).into();
    if let Some(other) = other {
        let objects = other.join("objects");
        spec.env.push(("GIT_ALTERNATE_OBJECT_DIRECTORIES".into(), objects.into()));
    }
    // A little more than is shown, so that a cut is seen.
    spec.keep = MOST_DIFF + 4_096;
    let ended = process::run(spec, None, &CancellationToken::new()).await;
    let ended = ended.map_err(|e| HostError::Misconfigured(e.to_string()))?;
    let text = |stream: &process::Captured| {
        let mut bytes = stream.head.clone();
        if stream.dropped == 0 {
            bytes.extend(&stream.tail);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    match ended.exit {
        Exit::Code(code) => {
            Ok(Said { code, text: text(&ended.stdout), words: text(&ended.stderr) })
        }
        how => Err(HostError::Unavailable(format!("git in {}: {how:?}", bare.display()))),
    }
}

/// Reads a ref as git keeps it: a file of its own, or a line of `packed-refs`.
pub(super) fn commit_of(bare: &Path, name: &str) -> Result<Option<String>, HostError> {
    let mut name = name.to_owned();
    for _ in 0..MOST_REF_HOPS {
        if name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return Ok(None);
        }
        let Ok(text) = std::fs::read_to_string(bare.join(&name)) else {
            let packed = std::fs::read_to_string(bare.join("packed-refs")).unwrap_or_default();
            let line = packed.lines().find_map(|line| {
                let (commit, packed) = line.split_once(' ')?;
                (packed == name).then(|| commit.to_owned())
            });
            return Ok(line);
        };
        match text.trim().strip_prefix("ref: ") {
            Some(next) => name = next.to_owned(),
            None => return Ok(Some(text.trim().to_owned())),
        }
    }
    refused(format!("the branch {name} points at itself"))
}
