//! What would be around a job on this machine, and what keeps it from being more.

use std::path::Path;

use super::{Finding, Status};
use crate::app::Surroundings;
use crate::config::{Allowed, CageChoice, Config, Native};
use crate::domain::verification::Isolation;
use crate::process;

const NAME: &str = "cage";
const INSTALL: &str = "sudo apt install bubblewrap (it has this name for dnf, pacman and apk, too)";
/// What Ubuntu ships for this, switched off: bwrap may, and what it starts may not.
const UBUNTU: &str = "sudo apt install apparmor-profiles && sudo ln -s \
     /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && sudo systemctl \
     reload apparmor";
const OWN_IMAGE: &str = "set `docker.image` to the image that this worker runs in, and give it the \
     container engine; or run it outside of a container";

/// What is known of this machine.
#[derive(Clone, Debug)]
struct Machine {
    /// Whether a sandbox works here, or why not.
    sandbox: Result<Isolation, String>,
    /// Whether its program is there.
    has_program: bool,
    /// What the kernel's switches say; `None`: it has none such.
    kernel: Kernel,
    /// Whether we are in a container ourselves.
    inside: bool,
    /// Whether the image that `docker.image` names can be used, or why not.
    image: Option<Result<(), String>>,
    root: bool,
}

/// Switches that keep programs from making rooms of their own.
#[derive(Clone, Copy, Debug, Default)]
struct Kernel {
    /// Debian's `kernel.unprivileged_userns_clone`.
    userns_clone: Option<u64>,
    /// `user.max_user_namespaces`.
    max_userns: Option<u64>,
    /// Ubuntu's `kernel.apparmor_restrict_unprivileged_userns`.
    apparmor: Option<u64>,
}

/// Looks for a cage. `image` is what the container engine says of `docker.image`.
pub(super) async fn look(
    config: &Config,
    around: &Surroundings,
    image: Option<Result<(), String>>,
) -> (Isolation, Vec<Finding>) {
    let machine = Machine {
        sandbox: sandbox(&around.path).await,
        has_program: process::find(PROGRAM.as_ref(), around.path.as_ref(), Path::new("/"))
            .is_some(),
        kernel: Kernel {
            userns_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            max_userns: number("/proc/sys/user/max_user_namespaces"),
            apparmor: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        },
        inside: ["/.dockerenv", "/run/.containerenv"].iter().any(|it| Path::new(it).exists()),
        image,
        root: nix::unistd::geteuid().is_root(),
    };
    let choice = config.cage.level;
    let mut findings = vec![judge_cage(&machine, choice, config.trust.native)];
    findings.extend(machine.root.then(judge_root));
    findings.extend(judge_lists(&config.trust.allow_native, &config.trust.allow_network));
    (level(&machine, choice), findings)
}

#[cfg(target_os = "macos")]
const PROGRAM: &str = "sandbox-exec";
#[cfg(not(target_os = "macos"))]
const PROGRAM: &str = "bwrap";

/// Tries whether a sandbox works here, as a worker does.
async fn sandbox(path: &str) -> Result<Isolation, String> {
    Ok(crate::cage::sandbox(path, None).await?.level())
}

fn number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// At which level the agent of a job would run.
fn level(machine: &Machine, choice: CageChoice) -> Isolation {
    match (choice, &machine.sandbox, &machine.image) {
        (CageChoice::Native, ..) => Isolation::Native,
        (_, Ok(level), _) => *level,
        (_, Err(_), Some(Ok(()))) => Isolation::Container,
        (_, Err(_), _) => Isolation::Native,
    }
}

fn judge_cage(machine: &Machine, choice: CageChoice, native: Native) -> Finding {
    let why = match (choice, &machine.sandbox, &machine.image) {
        (CageChoice::Native, ..) => {
            let detail = "native: none, as `cage.level` says";
            return Finding::warn(NAME, detail, "set `cage.level: auto`".to_owned());
        }
        (_, Ok(level), _) => {
            let with = if PROGRAM == "bwrap" { "bubblewrap" } else { PROGRAM };
            return Finding::ok(NAME, format!("{}, by {with}", level.name()));
        }
        (_, Err(_), Some(Ok(()))) => {
            return Finding::ok(NAME, "container, of the image in `docker.image`");
        }
        (_, Err(_), Some(Err(why))) => {
            let remedy = "build or pull the image that `docker.image` names, or start the engine";
            return Finding::fail(NAME, format!("none: {why}"), remedy);
        }
        (_, Err(why), None) => why,
    };
    let remedy = remedy(machine);
    if choice == CageChoice::Sandbox {
        return Finding::fail(NAME, format!("none, and `cage.level` is sandbox: {why}"), remedy);
    }
    let then = match native {
        Native::Never => "every job is refused, as `trust.native` is never",
        Native::Private => "jobs of private repositories run without one, public ones are refused",
        Native::Always => "jobs run without one, those of public repositories too",
    };
    let finding = Finding::warn(NAME, format!("native: {why}; {then}"), remedy);
    match native {
        Native::Never => Finding { status: Status::Fail, ..finding },
        Native::Private | Native::Always => finding,
    }
}

/// What would bring a sandbox about.
fn remedy(machine: &Machine) -> String {
    if cfg!(target_os = "macos") {
        return "run `sandbox-exec -p '(version 1)(allow default)' /usr/bin/true` to see why; in \
                another sandbox it does not work"
            .to_owned();
    }
    if machine.inside {
        return OWN_IMAGE.to_owned();
    }
    if !machine.has_program {
        return INSTALL.to_owned();
    }
    // Root needs none of this.
    let kernel = if machine.root { Kernel::default() } else { machine.kernel };
    match kernel {
        Kernel { apparmor: Some(1..), .. } => UBUNTU.to_owned(),
        Kernel { userns_clone: Some(0), .. } => "echo kernel.unprivileged_userns_clone=1 | sudo \
             tee /etc/sysctl.d/60-userns.conf && sudo sysctl --system"
            .to_owned(),
        Kernel { max_userns: Some(0), .. } => "echo user.max_user_namespaces=15000 | sudo tee \
             /etc/sysctl.d/60-userns.conf && sudo sysctl --system"
            .to_owned(),
        _ => "run `bwrap --unshare-all --ro-bind / / true` to see why".to_owned(),
    }
}

fn judge_root() -> Finding {
    Finding::warn(
        "user",
        "root: what breaks out of a cage owns this machine",
        "run it as a user of its own: sudo useradd --create-home codingworker".to_owned(),
    )
}

/// What the operator allows to some, so that it is not forgotten.
fn judge_lists(native: &[Allowed], network: &[Allowed]) -> Vec<Finding> {
    let said = |what: &str, list: &[Allowed]| {
        let names = list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        (!list.is_empty()).then(|| Finding::info("trust", format!("{what}: {names}")))
    };
    let native = said("may do without a cage, by `trust.allow_native`", native);
    let network = said("checks may use the network, by `trust.allow_network`", network);
    native.into_iter().chain(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            sandbox: Err("bwrap does not work".to_owned()),
            has_program: true,
            kernel: Kernel::default(),
            inside: false,
            image: None,
            root: false,
        }
    }

    fn judged(machine: &Machine, choice: CageChoice) -> (Status, Isolation) {
        let status = judge_cage(machine, choice, Native::Private).status;
        (status, level(machine, choice))
    }

    #[test]
    fn the_strongest_cage_that_there_is_is_named() {
        let sandboxed = Machine { sandbox: Ok(Isolation::Sandbox), ..machine() };
        for choice in [CageChoice::Auto, CageChoice::Sandbox] {
            assert_eq!(judged(&sandboxed, choice), (Status::Ok, Isolation::Sandbox));
        }
        assert_eq!(judged(&sandboxed, CageChoice::Native), (Status::Warn, Isolation::Native));
        let boxed = Machine { image: Some(Ok(())), ..machine() };
        assert_eq!(judged(&boxed, CageChoice::Auto), (Status::Ok, Isolation::Container));
        let gone = Machine { image: Some(Err("no image `x`".to_owned())), ..machine() };
        assert_eq!(judged(&gone, CageChoice::Auto), (Status::Fail, Isolation::Native));
    }

    #[test]
    fn without_a_cage_it_says_which_jobs_that_means() {
        assert_eq!(judged(&machine(), CageChoice::Auto), (Status::Warn, Isolation::Native));
        assert_eq!(judged(&machine(), CageChoice::Sandbox), (Status::Fail, Isolation::Native));
        let said = |native| judge_cage(&machine(), CageChoice::Auto, native);
        assert!(said(Native::Private).detail.contains("public ones are refused"));
        assert!(said(Native::Always).detail.contains("public repositories too"));
        assert_eq!(said(Native::Never).status, Status::Fail);
        assert!(said(Native::Never).detail.contains("every job is refused"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_keeps_a_sandbox_from_working_has_a_command_against_it() {
        let kernel = |kernel| Machine { kernel, ..machine() };
        for (machine, command) in [
            (Machine { has_program: false, ..machine() }, "apt install bubblewrap"),
            (Machine { inside: true, ..machine() }, "`docker.image`"),
            (kernel(Kernel { apparmor: Some(1), ..Kernel::default() }), "bwrap-userns-restrict"),
            (
                kernel(Kernel { userns_clone: Some(0), ..Kernel::default() }),
                "unprivileged_userns_clone=1",
            ),
            (kernel(Kernel { max_userns: Some(0), ..Kernel::default() }), "max_user_namespaces="),
            (kernel(Kernel { apparmor: Some(0), ..Kernel::default() }), "to see why"),
            (machine(), "to see why"),
        ] {
            let remedy = judge_cage(&machine, CageChoice::Auto, Native::Private).remedy.unwrap();
            assert!(remedy.contains(command), "{machine:?}: {remedy}");
        }
    }

    #[test]
    fn what_some_are_allowed_is_listed() {
        let named = |name: &str| name.parse::<Allowed>().unwrap();
        assert_eq!(judge_lists(&[], &[]), []);
        let listed = judge_lists(&[named("a/b"), named("7")], &[named("c/d")]);
        assert!(listed[0].detail.ends_with("`trust.allow_native`: a/b, 7"), "{listed:?}");
        assert!(listed[1].detail.ends_with("`trust.allow_network`: c/d"), "{listed:?}");
        assert!(listed.iter().all(|it| it.status == Status::Info));
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn a_program_that_is_not_there_or_does_not_work_is_no_sandbox() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        assert!(sandbox(&path).await.is_err());
        let file = folder.path().join(PROGRAM);
        let no = process::find("false".as_ref(), "/bin:/usr/bin".as_ref(), Path::new("/")).unwrap();
        std::os::unix::fs::symlink(no, &file).unwrap();
        assert!(sandbox(&path).await.is_err());
    }
}
