//! Real processes. Each test waits for a condition; the limits are there to end a failure.

use std::sync::Mutex;
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(60);
/// A limit that a test runs into on purpose: enough for a shell to say a word on a busy machine.
const SHORT: Duration = Duration::from_secs(2);

fn sh(line: &str) -> Spec {
    Spec {
        args: vec!["-c".into(), line.into()],
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
        grace: Duration::from_millis(200),
        ..Spec::new("sh", "/", LONG)
    }
}

fn sh_in(folder: &std::path::Path, line: &str) -> Spec {
    Spec { cwd: folder.to_owned(), ..sh(line) }
}

async fn end_of(spec: Spec) -> Ended {
    run(spec, None, &CancellationToken::new()).await.unwrap()
}

/// Keeps the lines that it was given, and wakes whoever waits for one.
#[derive(Default)]
struct Heard {
    text: Mutex<String>,
    more: tokio::sync::Notify,
}

impl Tee for Heard {
    fn write(&self, bytes: &[u8]) {
        self.text.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
        self.more.notify_waiters();
    }
}

impl Heard {
    async fn first_line(&self) -> String {
        loop {
            let more = self.more.notified();
            if let Some((line, _)) = self.text.lock().unwrap().split_once('\n') {
                return line.to_owned();
            }
            more.await;
        }
    }
}

fn is_there(pid: &str) -> bool {
    // A zombie counts: it should have been reaped.
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.trim().parse().unwrap()), None).is_ok()
}

async fn gone(pid: &str) {
    let until = Instant::now() + LONG;
    while is_there(pid) {
        assert!(Instant::now() < until, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_child_gets_its_arguments_folder_input_and_environment_and_nothing_else() {
    let mut spec = sh("pwd; cat; env | cut -d= -f1 | sort; echo oops >&2; exit 7");
    spec.env.push(("GIVEN".into(), "yes".into()));
    spec.stdin = Some(b"typed\n".to_vec());
    let ended = end_of(spec).await;
    assert_eq!(ended.exit, Exit::Code(7));
    assert_eq!(ended.stdout.to_text(), "/\ntyped\nCODINGWORKER_CHILD\nGIVEN\nPATH\nPWD\n");
    assert_eq!(ended.stderr.to_text(), "oops\n");
}

#[tokio::test]
async fn a_child_without_input_reads_an_empty_one() {
    assert_eq!(end_of(sh("cat; echo done")).await.stdout.to_text(), "done\n");
}

#[tokio::test]
async fn input_that_nobody_reads_does_no_harm() {
    let spec = Spec { stdin: Some(vec![b'x'; 10 << 20]), ..sh("exec <&-; echo done") };
    assert_eq!(end_of(spec).await.stdout.to_text(), "done\n");
}

#[tokio::test]
async fn merged_streams_keep_the_order_in_which_they_were_written() {
    let line = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done";
    let ended = end_of(Spec { merge: true, ..sh(line) }).await;
    let expected: String = (1..10).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(ended.stdout.to_text(), expected);
    assert_eq!(ended.stderr, Captured::default());
}

#[tokio::test]
async fn a_signal_that_was_not_ours_is_told_as_a_signal() {
    assert_eq!(end_of(sh("kill -SEGV $$")).await.exit, Exit::Signal(11));
}

#[tokio::test]
async fn a_missing_program_and_a_missing_folder_are_told_apart() {
    let stop = CancellationToken::new();
    let missing = Spec { program: "no-such-program".into(), ..sh("") };
    let error = run(missing, None, &stop).await.unwrap_err().to_string();
    assert!(error.starts_with("`no-such-program` could not be started: No such file"), "{error}");
    let missing = Spec { cwd: "/no/such/folder".into(), ..sh("") };
    let error = run(missing, None, &stop).await.unwrap_err().to_string();
    assert_eq!(error, "`sh` could not be started: there is no folder /no/such/folder");
}

#[tokio::test]
async fn thousands_of_variables_reach_the_child_and_too_many_are_an_error() {
    let mut spec = sh("env | grep -c ^MANY_");
    spec.env.extend((0..5_000).map(|i| (format!("MANY_{i}").into(), "x".into())));
    assert_eq!(end_of(spec.clone()).await.stdout.to_text(), "5000\n");
    spec.env.extend((0..200).map(|i| (format!("BIG_{i}").into(), "x".repeat(100_000).into())));
    let error = run(spec, None, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(error, ProcessError::NotStarted { .. }), "{error}");
}

#[tokio::test]
async fn a_line_of_a_gigabyte_is_counted_and_not_kept() {
    let spec = Spec {
        keep: 1_000,
        limit: 10 * LONG,
        ..sh("echo begin; head -c 1000000000 /dev/zero; echo; echo end")
    };
    let ended = end_of(spec).await;
    assert_eq!(ended.exit, Exit::Code(0));
    assert!(ended.stdout.head.capacity() < 10_000 && ended.stdout.tail.capacity() < 10_000);
    assert_eq!(ended.stdout.dropped, 1_000_000_000 + 11 - 2_000);
    let text = ended.stdout.to_text();
    assert_eq!(text, "begin\n\n[… 999998011 bytes left out …]\n\nend\n");
}

#[tokio::test]
async fn invalid_utf_8_becomes_text_that_can_be_shown() {
    let ended = end_of(sh(r"printf 'caf\351 \377\376 ok\n'")).await;
    assert_eq!(ended.stdout.to_text(), "caf\u{fffd} \u{fffd}\u{fffd} ok\n");
}

#[tokio::test]
async fn a_child_that_works_for_too_long_is_ended_and_its_output_kept() {
    let spec = Spec { limit: SHORT, ..sh("echo so far; sleep 600") };
    let ended = end_of(spec).await;
    assert_eq!((ended.exit, ended.stdout.to_text().as_str()), (Exit::TimedOut, "so far\n"));
}

#[tokio::test]
async fn a_child_that_floods_us_is_ended_in_time_all_the_same() {
    let spec = Spec { limit: Duration::from_millis(300), ..sh("exec yes") };
    assert_eq!(end_of(spec).await.exit, Exit::TimedOut);
}

#[tokio::test]
async fn a_child_that_says_nothing_for_too_long_is_ended() {
    let silence = Some(SHORT);
    let ended = end_of(Spec { silence, ..sh("echo hello; exec sleep 600") }).await;
    assert_eq!((ended.exit, ended.stdout.to_text().as_str()), (Exit::Silent, "hello\n"));
}

#[tokio::test]
async fn a_child_that_keeps_talking_is_not_silent() {
    let silence = Some(Duration::from_secs(20));
    let line = "for i in 1 2 3; do sleep 0.1; echo $i >&2; done";
    assert_eq!(end_of(Spec { silence, ..sh(line) }).await.exit, Exit::Code(0));
}

#[tokio::test]
async fn a_child_may_tidy_up_after_sigterm() {
    let line = "trap 'echo tidied; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
    let spec = Spec { limit: SHORT, grace: LONG, ..sh(line) };
    let ended = end_of(spec).await;
    assert_eq!(ended.exit, Exit::TimedOut);
    assert_eq!(ended.stdout.to_text(), "ready\ntidied\n");
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_or_is_stopped_is_killed() {
    for line in ["trap '' TERM; echo $$; while :; do sleep 1; done", "echo $$; kill -STOP $$"] {
        let ended = end_of(Spec { limit: SHORT, ..sh(line) }).await;
        assert_eq!(ended.exit, Exit::TimedOut, "{line}");
        assert!(!is_there(&ended.stdout.to_text()));
    }
}

#[tokio::test]
async fn a_grandchild_that_holds_the_pipe_ends_with_the_child() {
    for line in
        ["sleep 600 & echo $!", "(trap '' TERM; echo $(exec sh -c 'echo $PPID'); sleep 600) &"]
    {
        let ended = end_of(sh(line)).await;
        assert_eq!(ended.exit, Exit::Code(0));
        assert!(ended.took < LONG, "it waited for the grandchild");
        for pid in ended.stdout.to_text().lines() {
            gone(pid).await;
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_leaves_the_group_is_ended_and_reaped_too() {
    for line in [
        "setsid sh -c 'echo $$; echo > ready; exec sleep 600' & read x < ready",
        "setsid sh -c 'trap \"\" TERM; echo $$; echo > ready; while :; do sleep 1; done' & read x < ready",
        "setsid sh -c '(setsid sh -c \"echo \\$\\$; echo > ready; exec sleep 600\" &)' & read x < ready",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ended = end_of(sh_in(folder.path(), &format!("mkfifo ready; {line}"))).await;
        let text = ended.stdout.to_text();
        assert!(text.lines().count() > 0, "{line} started nothing");
        text.lines().for_each(|pid| assert!(!is_there(pid), "{line} left {pid} behind"));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn even_without_our_marker_an_escaped_process_ends_once_no_other_child_runs() {
    let folder = tempfile::tempdir().unwrap();
    let line = "mkfifo ready; \
        setsid env -i /bin/sh -c 'echo $$; echo > ready; exec /bin/sleep 600' & read x < ready";
    let pid = end_of(sh_in(folder.path(), line)).await.stdout.to_text();
    let until = Instant::now() + LONG;
    while is_there(&pid) {
        assert!(Instant::now() < until, "{pid} is still there");
        end_of(sh(":")).await; // other tests' children may run meanwhile: the last one cleans up
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_escaped_process_of_another_running_child_is_left_alone() {
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let server = "setsid sleep 600 & echo $!; wait";
    let server = run(sh(server), Some(&heard), &stop);
    let others = async {
        let pid = heard.first_line().await;
        for _ in 0..20 {
            end_of(sh("setsid sleep 600 &")).await;
            assert!(is_there(&pid), "another child's process was ended");
        }
        stop.cancel();
        pid
    };
    let (answer, pid) = tokio::join!(server, others);
    assert!(matches!(answer, Err(ProcessError::Stopped(_))));
    gone(&pid).await;
}

#[tokio::test]
async fn stop_ends_the_whole_group() {
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let child = run(sh("sleep 600 & echo $!; wait"), Some(&heard), &stop);
    let canceller = async {
        let pid = heard.first_line().await;
        stop.cancel();
        pid
    };
    let (answer, pid) = tokio::join!(child, canceller);
    assert_eq!(answer.unwrap_err().to_string(), "`sh` was stopped");
    assert!(!is_there(&pid));
    assert!(run(sh("echo never"), None, &stop).await.is_err(), "stopped before it began");
}

#[tokio::test]
async fn dropping_the_future_ends_the_group_even_if_it_ignores_sigterm() {
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let line = "trap '' TERM; sleep 600 & echo $$ $!; wait";
    let pids = tokio::select! {
        _ = run(sh(line), Some(&heard), &stop) => panic!("it ended by itself"),
        pids = heard.first_line() => pids,
    };
    for pid in pids.split(' ') {
        gone(pid).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_killed_worker_left_behind_is_found_by_its_mark() {
    // A worker of its own, as far as marks go: we only take note of the process it left.
    let mark = format!("job-{}", std::process::id());
    let line = format!(
        "CODINGWORKER_CHILD={mark}.dead.0 setsid sh -c 'echo $$; trap \"\" TERM; sleep 600; :' & \
         CODINGWORKER_CHILD={mark}1.dead.0 sh -c 'echo $$; exec sleep 600' & wait"
    );
    let heard = Heard::default();
    let stop = CancellationToken::new();
    let worker = run(sh(&line), Some(&heard), &stop);
    let next_worker = async {
        while heard.text.lock().unwrap().lines().count() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let ended = end_marked(&mark).await;
        stop.cancel();
        ended
    };
    let (_, ended) = tokio::join!(worker, next_worker);
    // The shell and its sleep; not the other job's, whose mark begins alike.
    assert_eq!(ended, 2);
    assert_eq!(end_marked(&mark).await, 0);
}

#[tokio::test]
async fn no_zombie_is_left_by_a_storm_of_grandchildren() {
    let ended = end_of(sh("for i in $(seq 200); do (sleep 0 & echo $!) ; done; echo $$")).await;
    let text = ended.stdout.to_text();
    assert_eq!(text.lines().count(), 201);
    text.lines().for_each(|pid| assert!(!is_there(pid), "{pid} is still there"));
}
