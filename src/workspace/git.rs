//! One call of git: cleared environment, hardened configuration, limits, clean words.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

use super::address::{Address, USER};
use super::askpass::{ASKPASS_SOCKET, Desk};
use super::diagnosis::{diagnose, printable};
use super::{WorkspaceError, WorkspaceOptions};
use crate::domain::change::ObjectId;
use crate::domain::task::Repository;
use crate::domain::verification::Exit;
use crate::process::{self, Spec};

/// Where programs are looked for. Fixed: git starts others by name.
const PATH: &str =
    "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/run/current-system/sw/bin:/usr/sbin:/sbin";

/// A listing of a very large repository; more than this is an error, not a cut.
const LISTING: usize = 128 << 20;

/// Nobody can put a `.netrc` or an `ignore` file below a device.
const NO_HOME: &str = "/dev/null";

/// Overrides that hold whatever a repository's configuration says. Ours says nothing, and lies
/// where the agent does not write; this is the second lock.
const HARDENED: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.quotePath=false",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.precomposeUnicode=false",
    "core.pager=cat",
    "core.editor=false",
    "core.sshCommand=false",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "credential.helper=",
    "credential.interactive=true",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "push.gpgSign=false",
    "diff.external=",
    "gc.auto=0",
    "maintenance.auto=false",
    "transfer.fsckObjects=true",
    // Blemishes of old histories that hurt nobody; everything else that fsck calls an error is one.
    "fetch.fsck.zeroPaddedFilemode=ignore",
    "fetch.fsck.badTimezone=ignore",
    "fetch.fsck.missingSpaceBeforeDate=ignore",
    // Always packs, never loose objects: a workspace takes them over by a handful of hard links.
    "fetch.unpackLimit=1",
    "commit.gpgSign=false",
    "advice.detachedHead=false",
];

/// How git is called here.
pub(super) struct Git {
    pub(super) address: Address,
    token: Option<SecretString>,
    askpass_program: PathBuf,
    remote_env: Vec<(String, String)>,
    mark: Option<String>,
}

/// One call, not yet made.
pub(super) struct Call {
    command: &'static str,
    git_dir: PathBuf,
    work_tree: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    config: Vec<String>,
    stdin: Option<Vec<u8>>,
    limit: Duration,
    keep: usize,
    remote: bool,
}

impl Call {
    pub(super) fn new(command: &'static str, git_dir: PathBuf) -> Self {
        Self {
            command,
            git_dir,
            work_tree: None,
            args: Vec::new(),
            env: Vec::new(),
            config: Vec::new(),
            stdin: None,
            limit: Duration::from_secs(600),
            keep: LISTING,
            remote: false,
        }
    }

    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(super) fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(super) fn config(mut self, setting: &str) -> Self {
        self.config.push(setting.to_owned());
        self
    }

    pub(super) fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    pub(super) fn keep(mut self, bytes: usize) -> Self {
        self.keep = bytes;
        self
    }

    /// Works on the files of `tree` with this index. Attributes are those of `base`: what the
    /// agent writes into `.gitattributes` has no say in how its files are read.
    pub(super) fn on(mut self, tree: &Path, index: &Path, base: &ObjectId) -> Self {
        self.work_tree = Some(tree.to_path_buf());
        self.index(index).env("GIT_ATTR_SOURCE", &base.0)
    }

    pub(super) fn index(self, index: &Path) -> Self {
        self.env("GIT_INDEX_FILE", index)
    }

    /// Talks to the remote, and may ask for the token.
    pub(super) fn remote(mut self, limit: Duration) -> Self {
        self.remote = true;
        self.limit(limit)
    }

    pub(super) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// What a call said.
pub(super) struct Answer {
    command: &'static str,
    pub(super) code: i32,
    pub(super) stdout: Vec<u8>,
    /// How many bytes of `stdout` are missing in its middle.
    pub(super) dropped: u64,
    /// Bounded, without control characters, without the token.
    pub(super) stderr: String,
}

impl Answer {
    /// The whole output of a call that went well.
    pub(super) fn success(self, repository: &Repository) -> Result<Vec<u8>, WorkspaceError> {
        if self.code != 0 {
            return Err(diagnose(&repository.to_string(), self.command, &self.stderr));
        }
        if self.dropped > 0 {
            return Err(WorkspaceError::TooLarge(format!("the answer of `git {}`", self.command)));
        }
        Ok(self.stdout)
    }
}

impl Git {
    pub(super) fn new(options: WorkspaceOptions) -> Result<Self, WorkspaceError> {
        let address = Address::parse(&options.git_url)
            .map_err(|why| WorkspaceError::Unusable(format!("`git_url` {why}")))?;
        Ok(Self {
            address,
            token: options.token,
            askpass_program: options.askpass_program,
            remote_env: options.remote_env,
            mark: options.mark,
        })
    }

    /// Makes one call and waits for its end.
    pub(super) async fn run(
        &self,
        call: Call,
        stop: &CancellationToken,
    ) -> Result<Answer, WorkspaceError> {
        let Call { command, limit, .. } = call;
        crate::fault::point_of("git", &command, "before").await?;
        let desk = if call.remote { self.desk()? } else { None };
        let spec = self.spec(call, desk.as_ref());
        let ended = process::run(spec, None, stop).await?;
        drop(desk);
        crate::fault::point_of("git", &command, "after").await?;
        let code = match ended.exit {
            Exit::Code(code) => code,
            Exit::Signal(signal) => 128 + signal,
            Exit::TimedOut | Exit::Silent => {
                return Err(WorkspaceError::TimedOut { command, limit });
            }
        };
        let mut stdout = ended.stdout.head;
        stdout.extend(ended.stdout.tail);
        let mut stderr = ended.stderr.head;
        stderr.truncate(64 << 10);
        stderr.extend(ended.stderr.tail.iter().rev().take(64 << 10).rev());
        let stderr = self.hush(String::from_utf8_lossy(&stderr).into_owned());
        Ok(Answer { command, code, stdout, dropped: ended.stdout.dropped, stderr })
    }

    fn desk(&self) -> Result<Option<Desk>, WorkspaceError> {
        match &self.token {
            Some(token) if self.address.scheme() != "file" => {
                Desk::open(self.address.clone(), token.clone())
                    .map(Some)
                    .map_err(WorkspaceError::disk(std::env::temp_dir()))
            }
            _ => Ok(None),
        }
    }

    fn spec(&self, call: Call, desk: Option<&Desk>) -> Spec {
        let scheme = self.address.scheme();
        let mut args: Vec<OsString> = Vec::new();
        let allow = format!("protocol.{scheme}.allow=always");
        let user = format!("credential.username={USER}");
        let settings = HARDENED.iter().copied().chain([allow.as_str(), user.as_str()]);
        for setting in settings.chain(call.config.iter().map(String::as_str)) {
            args.extend(["-c".into(), setting.into()]);
        }
        args.extend(["--no-pager".into(), "--git-dir".into(), call.git_dir.clone().into()]);
        if let Some(tree) = &call.work_tree {
            args.extend(["--work-tree".into(), tree.into()]);
        }
        args.push(call.command.into());
        args.extend(call.args);
        let mut env: Vec<(OsString, OsString)> = [
            ("PATH", PATH),
            ("HOME", NO_HOME),
            ("LC_ALL", "C.UTF-8"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_LFS_SKIP_SMUDGE", "1"),
            ("GIT_ALLOW_PROTOCOL", scheme),
            ("GIT_PROTOCOL_FROM_USER", "0"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
        if call.remote {
            env.extend(self.remote_env.iter().map(|(name, value)| (name.into(), value.into())));
        }
        if let Some(desk) = desk {
            env.push(("GIT_ASKPASS".into(), self.askpass_program.clone().into()));
            env.push((ASKPASS_SOCKET.into(), desk.socket().into()));
        }
        env.extend(call.env);
        Spec {
            args,
            env,
            stdin: call.stdin,
            grace: Duration::from_secs(5),
            keep: call.keep,
            mark: self.mark.clone(),
            ..Spec::new("git", call.git_dir, call.limit)
        }
    }

    /// A remote may say anything back to us, even the token.
    pub(super) fn hush(&self, mut text: String) -> String {
        if let Some(token) = self.token.as_ref().map(ExposeSecret::expose_secret)
            && !token.is_empty()
        {
            text = text.replace(token, "***");
        }
        printable(&text)
    }

    pub(super) async fn version(&self) -> Result<GitVersion, WorkspaceError> {
        let call = Call::new("version", PathBuf::from("/"));
        let answer = self.run(call, &CancellationToken::new()).await?;
        let text = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
        GitVersion::parse(&text)
            .ok_or(WorkspaceError::Git { command: "version", message: printable(&text) })
    }
}

/// Which git is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion(pub u32, pub u32, pub u32);

impl GitVersion {
    /// From `git version 2.47.3` and the like.
    pub fn parse(text: &str) -> Option<Self> {
        let version = text.strip_prefix("git version ")?.split_whitespace().next()?;
        let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        Some(Self(major, minor, parts.next().flatten().unwrap_or(0)))
    }

    /// Whether it has what we call and the repairs of July 2025 (CVE-2025-48384 and others).
    /// The oldest is 2.43.7: `merge-tree --write-tree` (2.38) and `GIT_ATTR_SOURCE` (2.41) are
    /// there; a merge base may be named by `merge-tree --merge-base` (2.40) as a commit only.
    pub fn is_safe(self) -> bool {
        const REPAIRED: [(u32, u32); 7] =
            [(43, 7), (44, 4), (45, 4), (46, 4), (47, 3), (48, 2), (49, 1)];
        let Self(major, minor, patch) = self;
        self >= Self(2, 50, 1)
            || major == 2 && REPAIRED.iter().any(|&(m, least)| m == minor && patch >= least)
    }
}

/// Splits output of `-z` calls.
pub(super) fn fields(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|&byte| byte == 0).filter(|field| !field.is_empty())
}

/// A path as git has it, as the file system has it.
pub(super) fn os(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

/// The first line of an output, as an object's name.
pub(super) fn object(output: &[u8]) -> ObjectId {
    ObjectId(String::from_utf8_lossy(output).lines().next().unwrap_or_default().trim().to_owned())
}

/// Whether this is the full name of an object, and nothing that git would read as something else.
pub(super) fn is_object(id: &ObjectId) -> bool {
    matches!(id.0.len(), 40 | 64) && id.0.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_is_safe_when_it_has_the_repairs() {
        let safe = |text| GitVersion::parse(text).is_some_and(GitVersion::is_safe);
        for good in
            ["git version 2.47.3", "git version 2.50.1 (Apple Git-155)", "git version 3.0.0"]
        {
            assert!(safe(good), "{good}");
        }
        for bad in [
            "git version 2.47.2",
            "git version 2.39.5 (Apple Git-154)",
            "git version 2.50.0",
            "git",
        ] {
            assert!(!safe(bad), "{bad}");
        }
    }
}
