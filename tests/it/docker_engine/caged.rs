//! A container as a cage: what a child in it gets, sees and may, and how it ends.

use codingworker::cage::container::Container;
use codingworker::cage::{Cage, CageError, Limits, Network, Rules};
use codingworker::domain::verification::{Exit, Isolation};
use codingworker::process::Ended;

use super::*;

pub(crate) fn rules() -> Rules {
    Rules {
        writable: Vec::new(),
        readable: Vec::new(),
        sockets: Vec::new(),
        network: Network::None,
        limits: Limits { memory: 256 << 20, processes: 64, ..Limits::default() },
    }
}

pub(crate) fn sh(line: &str) -> Spec {
    Spec {
        args: vec!["-c".into(), line.into()],
        grace: Duration::from_millis(300),
        ..Spec::new("sh", "/", LONG)
    }
}

impl Home {
    fn cage(&self) -> Container {
        Container { docker: self.docker.clone(), image: base(), owner: self.owner.clone() }
    }

    async fn run(&self, spec: Spec, rules: &Rules) -> Ended {
        let stop = CancellationToken::new();
        let ended = self.cage().run(spec, rules, None, &stop).await.unwrap();
        assert_eq!(self.left().await, "", "a container is left");
        ended
    }

    /// What a line says, with a folder `tree` of ours to write to, where it starts.
    async fn says(&self, line: &str) -> String {
        let tree = self.path("tree");
        std::fs::create_dir_all(&tree).unwrap();
        let rules = Rules { writable: vec![tree.clone()], ..rules() };
        let ended = self.run(Spec { cwd: tree, merge: true, ..sh(line) }, &rules).await;
        ended.stdout.to_text()
    }
}

/// A label of its own is all that is known of it: it ends when this does.
async fn until_it_runs(home: &Home) {
    while home.left().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_child_gets_its_arguments_folder_input_and_environment() {
    let home = Home::new();
    let tree = home.path("tree");
    std::fs::create_dir(&tree).unwrap();
    let line =
        "pwd; cat; echo \"$GIVEN $0 $1\"; echo \"$PATH\" | grep -c bin; echo oops >&2; exit 7";
    let mut spec = Spec { cwd: tree.clone(), stdin: Some(b"typed\n".to_vec()), ..sh(line) };
    spec.args.extend(["a b".into(), "".into()]);
    spec.env = vec![("GIVEN".into(), "two words".into())];
    let rules = Rules { writable: vec![tree.clone()], ..rules() };
    let ended = home.run(spec, &rules).await;
    assert_eq!(ended.exit, Exit::Code(7));
    let expected = format!("{}\ntyped\ntwo words a b \n1\n", tree.display());
    assert_eq!(ended.stdout.to_text(), expected);
    assert_eq!(ended.stderr.to_text(), "oops\n");
    assert_eq!(home.says("cat; echo read to the end").await, "read to the end\n");
    assert_eq!((home.cage().level(), home.cage().has_own_loopback()), (Isolation::Container, true));
}

#[tokio::test]
async fn it_has_no_rights_no_network_and_cannot_write_but_where_it_may() {
    let home = Home::new();
    let me = nix::unistd::Uid::effective();
    let me = if me.is_root() { 65_532 } else { me.as_raw() };
    let status =
        "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\n\\t'";
    let said = home
        .says(&format!(
            "id -u; {status}; echo; ls /sys/class/net; ulimit -c; ulimit -n; \
             touch /x /usr/x /etc/x /dev/x 2>&1 | grep -c touch; \
             ls /var/run/docker.sock 2>&1 | grep -c 'No such'; \
             cp /bin/echo /tmp/e && /tmp/e runs from tmp; echo mine > here && cat here"
        ))
        .await;
    let expected = format!(
        "{me}\nCapBnd:0000000000000000NoNewPrivs:1Seccomp:2\nlo\n0\n4096\n4\n1\nruns from tmp\nmine\n"
    );
    assert_eq!(said.replace("CapEff:0000000000000000", ""), expected);
    assert_eq!(std::fs::read_to_string(home.path("tree/here")).unwrap(), "mine\n");
    // The control: the same image without the cage has rights and a network.
    let free = format!("{status}; ls /sys/class/net");
    let free = cli(&["run", "--rm", &base(), "sh", "-c", &free]).await;
    assert!(!free.contains("CapEff:0000000000000000") && free.contains("eth0"), "{free}");
    let open = Rules { network: Network::Open, ..rules() };
    let ended = home.run(sh("ls /sys/class/net"), &open).await;
    assert!(ended.stdout.to_text().contains("eth0"), "{}", ended.stdout.to_text());
}

#[tokio::test]
async fn it_sees_the_paths_that_it_is_given_where_they_are_and_writes_to_its_own_only() {
    let home = Home::new();
    let (tree, read) = (home.path("tree"), home.path("read"));
    home.write("tree/deep/file", "a");
    home.write("read/file", "b");
    home.write("hidden/file", "c");
    std::os::unix::fs::symlink(home.path("hidden"), tree.join("link")).unwrap();
    let socket = home.path("s.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let rules = Rules {
        writable: vec![tree.clone()],
        // One of them twice, one in the other, one that is not there.
        readable: vec![read.clone(), tree.clone(), home.path("none")],
        sockets: vec![socket.clone()],
        ..rules()
    };
    let line = format!(
        "cat deep/file {0}/file; echo x > deep/file && echo wrote; echo x 2>/dev/null > {0}/file \
         || echo may not; cat link/file 2>/dev/null || echo not there; test -S {1} && echo socket",
        read.display(),
        socket.display()
    );
    let ended = home.run(Spec { cwd: tree, merge: true, ..sh(&line) }, &rules).await;
    assert_eq!(ended.stdout.to_text(), "abwrote\nmay not\nnot there\nsocket\n");
    // The link was not followed when the tree was handed over.
    use std::os::unix::fs::MetadataExt;
    let me = nix::unistd::Uid::effective().as_raw();
    assert_eq!(std::fs::metadata(home.path("hidden")).unwrap().uid(), me);
    let missing = Rules { writable: vec![home.path("none")], ..rules };
    let stop = CancellationToken::new();
    let error = home.cage().run(sh("true"), &missing, None, &stop).await.unwrap_err();
    assert!(matches!(&error, CageError::NotStarted(it) if it.contains("none")), "{error}");
}

#[tokio::test]
async fn it_cannot_use_up_more_than_it_is_given() {
    let home = Home::new();
    let tree = home.path("tree");
    std::fs::create_dir(&tree).unwrap();
    let limits = Limits {
        memory: 64 << 20,
        processes: 20,
        file_size: 1 << 20,
        temporary: 2 << 20,
        ..Limits::default()
    };
    let rules = Rules { writable: vec![tree.clone()], limits, ..rules() };
    let run = async |line: &str| {
        let spec = Spec { cwd: tree.clone(), merge: true, ..sh(line) };
        home.run(spec, &rules).await
    };
    let ended = run("(trap '' XFSZ; head -c 3000000 /dev/zero > f); wc -c < f").await;
    assert!(ended.stdout.to_text().ends_with("1048576\n"), "{}", ended.stdout.to_text());
    // The tree lies below /tmp as well, and is not counted.
    let line = "for i in 1 2 3 4; do head -c 1000000 /dev/zero 2>&- > /tmp/$i; done; \
                cat /tmp/[1-4] | wc -c";
    let ended = run(line).await.stdout.to_text();
    let bytes: u64 = ended.trim().parse().expect(&ended);
    assert!((1_900_000..=2 << 20).contains(&bytes), "{bytes}");
    let ended = run("for i in $(seq 100); do sleep 60 & done; echo all of them").await;
    assert!(!ended.stdout.to_text().contains("all of them"), "{}", ended.stdout.to_text());
    // A daemon does not outlive it, nor does it keep it.
    let ended = run("setsid sleep 600 & echo begun").await;
    assert_eq!((ended.exit, ended.stdout.to_text().as_str()), (Exit::Code(0), "begun\n"));
    assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    let ended = run("tail /dev/zero; exit 9").await;
    assert_eq!(ended.exit, Exit::Code(9));
    assert!(ended.stdout.to_text().contains("64 MiB of memory"), "{}", ended.stdout.to_text());
}

#[tokio::test]
async fn it_ends_by_itself_by_a_signal_or_because_there_is_no_such_program() {
    let home = Home::new();
    let ended = home.run(sh("kill -KILL $$"), &rules()).await;
    assert_eq!(ended.exit, Exit::Signal(9));
    let ended = home.run(Spec::new("no-such-program", "/", LONG), &rules()).await;
    assert_eq!(ended.exit, Exit::Code(127));
    let said = format!("{}{}", ended.stdout.to_text(), ended.stderr.to_text());
    assert!(said.contains("no-such-program"), "{said}");
    let cage = Container { image: "codingworker-no-such-image".into(), ..home.cage() };
    let error = cage.run(sh("true"), &rules(), None, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, CageError::Impossible(_)), "{error}");
    assert!(error.to_string().contains("docker pull codingworker-no-such-image"), "{error}");
}

#[tokio::test]
async fn merged_output_comes_in_order_and_a_flood_of_it_is_bounded() {
    let home = Home::new();
    let line = "for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i >&2; done";
    let ended = home.run(Spec { merge: true, ..sh(line) }, &rules()).await;
    let expected: String = (1..10).map(|i| format!("{i}\n{i}\n")).collect();
    assert_eq!(ended.stdout.to_text(), expected);
    let line = "echo begin; head -c 20000000 /dev/zero; echo; echo end";
    let ended = home.run(Spec { keep: 1_000, ..sh(line) }, &rules()).await;
    assert_eq!(ended.exit, Exit::Code(0));
    assert_eq!(ended.stdout.to_text(), "begin\n\n[… 19998011 bytes left out …]\n\nend\n");
}

#[tokio::test]
async fn one_that_takes_too_long_or_is_silent_is_ended_even_when_it_hears_nothing() {
    let home = Home::new();
    let line = "trap 'echo tidied; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let limit = Duration::from_secs(2);
    let spec = Spec { limit, grace: Duration::from_secs(30), ..sh(line) };
    let ended = home.run(spec, &rules()).await;
    assert_eq!((ended.exit, ended.stdout.to_text().as_str()), (Exit::TimedOut, "ready\ntidied\n"));
    let deaf = "trap '' TERM; echo so far; while :; do sleep 1; done";
    let ended = home.run(Spec { silence: Some(limit), ..sh(deaf) }, &rules()).await;
    assert_eq!((ended.exit, ended.stdout.to_text().as_str()), (Exit::Silent, "so far\n"));
    let ended = home.run(Spec { limit, ..sh("exec yes") }, &rules()).await;
    assert_eq!(ended.exit, Exit::TimedOut);
}

#[tokio::test]
async fn stopped_or_dropped_it_is_gone() {
    let home = Home::new();
    let (cage, rules) = (home.cage(), rules());
    let stop = CancellationToken::new();
    let run = cage.run(sh("trap '' TERM; while :; do sleep 1; done"), &rules, None, &stop);
    let stopper = async {
        until_it_runs(&home).await;
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(run, stopper);
    assert!(matches!(answer, Err(CageError::Stopped(_))), "{answer:?}");
    home.nothing_left().await;
    // Dropped at any time of its life: while it is made, while it starts, while it runs.
    let stop = CancellationToken::new();
    for wait in [0, 20, 60, 120, 250, 500] {
        let run = cage.run(sh("sleep 600"), &rules, None, &stop);
        tokio::select! {
            answer = run => panic!("it ended by itself: {answer:?}"),
            () = tokio::time::sleep(Duration::from_millis(wait)) => {}
        }
    }
    let run = cage.run(sh("sleep 600"), &rules, None, &stop);
    tokio::select! {
        answer = run => panic!("it ended by itself: {answer:?}"),
        () = until_it_runs(&home) => {}
    }
    // Whatever the engine was still about to make is removed as well, and nothing comes after.
    home.nothing_left().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    home.nothing_left().await;
}

#[tokio::test]
async fn a_volume_that_the_image_wants_is_memory_and_its_own_words_do_not_run() {
    let home = Home::new();
    let lines = format!(
        "FROM {}\nVOLUME /data\nENV TOOL=its-own\nENTRYPOINT [\"false\"]\n\
         HEALTHCHECK CMD false\nUSER root\n",
        base()
    );
    let (id, _) = home.build(&home.tag("volume"), &lines).await.unwrap();
    let cage = Container { image: id, ..home.cage() };
    let limits = Limits { temporary: 1 << 20, ..rules().limits };
    let rules = Rules { limits, ..rules() };
    let line = "head -c 3000000 /dev/zero > /data/x; wc -c < /data/x; echo $TOOL";
    let before = cli(&["volume", "ls", "-q"]).await;
    let ended = cage.run(sh(line), &rules, None, &CancellationToken::new()).await.unwrap();
    assert_eq!(ended.stdout.to_text(), "1048576\nits-own\n", "{}", ended.stderr.to_text());
    assert!(cli(&["volume", "ls", "-q"]).await.lines().count() <= before.lines().count() + 3);
    home.end().await;
}
