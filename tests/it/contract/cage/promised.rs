//! What a child gets: it is run as asked, and ended for good.

use std::sync::Mutex;

use super::*;

#[derive(Default)]
struct Heard(Mutex<Vec<u8>>, tokio::sync::Notify);

impl Tee for Heard {
    fn write(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
        self.1.notify_one();
    }
}

impl Heard {
    async fn something(&self) {
        while self.0.lock().unwrap().is_empty() {
            self.1.notified().await;
        }
    }
}

#[tokio::test]
async fn an_exit_a_signal_and_both_streams_are_told_as_they_were() {
    for site in Site::each().await {
        let ended = site.run("echo out; echo err >&2; exit 7").await;
        assert_eq!(ended.exit, Exit::Code(7));
        assert_eq!(
            (ended.stdout.to_text(), ended.stderr.to_text()),
            ("out\n".into(), "err\n".into())
        );
        assert_eq!(site.run("kill -SEGV $$").await.exit, Exit::Signal(11));
        assert_eq!(site.run("exit 1").await.exit, Exit::Code(1));
        assert_eq!(site.run("exit 0").await.exit, Exit::Code(0));
        assert_eq!(site.run("no-such-tool").await.exit, Exit::Code(127));
    }
}

#[tokio::test]
async fn arguments_input_folder_and_environment_arrive_as_they_are() {
    for site in Site::each().await {
        let mut spec = site.sh("");
        spec.args =
            ["-c", "pwd; cat; printf '<%s>' \"$@\"; echo; env", "sh", "a b", "$(x)", "", "é'\""]
                .map(OsString::from)
                .to_vec();
        spec.stdin = Some(b"typed\n".to_vec());
        spec.env.extend([
            ("ODD".into(), "a 'b' $(c)\n\"d\"".into()),
            ("npm_config_cache.x".into(), "dotted".into()),
            ("LD_PRELOAD".into(), "/no/such.so".into()),
        ]);
        let stop = CancellationToken::new();
        let ended = site.try_run(spec, &site.rules(), None, &stop).await.unwrap();
        let text = ended.stdout.to_text();
        let (folder, rest) = text.split_once('\n').unwrap();
        assert_eq!(Path::new(folder), site.path("").components().as_path());
        let rest = rest.strip_prefix("typed\n<a b><$(x)><><é'\">\n").expect(&text);
        let mut names: Vec<_> =
            rest.lines().filter_map(|it| it.split_once('=')).map(|(name, _)| name).collect();
        names.sort_unstable();
        // The shell's own, and the engine's.
        names.retain(|it| !["PWD", "_", "SHLVL", "OLDPWD", "HOSTNAME"].contains(it));
        let mut all =
            vec!["CODINGWORKER_CHILD", "HOME", "LD_PRELOAD", "ODD", "PATH", "npm_config_cache.x"];
        // Some shells hand on only what could be a variable of theirs.
        if site.cage.level() == Isolation::Container {
            all.remove(0); // it needs no mark to be found
        }
        let mut without = all.clone();
        without.pop();
        assert!(names == all || names == without, "{names:?}");
        assert!(rest.contains("ODD=a 'b' $(c)\n\"d\"\n"), "{rest}");
    }
}

#[tokio::test]
async fn no_variable_of_the_child_reaches_a_program_outside_of_the_cage() {
    // The loader says so in each program that starts with it.
    let sites = Site::each().await;
    let loud = |site: &Site| {
        let mut spec = site.sh("true");
        spec.program = "/bin/true".into();
        spec.args.clear();
        spec.env.push(("LD_PRELOAD".into(), "/no/such.so".into()));
        spec
    };
    for site in sites {
        let stop = CancellationToken::new();
        let ended = site.try_run(loud(&site), &site.rules(), None, &stop).await.unwrap();
        let times = ended.stderr.to_text().matches("/no/such.so").count();
        match site.cage.level() {
            Isolation::Native => assert!(times > 1, "the control: our own shell loads it too"),
            _ => assert_eq!(times, 1),
        }
    }
}

#[tokio::test]
async fn output_comes_while_it_runs_and_stop_ends_it() {
    for site in Site::each().await {
        let (heard, stop) = (Heard::default(), CancellationToken::new());
        let line = "setsid sh -c 'sleep 60601.{pid}' & echo up; sleep 60601.{pid}";
        let rules = site.rules();
        let run = site.try_run(site.sh(line), &rules, Some(&heard), &stop);
        let canceller = async {
            heard.something().await;
            stop.cancel();
        };
        let (answer, ()) = tokio::join!(run, canceller);
        assert!(matches!(answer, Err(CageError::Stopped(_))), "{answer:?}");
        assert_eq!(alive("60601"), [0; 0]);
    }
}

#[tokio::test]
async fn a_time_limit_ends_what_opened_a_session_of_its_own_too() {
    for site in Site::each().await {
        let line = "setsid sh -c 'trap \"\" TERM HUP; env -i sleep 60602.{pid}; sleep 60602.{pid}' >/dev/null 2>&1 & \
            setsid env -i sleep 60602.{pid} >/dev/null 2>&1 & echo $!; sleep 60602.{pid}";
        let spec = Spec { limit: Duration::from_secs(2), ..site.sh(line) };
        let stop = CancellationToken::new();
        let ended = site.try_run(spec, &site.rules(), None, &stop).await.unwrap();
        assert_eq!(ended.exit, Exit::TimedOut);
        assert!(ended.took < Duration::from_secs(12), "{:?}", ended.took);
        assert_eq!(alive("60602"), [0; 0]);
    }
}

#[tokio::test]
async fn a_daemon_ends_with_the_command_that_started_it() {
    for site in Site::each().await {
        let line = "mkfifo up; setsid env -i /bin/sh -c 'echo > up; exec /bin/sleep 60603.{pid}' & read x < up";
        assert_eq!(site.run(line).await.exit, Exit::Code(0));
        assert_eq!(alive("60603"), [0; 0]);
    }
}

#[tokio::test]
async fn a_dropped_run_ends_as_well() {
    for site in Site::each().await {
        let heard = Heard::default();
        let (rules, stop) = (site.rules(), CancellationToken::new());
        tokio::select! {
            _ = site.try_run(site.sh("echo up; sleep 60604.{pid}"), &rules, Some(&heard), &stop) => panic!("ended"),
            () = heard.something() => {}
        }
        let until = std::time::Instant::now() + Duration::from_secs(20);
        while !alive("60604").is_empty() {
            assert!(std::time::Instant::now() < until, "{:?}", alive("60604"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn what_is_writable_is_written_and_comes_back() {
    for site in Site::each().await {
        std::fs::create_dir_all(site.path("tree/sub")).unwrap();
        std::fs::write(site.path("tree/sub/ours"), "old").unwrap();
        let given = site.path("given");
        std::os::unix::fs::symlink(site.path("tree"), &given).unwrap();
        let rules = Rules { writable: vec![given.clone()], ..site.rules() };
        let spec = Spec {
            cwd: given,
            ..site.sh("echo new > sub/ours; mkdir -p a/b; echo x > a/b/c; ln -s c a/b/d")
        };
        let stop = CancellationToken::new();
        let ended = site.try_run(spec, &rules, None, &stop).await.unwrap();
        assert_eq!((ended.exit, ended.stderr.to_text()), (Exit::Code(0), String::new()));
        assert_eq!(std::fs::read_to_string(site.path("tree/sub/ours")).unwrap(), "new\n");
        assert_eq!(std::fs::read_to_string(site.path("tree/a/b/d")).unwrap(), "x\n");
        // And again: what the first command made is there for the second.
        let spec = Spec { cwd: site.path("tree"), ..site.sh("echo more >> a/b/c && rm sub/ours") };
        let ended = site.try_run(spec, &rules, None, &stop).await.unwrap();
        assert_eq!((ended.exit, ended.stderr.to_text()), (Exit::Code(0), String::new()));
        assert!(!exists(&site.path("tree/sub/ours")));
    }
}

#[tokio::test]
async fn a_missing_program_folder_or_writable_path_is_an_error_that_names_it() {
    for site in Site::each().await {
        let stop = CancellationToken::new();
        let spec = Spec { program: "no-such-program".into(), ..site.sh("") };
        match site.try_run(spec, &site.rules(), None, &stop).await {
            // Only the image knows its programs: it is an answer.
            Ok(ended) if site.cage.level() == Isolation::Container => {
                assert_eq!(ended.exit, Exit::Code(127));
                assert!(ended.stderr.to_text().contains("no-such-program"), "{ended:?}");
            }
            Err(CageError::NotStarted(error)) => {
                assert!(error.contains("`no-such-program`"), "{error}");
            }
            answer => panic!("{answer:?}"),
        }
        let spec = Spec { cwd: site.path("nowhere"), ..site.sh("true") };
        let error = site.try_run(spec, &site.rules(), None, &stop).await.unwrap_err().to_string();
        assert!(error.contains("there is no folder") && error.contains("nowhere"), "{error}");
        if site.cage.level() != Isolation::Native {
            let rules = Rules { writable: vec![site.path("gone")], ..site.rules() };
            let error = site.try_run(site.sh("true"), &rules, None, &stop).await.unwrap_err();
            assert!(error.to_string().contains("gone"), "{error}");
        }
        stop.cancel();
        let answer = site.try_run(site.sh("echo never"), &site.rules(), None, &stop).await;
        assert!(matches!(answer, Err(CageError::Stopped(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn huge_output_is_bounded() {
    for site in Site::each().await {
        let ended = site.run("echo first; head -c 300000000 /dev/zero; echo; echo last").await;
        assert_eq!(ended.exit, Exit::Code(0));
        let text = ended.stdout.to_text();
        assert!(text.len() < 300_000 && text.starts_with("first") && text.ends_with("last\n"));
    }
}

#[tokio::test]
async fn two_commands_run_at_once() {
    for site in Site::each().await {
        let run = |_| site.run("sleep 0.1; echo ok");
        let ends = futures_util::future::join_all((0..8).map(run)).await;
        assert!(ends.iter().all(|it| it.stdout.to_text() == "ok\n"), "{ends:?}");
    }
}
