//! `jobs`, `job` and `cancel`.

use super::*;

#[test]
fn before_anything_has_happened_there_are_no_jobs_and_looking_makes_none() {
    let home = Home::new();
    home.run(&["jobs"]).said(0, "no jobs in");
    assert_eq!(home.json(&["jobs", "--json"]), json!([]));
    for args in [["job", "ab"], ["logs", "ab"], ["cancel", "ab"], ["retry", "ab"]] {
        home.run(&args).said(4, "no job `ab`");
    }
    assert!(!home.state_dir().exists());
}

#[tokio::test]
async fn jobs_are_listed_newest_first_and_filtered() {
    let home = Home::new();
    let store = home.store();
    let old = job(&store, "api", 1, JobState::Done).await;
    let new = job(&store, "web", 2, JobState::Running).await;
    let ids = |args: &[&str]| {
        let list = home.json(args);
        list.as_array().unwrap().iter().map(|it| it["id"].to_string()).collect::<Vec<_>>()
    };
    let (old_id, new_id) = (json!(old).to_string(), json!(new).to_string());
    assert_eq!(ids(&["jobs", "--json"]), [new_id.clone(), old_id.clone()]);
    assert_eq!(ids(&["jobs", "--json", "--state", "done"]), [old_id]);
    assert_eq!(ids(&["jobs", "--json", "--repo", "Acme/WEB"]), [new_id]);
    assert_eq!(
        home.json(&["jobs", "--json"])[1],
        json!({
            "id": old, "state": "done", "repository": "acme/api", "issue": 7,
            "title": "Sum is\u{1b}[31m wrong", "created_at": "2026-01-01T01:01:00Z",
            "updated_at": at(9).to_string(), "pull_request": null,
        })
    );
    let table = home.run(&["jobs"]);
    let lines = table.stdout.lines().collect::<Vec<_>>();
    assert!(lines[0].starts_with("ID            STATE    ISSUE"), "{table:?}");
    assert!(lines[1].starts_with(&format!("{new}  running  acme/web#7")), "{table:?}");
    assert!(lines[2].ends_with("Sum is[31m wrong"), "{table:?}");
    home.run(&["jobs", "--state", "failed"]).said(0, "no such jobs in");
    home.run(&["jobs", "--state", "asleep"]).said(2, "no state of a job");
    home.run(&["jobs", "--repo", "acme"]).said(2, "OWNER/NAME");
}

#[tokio::test]
async fn a_job_without_a_title_is_listed_with_the_code_hosts() {
    let home = Home::new();
    home.run(&["submit", "--repo", "acme/api", "--issue", "7"]);
    let store = home.store();
    let task = Task {
        repository: "acme/api".parse().unwrap(),
        origin: Origin::Issue { number: 7 },
        title: String::new(),
        body: String::new(),
        body_sha256: None,
        labels: Vec::new(),
        asking: "d".to_owned(),
    };
    let Admission::New(taken) = store.admit(&task, "r", &worker(), at(1)).await.unwrap() else {
        panic!()
    };
    let job = taken.job;
    append(&store, &job.id, inspected(), 3, JobState::Running).await;
    assert_eq!(home.json(&["jobs", "--json"])[0]["title"], "Sum is wrong");
}

fn inspected() -> Value {
    json!({"event": "inspected", "of": {
        "title": "Sum is wrong", "body": "", "removed": 0, "open": true, "asked_by": null,
        "default_branch": "main", "public": false,
    }})
}

/// All that happens in a job that goes well, with the time each took.
fn life() -> Vec<(u64, Value)> {
    let id = "a".repeat(40);
    let step = |code: i32| {
        json!({"steps": [{"check": "test", "command": "make test",
        "exit": {"code": code}, "duration_ms": 4000, "tests": null, "excerpt": ""}]})
    };
    let url = "https://github.com/acme/api/pull/8";
    let pull_request = json!({"number": 8, "url": url, "draft": false});
    let event = |name: &str, of: Value| json!({"event": name, "of": of});
    vec![
        (10, inspected()),
        (
            20,
            event(
                "prepared",
                json!({"base": id, "tree": id, "notes": [], "template": null,
            "plan": {"steps": [], "format": null, "source": "Makefile"}}),
            ),
        ),
        (4001, event("baselined", step(1))),
        (
            60_000,
            event(
                "attempted",
                json!({"request": {"kind": "implement"}, "model": "qwen",
            "rung": 0, "outcome": {"kind": "no_change"}, "tree": id, "files": [], "calls": 2,
            "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider 0.86.2"}),
            ),
        ),
        (
            4002,
            event(
                "verified",
                json!({"verification": step(0), "tree": id, "scope": ["test"],
            "complaint": null}),
            ),
        ),
        (
            5000,
            event(
                "proved",
                json!({"new_tests": "fail_on_base", "broken_old_tests": null,
            "objections": []}),
            ),
        ),
        (30, event("committed", json!({"commit": id, "tree": id, "files": []}))),
        (40, event("pushed", json!({"branch": "ai/issue-7", "commit": id}))),
        (50, event("opened", pull_request.clone())),
        (0, event("ended", json!({"kind": "ready", "number": 8, "url": url, "draft": false}))),
        (60, json!({"event": "labelled"})),
        (0, json!({"event": "closed"})),
    ]
}

#[tokio::test]
async fn a_job_is_told_step_by_step_with_what_each_took() {
    let home = Home::new();
    let store = home.store();
    let id = job(&store, "api", 1, JobState::Running).await;
    for (took_ms, event) in life() {
        append(&store, &id, event, took_ms, JobState::Done).await;
    }
    let page = home.run(&["job", &id.0[..6]]);
    assert_eq!((page.code, page.stderr.as_str()), (0, ""));
    for line in [
        "state         done",
        "issue         #7 Sum is wrong",
        "branch        ai/issue-7",
        "pull request  https://github.com/acme/api/pull/8",
        "outcome       pull request #8 is ready for review",
        "base          test: make test RED (exit 1)  [4.0 s]",
        "agent         implement: no change (qwen, 2 model calls)  [60.0 s]",
        "check         test: make test green (exit 0)  [4.0 s]",
        "proof         the new tests fail without the change  [5.0 s]",
        "commit        aaaaaaaaaa (0 files)  [30 ms]",
        "push          ai/issue-7  [40 ms]",
        "pull request  #8  [50 ms]",
        "label         set  [60 ms]",
        "everything but the agent and the checks: 213 ms",
    ] {
        let line = line.replace("60.0 s", "1 min 0 s");
        let is_there = page.stdout.lines().any(|it| it.ends_with(&line));
        assert!(is_there, "no `{line}` in\n{}", page.stdout);
    }
    let began = page.stdout.lines().find(|it| it.contains("agent         implement")).unwrap();
    assert!(began.starts_with("09:00:00  agent"), "each step has the time it began: {began}");
    let bar = page.stdout.split("where its time went: ").nth(1).unwrap();
    assert!(bar.lines().nth(1).unwrap().contains("MMMM"), "{bar}");
    assert!(bar.lines().skip(2).all(|it| it.len() <= 80) && bar.is_ascii(), "{bar}");
    let whole = home.json(&["job", &id.0, "--json"]);
    assert_eq!((&whole["state"], &whole["branch"]), (&json!("done"), &json!("ai/issue-7")));
    assert_eq!(whole["own_ms"], 213);
    assert_eq!(whole["spent"][0], json!({"on": "model", "ms": 60_000}));
    let attempted = |it: &&Value| it["event"]["event"] == "attempted";
    let turn = whole["records"].as_array().unwrap().iter().find(attempted).unwrap();
    assert_eq!((&turn["event"]["of"]["calls"], &turn["took_ms"]), (&json!(2), &json!(60_000)));
}

#[tokio::test]
async fn a_beginning_that_fits_two_jobs_names_them() {
    let home = Home::new();
    let store = home.store();
    // Seventeen ids cannot all begin with another of the sixteen digits.
    let mut ids: Vec<JobId> = Vec::new();
    for n in 0..17 {
        ids.push(job(&store, "api", n, JobState::Done).await);
    }
    ids.sort();
    let pair = ids.windows(2).find(|it| it[0].0[..1] == it[1].0[..1]).unwrap();
    let ran = home.run(&["job", &pair[0].0[..1]]);
    ran.said(2, &format!("{}, {}", pair[0], pair[1]));
    home.run(&["job", "xyz"]).said(4, "no job `xyz`");
}

#[tokio::test]
async fn cancel_asks_for_a_jobs_end_once_and_says_when_it_comes() {
    let home = Home::new();
    let store = home.store();
    let running = job(&store, "api", 1, JobState::Running).await;
    let done = job(&store, "api", 2, JobState::Done).await;
    let ran = home.run(&["cancel", &running.0]);
    assert_eq!((ran.code, ran.stdout.trim()), (0, running.0.as_str()));
    assert!(ran.stderr.contains("at the next `codingworker serve`"), "{ran:?}");
    assert!(store.cancel_requested(&running).await.unwrap());
    assert!(home.run(&["job", &running.0]).stdout.contains("running, to be cancelled"));
    home.run(&["cancel", &done.0]).said(1, "over already: done");
}

#[tokio::test]
async fn cancel_knows_whether_a_worker_is_there() {
    let home = Home::new();
    let running = job(&home.store(), "api", 1, JobState::Running).await;
    let lock = fs::File::create(home.state_dir().join("lock")).unwrap();
    lock.try_lock().unwrap();
    assert_eq!(home.json(&["cancel", &running.0, "--json"])["worker_running"], true);
    drop(lock);
    assert_eq!(home.json(&["cancel", &running.0, "--json"])["worker_running"], false);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::new();
    job(&home.store(), "api", 1, JobState::Done).await;
    let mut command = home.command(&["jobs"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
