//! The words for `bwrap`, and what ends mean. What the cage keeps is in the contract's suite.

use std::time::Duration;

use super::*;

fn cage(root: bool) -> Bubblewrap {
    let setpriv = root.then(|| PathBuf::from("/usr/bin/setpriv"));
    Bubblewrap { bwrap: "/usr/bin/bwrap".into(), setpriv, no_more_users: true }
}

fn words(root: bool, network: Network) -> String {
    let rules = Rules {
        writable: Vec::new(),
        readable: Vec::new(),
        sockets: Vec::new(),
        network,
        limits: Limits::default(),
    };
    let mut spec = Spec::new("make", "/work", Duration::from_secs(1));
    spec.env = vec![("LD_PRELOAD".into(), "./evil.so".into())];
    let view =
        view::View { words: Vec::new(), files: Default::default(), filter: Default::default() };
    let spec = cage(root).wrap(spec, &view, &rules, None);
    assert_eq!(spec.env, [("CODINGWORKER_ENV_0".into(), "LD_PRELOAD=./evil.so".into())]);
    assert_eq!(spec.program, "/bin/sh");
    spec.args[3..].join(" ".as_ref()).into_string().unwrap()
}

#[test]
fn the_network_is_shared_only_when_it_is_open() {
    for root in [true, false] {
        assert!(words(root, Network::None).contains("--unshare-net"));
        assert!(words(root, Network::Port(11434)).contains("--unshare-net"));
        assert!(!words(root, Network::Open).contains("--unshare-net"));
    }
}

#[test]
fn root_becomes_another_user_and_others_get_a_namespace_of_users() {
    let root = words(true, Network::None);
    assert!(root.contains("-- /usr/bin/setpriv --reuid=65532 --regid=65532 --clear-groups"));
    assert!(
        root.contains("--no-new-privs --bounding-set=-all") && !root.contains("--unshare-user")
    );
    let user = words(false, Network::None);
    assert!(user.contains("--unshare-user --uid 65532 --gid 65532") && !user.contains("setpriv"));
    assert!(user.contains("--disable-userns"));
}

#[test]
fn an_end_by_our_own_signal_is_a_child_that_never_started() {
    let ended = |exit| {
        let stderr = crate::process::Captured { head: b"bwrap: no".to_vec(), ..Default::default() };
        Ok(Ended { exit, stdout: Default::default(), stderr, took: Duration::ZERO })
    };
    let name = OsString::from("make");
    let error = told(ended(Exit::Signal(Signal::SIGUSR1 as i32)), &name).unwrap_err();
    assert_eq!(error.to_string(), "`make` could not be started: bwrap: no");
    assert_eq!(told(ended(Exit::Code(1)), &name).unwrap().exit, Exit::Code(1));
    assert_eq!(told(ended(Exit::Code(139)), &name).unwrap().exit, Exit::Signal(11));
}
