//! `logs`.

use super::*;

/// The program, reading along; ended when the test ends.
struct Follower {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Follower {
    fn start(home: &Home, id: &JobId) -> Self {
        let mut command = home.command(&["logs", &id.0, "--follow"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_log_is_printed_byte_for_byte_when_nobody_looks_at_it() {
    let home = Home::new();
    let id = job(&home.store(), "api", 1, JobState::Done).await;
    home.run(&["logs", &id.0]).said(0, "is done and has no log yet");
    let bytes = b"one\x1b[31m\r\n\xff\0";
    home.log(&id).write(bytes);
    assert_eq!(home.command(&["logs", &id.0[..7]]).output().unwrap().stdout, bytes);
}

#[tokio::test]
async fn a_log_is_followed_until_its_job_is_over() {
    let home = Home::new();
    let store = home.store();
    let id = job(&store, "api", 1, JobState::Running).await;
    let log = home.log(&id);
    log.write(b"one\n");
    let mut follower = Follower::start(&home, &id);
    assert_eq!(follower.line(), "one\n");
    log.write(b"two\n");
    assert_eq!(follower.line(), "two\n");
    log.write(b"three");
    append(&store, &id, json!({"event": "closed"}), 0, JobState::Failed).await;
    let mut rest = String::new();
    follower.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((follower.child.wait().unwrap().code(), rest.as_str()), (Some(0), "three"));
}

#[tokio::test]
async fn ctrl_c_ends_following_with_130() {
    let home = Home::new();
    let id = job(&home.store(), "api", 1, JobState::Running).await;
    home.log(&id).write(b"one\n");
    let mut follower = Follower::start(&home, &id);
    assert_eq!(follower.line(), "one\n");
    let pid = Pid::from_raw(i32::try_from(follower.child.id()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(follower.child.wait().unwrap().code(), Some(130));
}
