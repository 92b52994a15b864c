//! Linux: namespaces of the kernel's, set up by `bwrap`.
//!
//! The child has a root of its own that holds what `view` lists and nothing else, its own
//! processes, loopback interface, host name and System V objects, no capability, a user who is not
//! root, and a filter before calls that none of this holds (`filter`). Two shells are around `bwrap`. The outer one is its parent, so that all ends when
//! that ends, and learns whether the child was started at all. The inner one sets limits and then
//! the environment: no variable of the child's ever reaches a program outside of the cage, where
//! `LD_PRELOAD` would be the way out.

use std::ffi::OsString;
use std::path::PathBuf;

use async_trait::async_trait;
use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::{Cage, CageError, Limits, Network, Rules, USER, launch, owner};
use crate::domain::verification::{Exit, Isolation};
use crate::process::cgroup::Cgroup;
use crate::process::{Ended, ProcessError, Spec, Tee};

mod filter;
mod find;
mod view;

/// The name under which a variable of the child's travels, with a number behind it.
const CARRIER: &str = "CODINGWORKER_ENV_";

/// Gives `bwrap` the filter of calls and the small files that it puts into `/etc`, and asks it for
/// a word on how it went.
/// It says `exit-code` only if it started its child; else it ends with 1. This shell ends by
/// SIGUSR1 then, as no child in the cage can make it.
const OUTER: &str = r#"
filter=$1 passwd=$2 group=$3 hosts=$4
shift 4
exec 4>&1
[ -r "$filter" ] || { echo "there is no $filter" >&2; kill -USR1 $$; }
status=$(exec "$@" 5>&1 1>&4 4>&- 6<<PASSWD 7<<GROUP 8<<HOSTS 9<"$filter"
$passwd
PASSWD
$group
GROUP
$hosts
HOSTS
)
code=$?
case $code$status in
1*exit-code*) ;;
1\{* | 1) kill -USR1 $$ ;;
esac
exit $code"#;

/// Ends the inner shell's line: becomes the program, with the environment that was carried in.
/// Its own shell and its process 1 keep the carriers; they hold nothing else.
/// It goes to its folder itself: root without its capabilities, which `bwrap` is by then, may not
/// enter what is the child's alone.
const INNER: &str = r#"
cd "$1" || exit 126
left=$2
shift 2
while [ "$left" -gt 0 ]; do
    left=$((left - 1))
    eval "pair=\$CODINGWORKER_ENV_$left"
    set -- "$pair" "$@"
done
exec /usr/bin/env -i CODINGWORKER_CHILD="$CODINGWORKER_CHILD" "$@""#;

/// Runs each child in namespaces of its own.
#[derive(Clone, Debug)]
pub struct Bubblewrap {
    bwrap: PathBuf,
    /// What takes root's rights away, inside; not needed by other users.
    setpriv: Option<PathBuf>,
    /// Whether this `bwrap` can keep the child from making user namespaces in turn.
    no_more_users: bool,
}

#[async_trait]
impl Cage for Bubblewrap {
    fn level(&self) -> Isolation {
        Isolation::Sandbox
    }

    fn has_own_loopback(&self) -> bool {
        true
    }

    async fn run(
        &self,
        spec: Spec,
        rules: &Rules,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, CageError> {
        let name = spec.program.clone();
        check(&spec, rules)?;
        if self.setpriv.is_some() {
            owner::hand_over(rules.clone()).await?;
        }
        let view = view::of(&spec, rules).await?;
        let group = launch::group(spec.mark.as_deref(), &rules.limits).await;
        let spec = self.wrap(spec, &view, rules, group.as_ref());
        told(launch::run(spec, group, tee, stop).await, &name)
    }
}

impl Bubblewrap {
    /// `spec` as a child of the two shells and of `bwrap`. In their own environment is nothing
    /// that they heed.
    fn wrap(&self, spec: Spec, view: &view::View, rules: &Rules, group: Option<&Cgroup>) -> Spec {
        let mut words = vec![self.bwrap.clone().into_os_string()];
        words.extend(self.namespaces(rules.network));
        words.extend(view.words.iter().cloned());
        if view.filter.path().is_some() {
            words.extend(["--seccomp", "9"].map(OsString::from));
        }
        words.extend(["--chdir", "/", "--"].map(OsString::from));
        words.extend(self.drop_to_user());
        words.extend(["/bin/sh", "-c"].map(OsString::from));
        words.push(inner(&rules.limits, group.is_some()).into());
        words.extend(["sh".into(), spec.cwd.into_os_string()]);
        words.extend([spec.env.len().to_string().into(), spec.program]);
        words.extend(spec.args);

        let mut args: Vec<OsString> = ["-c", OUTER, "sh"].map(OsString::from).to_vec();
        args.push(view.filter.path().unwrap_or("/dev/null".as_ref()).into());
        args.extend(view.files.iter().map(OsString::from));
        args.extend(launch::enter(group, words));
        let env = spec.env.into_iter().enumerate().map(|(number, (name, value))| {
            let mut pair = name;
            pair.push("=");
            pair.push(value);
            (format!("{CARRIER}{number}").into(), pair)
        });
        // The inner shell takes them from the last to the first, each before the others.
        Spec { program: "/bin/sh".into(), args, env: env.collect(), cwd: "/".into(), ..spec }
    }

    fn namespaces(&self, network: Network) -> Vec<OsString> {
        let mut words = vec![
            "--json-status-fd",
            "5",
            "--die-with-parent",
            "--new-session",
            "--unshare-pid",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--hostname",
            "codingworker",
        ];
        if network != Network::Open {
            words.push("--unshare-net");
        }
        let mut words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        if self.setpriv.is_some() {
            words.extend(["--cap-drop", "ALL"].map(OsString::from));
            // What it takes to become another user and to drop the rest.
            for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] {
                words.extend(["--cap-add", capability].map(OsString::from));
            }
        } else {
            let user = USER.to_string();
            words.extend(["--unshare-user", "--uid", &user, "--gid", &user].map(OsString::from));
            words.extend(["--cap-drop", "ALL"].map(OsString::from));
            if self.no_more_users {
                words.push("--disable-userns".into());
            }
        }
        words
    }

    /// What root runs inside to be root no more.
    fn drop_to_user(&self) -> Vec<OsString> {
        let Some(setpriv) = &self.setpriv else { return Vec::new() };
        let flags = [
            format!("--reuid={USER}"),
            format!("--regid={USER}"),
            "--clear-groups".to_owned(),
            "--no-new-privs".to_owned(),
            "--bounding-set=-all".to_owned(),
            "--inh-caps=-all".to_owned(),
            "--".to_owned(),
        ];
        [setpriv.clone().into_os_string()].into_iter().chain(flags.map(OsString::from)).collect()
    }
}

/// What must hold before anything is started, so that what does not is told by its name.
fn check(spec: &Spec, rules: &Rules) -> Result<(), CageError> {
    let program = spec.program.to_string_lossy();
    let missing = |what: String| Err(CageError::NotStarted(what));
    if !spec.cwd.is_dir() {
        let cwd = spec.cwd.display();
        return missing(format!("`{program}` could not be started: there is no folder {cwd}"));
    }
    if let Some(path) = rules.writable.iter().find(|it| !it.exists()) {
        let path = path.display();
        return missing(format!("`{program}` could not be started: there is no {path}"));
    }
    if let Some(path) = rules.sockets.iter().find(|it| !it.exists()) {
        let path = path.display();
        return missing(format!("`{program}` could not be started: there is no socket {path}"));
    }
    if spec.found().is_none() {
        return missing(format!("`{program}` could not be started: No such file or directory"));
    }
    if program.contains('=') {
        let reason = "a program with `=` in its name cannot be run in this cage";
        return Err(CageError::Impossible(format!("`{program}`: {reason}")));
    }
    Ok(())
}

/// The line of the inner shell.
fn inner(limits: &Limits, grouped: bool) -> String {
    let mut line = launch::ulimits(limits);
    if !grouped {
        line += &launch::data_ulimit(limits);
        // `-p` in dash. Since Linux 5.14 this counts within the namespace of users.
        let most = limits.processes;
        line += &format!("ulimit -u {most} 2>/dev/null || ulimit -p {most} 2>/dev/null; ");
    }
    line + INNER
}

/// What the outer shell's end means.
fn told(answer: Result<Ended, ProcessError>, name: &OsString) -> Result<Ended, CageError> {
    let ended = answer.map_err(|error| launch::failed(error, name))?;
    match ended.exit {
        Exit::Signal(signal) if signal == Signal::SIGUSR1 as i32 => {
            let said = [ended.stderr.to_text(), ended.stdout.to_text()].concat();
            let (name, said) = (name.to_string_lossy(), said.trim());
            Err(CageError::NotStarted(format!("`{name}` could not be started: {said}")))
        }
        // Shells and `bwrap` tell a signal so.
        Exit::Code(code @ 129..=192) => Ok(Ended { exit: Exit::Signal(code - 128), ..ended }),
        _ => Ok(ended),
    }
}

#[cfg(test)]
mod tests;
