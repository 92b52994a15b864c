//! The audit after jobs, and after somebody who may write the file has been at it.

use codingworker::audit::GENESIS;
use serde_json::{Value, json};

use super::{audit_of, comments, unlabelled, without_work};
use crate::binary::world::{MAINTAINER, World, right};

fn verified(world: &World, args: &[&str]) -> (i32, Value, String) {
    let all = [&["audit", "verify", "--json"], args].concat();
    let output = world.command(&all).output().unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), told, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_who_asked_what_and_why_not_and_notices_a_changed_row() {
    let world = World::empty(|_, _| right()).await;
    assert_eq!(verified(&world, &[]).1["head"], GENESIS, "nothing was decided yet");
    for (name, who) in [("acme/one", MAINTAINER), ("acme/two", "tina"), ("acme/three", "rob")] {
        let issue = unlabelled(&world, name, "reporter");
        world.github.label(name, issue, "ai-task", who);
        without_work(&world, name);
        world.submit(name, issue, "first").await;
    }
    let pull = comments::pull(&world, "acme/talk");
    let comment = world.github.comment("acme/talk", pull, "@ai-fix status", MAINTAINER);
    comments::submit(&world, "acme/talk", pull, comment).await;
    world.serve_until_empty().await;

    let row = &audit_of(&world, "acme/one")[0];
    assert_eq!((&row["decision"], &row["asked"]), (&json!("allowed"), &json!("label ai-task")));
    assert_eq!((&row["row"], &row["thread"]), (&json!(1), &json!(1)));
    let ended = &audit_of(&world, "acme/one")[1];
    assert_eq!(ended["decision"], "ended");
    assert!(ended["why"].as_str().unwrap().contains("has no branch `nowhere`"), "{ended}");
    let row = &audit_of(&world, "acme/talk")[0];
    assert_eq!(row["decision"], "answered");
    assert_eq!(row["asked"], format!("issue_comment {comment}"));
    let shown = world.says(&["audit"]);
    for words in ["maintainer", "tina", "rob", "may not ask for work in acme/two", "acme/talk#1"] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    let of_job = row["job"].as_str().unwrap();
    assert_eq!(world.says(&["audit", "--job", of_job]).matches("status").count(), 0);

    let (code, told, _) = verified(&world, &[]);
    assert_eq!((code, &told["sound"], &told["rows"]), (0, &json!(true), &json!(5)), "{told}");
    let head = told["head"].as_str().unwrap().to_owned();
    assert_eq!(verified(&world, &["--expect", &head]).0, 0);
    let (code, _, said) = verified(&world, &["--expect", &"ab".repeat(32)]);
    assert_eq!(code, 1, "{said}");

    let file = rusqlite::Connection::open(world.state_dir().join("codingworker.db")).unwrap();
    let change = "UPDATE audit SET entry = replace(entry, 'tina', 'mary') WHERE seq = 3";
    // The file guards itself against slips; the chain is for whoever takes the guards away.
    let refused = file.execute(change, ()).unwrap_err().to_string();
    assert!(refused.contains("audit"), "{refused}");
    let named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'";
    let triggers = {
        let mut query = file.prepare(named).unwrap();
        let rows = query.query_map((), |it| it.get::<_, String>(0)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    for trigger in triggers {
        file.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    assert_eq!(verified(&world, &[]).0, 0, "the control: nothing was changed yet");
    assert_eq!(file.execute(change, ()).unwrap(), 1);
    drop(file);
    let (code, told, said) = verified(&world, &[]);
    assert_eq!((code, &told["sound"], &told["bad_row"]), (1, &json!(false), &json!(3)), "{told}");
    assert!(said.contains("row 3") && said.contains("2 before it are sound"), "{said}");
}
