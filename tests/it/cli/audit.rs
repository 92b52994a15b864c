//! `audit` and `audit verify`.

use codingworker::audit::{Audit, Decision, Entry, GENESIS, Row};
use codingworker::domain::job::Person;

use super::*;

async fn row(home: &Home, number: u64, repository: &str, decision: Decision) -> Row {
    let entry = Entry {
        key: format!("{number}"),
        at: at(0),
        job: Some(JobId(format!("4f0a0000000{number}"))),
        repository: repository.to_owned(),
        thread: 7,
        actor: Some(Person { id: 583_231, login: "octocat".to_owned() }),
        asked: format!("comment {number}"),
        decision,
        why: "octocat may\u{202e} push".to_owned(),
    };
    Audit::new(home.database()).append(&entry).await.unwrap()
}

async fn tampered(home: &Home, sql: &'static str) {
    home.database().write(move |it| it.execute_batch(sql)).await.unwrap();
}

#[test]
fn before_anything_was_asked_the_audit_is_empty_and_looking_makes_none() {
    let home = Home::new();
    home.run(&["audit"]).said(0, "no rows in the audit of");
    assert_eq!(home.json(&["audit", "--json"]), json!([]));
    let verdict = json!({"sound": true, "rows": 0, "head": GENESIS, "bad_row": null,
        "flaw": null, "expected_found": null});
    assert_eq!(home.json(&["audit", "verify", "--json"]), verdict);
    assert!(!home.state_dir().exists());
    let noted = "a".repeat(64);
    let gone = home.run(&["audit", "verify", "--expect", &noted]);
    assert_eq!(gone.code, 1, "one that was noted and is gone is no empty one: {gone:?}");
    assert_eq!(home.run(&["audit", "verify", "--expect", GENESIS]).code, 0);
}

#[tokio::test]
async fn rows_are_listed_newest_first_and_filtered() {
    let home = Home::new();
    row(&home, 1, "acme/api", Decision::Allowed).await;
    let second = row(&home, 2, "acme/web", Decision::Refused).await;
    let rows = |args: &[&str]| {
        let list = home.json(args);
        let rows = list.as_array().unwrap().iter().map(|it| it["row"].as_u64().unwrap());
        rows.collect::<Vec<_>>()
    };
    assert_eq!(rows(&["audit", "--json"]), [2, 1]);
    assert_eq!(rows(&["audit", "--json", "--repo", "Acme/API"]), [1]);
    assert_eq!(rows(&["audit", "--json", "--job", "4F0A00000002"]), [2]);
    assert_eq!(rows(&["audit", "--json", "--job", "4f0a"]), [2, 1]);
    assert_eq!(rows(&["audit", "--json", "--limit", "1"]), [2]);
    assert_eq!(
        home.json(&["audit", "--json"])[0],
        json!({
            "row": 2, "at": "2026-01-01T00:01:00Z", "decision": "refused",
            "repository": "acme/web", "thread": 7,
            "actor": {"id": 583_231, "login": "octocat"}, "asked": "comment 2",
            "job": "4f0a00000002", "why": "octocat may\u{202e} push", "key": "2",
            "previous": second.previous, "hash": second.hash,
        })
    );
    let table = home.run(&["audit", "--limit", "1"]);
    assert_eq!(
        table.stdout,
        "ROW  AT                    DECISION  THREAD      BY       ASKED      JOB           WHY\n\
         2    2026-01-01T00:01:00Z  refused   acme/web#7  octocat  comment 2  4f0a00000002  \
         octocat may push\n"
    );
    assert!(table.stderr.contains("--limit shows more than 1"), "{table:?}");
    home.run(&["audit", "--repo", "acme/none"]).said(0, "no such rows");
    home.run(&["audit", "--job", "%"]).said(2, "hexadecimal digits");
}

#[tokio::test]
async fn a_chain_that_nobody_touched_is_sound_and_its_head_can_be_noted() {
    let home = Home::new();
    let first = row(&home, 1, "acme/api", Decision::Allowed).await;
    let noted = home.json(&["audit", "verify", "--json"])["head"].clone();
    assert_eq!(noted, first.hash);
    let second = row(&home, 2, "acme/api", Decision::Pushed).await;
    let ran = home.run(&["audit", "verify", "--expect", noted.as_str().unwrap()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.stdout, format!("rows  2\nhead  {}\n", second.hash));
    let other = home.run(&["audit", "verify", "--expect", &"b".repeat(64)]);
    assert!(other.code == 1 && other.stderr.contains("written anew"), "{other:?}");
    home.run(&["audit", "verify", "--expect", "beef"]).said(2, "64 hexadecimal digits");
}

#[tokio::test]
async fn the_first_bad_row_is_named_with_what_is_wrong_with_it() {
    let home = Home::new();
    for number in 1..=3 {
        row(&home, number, "acme/api", Decision::Allowed).await;
    }
    assert_eq!(home.run(&["audit", "verify"]).code, 0);
    tampered(
        &home,
        "DROP TRIGGER audit_is_not_edited;
         UPDATE audit SET entry = replace(entry, 'octocat', 'hubot') WHERE seq >= 2;",
    )
    .await;
    home.run(&["audit", "verify"]).said(1, "row 2: its content is not what was hashed");
    let ran = home.run(&["audit", "verify", "--json"]);
    assert_eq!(ran.code, 1);
    let verdict: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&verdict["sound"], &verdict["bad_row"]), (&json!(false), &json!(2)));
    assert_eq!(verdict["rows"], 1);
}

#[tokio::test]
async fn rows_that_were_taken_off_the_end_are_missed() {
    let home = Home::new();
    for number in 1..=3 {
        row(&home, number, "acme/api", Decision::Allowed).await;
    }
    tampered(&home, "DROP TRIGGER audit_is_not_deleted; DELETE FROM audit WHERE seq = 3;").await;
    home.run(&["audit", "verify"]).said(1, "row 3: it is missing");
}
