//! Whether bubblewrap works here, which only a try can tell: the kernel, the distribution and a
//! container around us each may forbid it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Bubblewrap;
use crate::cage::{Cage, Limits, Network, Rules};
use crate::domain::verification::Exit;
use crate::process::{self, Spec};

impl Bubblewrap {
    /// Looks for `bwrap` in `path`, and runs `true` in it, with all that a command gets.
    ///
    /// # Errors
    /// Why it cannot be used, and what to type so that it can.
    pub async fn find(path: &str, mark: Option<&str>) -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("bubblewrap is for Linux".to_owned());
        }
        let program = |name: &str| process::find(name.as_ref(), path.as_ref(), "/".as_ref());
        let Some(bwrap) = program("bwrap") else {
            return Err("bubblewrap is not installed; install it: `sudo apt install bubblewrap` \
                 (Debian, Ubuntu), `sudo dnf install bubblewrap` (Fedora), `sudo pacman -S \
                 bubblewrap` (Arch), `sudo apk add bubblewrap` (Alpine)"
                .to_owned());
        };
        let setpriv = match nix::unistd::geteuid().is_root() {
            false => None,
            true => {
                let found = program("setpriv").and_then(|it| it.canonicalize().ok());
                Some(found.ok_or(
                    "root needs `setpriv` beside bubblewrap, to be root no more inside; install \
                     it: `apt install util-linux`, `apk add setpriv`",
                )?)
            }
        };
        let mut found = Self { bwrap, setpriv, no_more_users: true };
        match found.try_out(mark).await {
            // Before 0.8.
            Err(said) if said.contains("disable-userns") => {
                found.no_more_users = false;
                found.try_out(mark).await.map_err(|said| advice(&said))?;
            }
            answer => answer.map_err(|said| advice(&said))?,
        }
        Ok(found)
    }

    async fn try_out(&self, mark: Option<&str>) -> Result<(), String> {
        let mut spec = Spec::new("true", "/", Duration::from_secs(20));
        spec.mark = mark.map(str::to_owned);
        spec.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
        if spec.found().is_none() {
            spec.program = "/run/current-system/sw/bin/true".into(); // NixOS
        }
        let rules = Rules {
            writable: Vec::new(),
            readable: vec!["/run/current-system/sw/bin".into()],
            sockets: Vec::new(),
            network: Network::None,
            limits: Limits::default(),
        };
        let ended = self.run(spec, &rules, None, &CancellationToken::new()).await;
        match ended.map_err(|error| error.to_string())? {
            ended if ended.exit == Exit::Code(0) => Ok(()),
            ended => Err(format!("{:?}: {}", ended.exit, ended.stderr.to_text().trim())),
        }
    }
}

/// What `bwrap` said, and what is most often behind it.
fn advice(said: &str) -> String {
    let has = |words: &[&str]| words.iter().any(|it| said.contains(it));
    let what = if has(&["Unknown option"]) {
        "it is too old: 0.6 or newer is needed"
    } else if has(&["RTM_NEWADDR", "uid map", "loopback"]) {
        "this system keeps programs from using user namespaces; on Ubuntu 23.10 and newer let \
         them: `echo kernel.apparmor_restrict_unprivileged_userns=0 | sudo tee \
         /etc/sysctl.d/60-codingworker.conf && sudo sysctl --system`, or give bwrap an AppArmor \
         profile with `userns,`"
    } else if has(&["new namespace", "No permissions", "Operation not permitted"]) {
        "this system lets nobody make namespaces; on Debian 10: `sudo sysctl \
         kernel.unprivileged_userns_clone=1`; on RHEL 7: `sudo sysctl \
         user.max_user_namespaces=15000`; in a container, use a container of the worker's own \
         image as its cage (`docker.image`)"
    } else if has(&["proc"]) {
        "it may not mount /proc, as in most containers; use a container of the worker's own \
         image as its cage (`docker.image`)"
    } else {
        "try `bwrap --ro-bind / / --unshare-all true`"
    };
    format!("bubblewrap is installed and does not work here ({said}): {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bwrap_says_is_answered_with_what_to_type() {
        let ubuntu = "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted";
        assert!(advice(ubuntu).contains("apparmor_restrict_unprivileged_userns=0"));
        let ubuntu = "bwrap: setting up uid map: Permission denied";
        assert!(advice(ubuntu).contains("apparmor_restrict_unprivileged_userns=0"));
        let closed = "bwrap: No permissions to create new namespace, likely because…";
        assert!(advice(closed).contains("kernel.unprivileged_userns_clone=1"));
        assert!(advice("bwrap: Can't mount proc on /newroot/proc: …").contains("docker.image"));
        assert!(advice("bwrap: Unknown option --size").contains("too old"));
    }

    #[tokio::test]
    async fn where_it_is_not_installed_the_package_is_named() {
        let reason = Bubblewrap::find("/no/such/folder", None).await.unwrap_err();
        assert!(reason.contains("apt install bubblewrap"), "{reason}");
    }
}
