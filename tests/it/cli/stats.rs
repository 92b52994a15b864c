//! `stats`.

use codingworker::domain::change::Fate;

use super::*;

fn turn(kind: &str) -> Value {
    let mut request = json!({"kind": kind});
    if kind == "fix" {
        request["complaint"] = json!({"kind": "unusable", "reason": "cut off"});
    }
    json!({"event": "attempted", "of": {"request": request, "model": "qwen", "rung": 0,
        "outcome": {"kind": "edited"}, "tree": "a", "files": [], "calls": 1,
        "tokens": {"read": 1, "written": 1}, "left_out": [], "agent": "aider"}})
}

/// A job that ended with a pull request of this number.
async fn ended(store: &Store, name: &str, n: i64, turns: &[&str], kind: &str) {
    let id = job(store, name, n, JobState::Running).await;
    for it in turns {
        append(store, &id, turn(it), 3, JobState::Running).await;
    }
    let pull = json!({"number": 100 + n, "url": "https://example.com", "draft": kind != "ready"});
    append(store, &id, json!({"event": "opened", "of": pull}), 3, JobState::Running).await;
    let mut of = pull;
    of["kind"] = kind.into();
    append(store, &id, json!({"event": "ended", "of": of}), 3, JobState::Running).await;
    append(store, &id, json!({"event": "closed"}), 3, JobState::Done).await;
}

#[test]
fn before_anything_has_happened_there_is_nothing_to_count_and_looking_makes_nothing() {
    let home = Home::new();
    home.run(&["stats"]).said(0, "no such jobs that a model worked on in");
    assert_eq!(home.json(&["stats", "--json"]), json!([]));
    assert!(!home.state_dir().exists());
}

#[tokio::test]
async fn jobs_are_counted_by_how_they_went_and_what_became_of_them() {
    let home = Home::new();
    let store = home.store();
    ended(&store, "api", 1, &["implement", "cover"], "ready").await;
    ended(&store, "api", 2, &["implement", "fix"], "ready").await;
    ended(&store, "api", 3, &["implement"], "incomplete").await;
    ended(&store, "web", 4, &["implement"], "ready").await;
    job(&store, "web", 5, JobState::Running).await;
    let all = store.fates().await.unwrap();
    assert!(store.begin_look(&all[0], at(9)).await.unwrap());
    store.saw(&all[0], Fate::Merged, None).await.unwrap();
    let api = json!({"repository": "acme/api", "model": "qwen", "kind": "issue", "jobs": 3,
        "at_once": 1, "after_more_attempts": 1, "never": 1, "merged": 1, "closed": 0, "open": 2});
    let rows = home.json(&["stats", "--json"]);
    assert_eq!((&rows[0], rows.as_array().unwrap().len()), (&api, 2));
    assert_eq!(home.json(&["stats", "--json", "--repo", "Acme/API"]), json!([api]));
    let ran = home.run(&["stats"]);
    let lines = ran.stdout.lines().collect::<Vec<_>>();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        words(lines[0]),
        "REPOSITORY MODEL KIND JOBS AT ONCE LATER NEVER MERGED CLOSED OPEN"
    );
    assert_eq!(
        words(lines[1]),
        "acme/api qwen issue 3 1 (33 %) 1 (33 %) 1 (33 %) 1 (33 %) 0 2 (67 %)"
    );
    assert_eq!(words(lines[3]), "all 4 2 (50 %) 1 (25 %) 1 (25 %) 1 (25 %) 0 3 (75 %)");
    assert!(ran.stderr.contains("3 of the open were not looked at yet"), "{ran:?}");
}

#[tokio::test]
async fn only_jobs_that_came_in_since_then_are_counted() {
    let home = Home::new();
    let store = home.store();
    // These are of January 2026.
    ended(&store, "api", 1, &["implement"], "ready").await;
    assert_eq!(home.json(&["stats", "--json", "--since", "1h"]), json!([]));
    let all = home.json(&["stats", "--json", "--since", "5000w"]);
    assert_eq!(all[0]["jobs"], 1);
    home.run(&["stats", "--since", "soon"]).said(2, "is no length of time");
    home.run(&["stats", "--repo", "acme"]).said(2, "OWNER/NAME");
}
