use super::*;
use crate::domain::job::{JobId, Person};
use crate::domain::time::Timestamp;

mod mutations;

fn entry(number: u64) -> Entry {
    Entry {
        key: format!("4f0a00000000 allowed {number}"),
        at: Timestamp(1_795_234_799_999),
        job: Some(JobId("4f0a00000000".into())),
        repository: "acme/api".into(),
        thread: 7,
        actor: Some(Person { id: 583_231, login: "octocat".into() }),
        asked: format!("comment {number}"),
        decision: Decision::Allowed,
        why: "octocat may push to acme/api".into(),
    }
}

fn audit() -> Audit {
    Audit::new(Database::open_in_memory().unwrap())
}

async fn filled(rows: u64) -> Audit {
    let audit = audit();
    for number in 1..=rows {
        audit.append(&entry(number)).await.unwrap();
    }
    audit
}

#[tokio::test]
async fn rows_are_numbered_chained_and_come_back_newest_first() {
    let audit = audit();
    let first = audit.append(&entry(1)).await.unwrap();
    let second = audit.append(&entry(2)).await.unwrap();
    assert_eq!((first.seq, second.seq), (1, 2));
    assert_eq!((first.previous.as_str(), &second.previous), (GENESIS, &first.hash));
    assert_eq!(second.entry, entry(2));
    let rows = audit.rows(&AuditFilter::default(), 9).await.unwrap();
    assert_eq!(rows, [second.clone(), first]);
    assert_eq!(audit.rows(&AuditFilter::default(), 1).await.unwrap(), [second]);
}

#[tokio::test]
async fn a_redone_action_is_the_row_that_it_was_the_first_time() {
    let audit = filled(2).await;
    let first = audit.rows(&AuditFilter::default(), 9).await.unwrap().pop().unwrap();
    let redone = Entry { at: Timestamp(9), why: "It was asked again.".into(), ..entry(1) };
    assert_eq!(audit.append(&redone).await, Ok(first));
    let verdict = audit.verify(None).await.unwrap();
    assert_eq!((verdict.rows, verdict.broken), (2, None));
}

#[tokio::test]
async fn rows_are_found_by_repository_and_by_the_beginning_of_a_job() {
    let audit = audit();
    let of = |number, repository: &str, job: &str| Entry {
        repository: repository.into(),
        job: Some(JobId(job.into())),
        ..entry(number)
    };
    audit.append(&of(1, "Acme/API", "aaaa00000000")).await.unwrap();
    audit.append(&of(2, "acme/web", "aabb00000000")).await.unwrap();
    audit.append(&Entry { job: None, ..entry(3) }).await.unwrap();
    let found = |repository: Option<&str>, job: Option<&str>| {
        let repository = repository.map(|it| it.parse().unwrap());
        let filter = AuditFilter { repository, job: job.map(str::to_owned) };
        let audit = audit.clone();
        async move {
            let rows = audit.rows(&filter, 9).await.unwrap();
            rows.into_iter().map(|it| it.seq).collect::<Vec<_>>()
        }
    };
    assert_eq!(found(None, None).await, [3, 2, 1]);
    assert_eq!(found(Some("ACME/api"), None).await, [3, 1]);
    assert_eq!(found(None, Some("aa")).await, [2, 1]);
    assert_eq!(found(None, Some("AABB")).await, [2]);
    assert_eq!(found(Some("acme/api"), Some("aaaa00000000")).await, [1]);
    assert_eq!(found(None, Some("%")).await, [0; 0]);
}

#[tokio::test]
async fn texts_are_cut_to_their_bounds_and_keep_to_one_line() {
    let audit = audit();
    let long = Entry {
        asked: "x".repeat(9_999),
        why: format!("a\nb\u{1b}c{}", "é".repeat(9_999)),
        ..entry(1)
    };
    let row = audit.append(&long).await.unwrap();
    assert_eq!(row.entry.asked.chars().count(), 256);
    assert_eq!(row.entry.why.chars().count(), 2_000);
    assert!(row.entry.why.starts_with("a b cé") && row.entry.why.ends_with("é…"));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_not_cut() {
    for length in [0, LONGEST_KEY + 1] {
        let entry = Entry { key: "k".repeat(length), ..entry(1) };
        assert_eq!(audit().append(&entry).await, Err(AuditError::Key { length }));
    }
}

/// Takes the triggers away, as whoever owns the file can.
fn unguard(connection: &Connection) {
    let find = "SELECT group_concat('DROP TRIGGER ' || name, '; ') FROM sqlite_schema
                WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_head')";
    let drop: String = connection.query_row(find, [], |row| row.get(0)).unwrap();
    connection.execute_batch(&drop).unwrap();
}

#[tokio::test]
async fn the_guards_of_the_tables_let_nothing_change() {
    let audit = filled(3).await;
    let before = audit.verify(None).await.unwrap();
    let next = chain::hash(before.head.as_bytes(), 4, b"{}");
    let zeros = GENESIS;
    for sql in [
        "UPDATE audit SET entry = entry".to_owned(),
        "UPDATE audit SET seq = 9 WHERE seq = 3".to_owned(),
        "DELETE FROM audit WHERE seq = 3".to_owned(),
        "DELETE FROM audit".to_owned(),
        format!("INSERT INTO audit (seq, entry, previous, hash) VALUES (5, '{{}}', '{zeros}', '')"),
        format!(
            "INSERT OR REPLACE INTO audit (seq, entry, previous, hash)
                 VALUES (3, '{{}}', '{}', '{next}')",
            before.head
        ),
        // A key that is there already: to replace its row would be to delete it.
        format!(
            "INSERT OR REPLACE INTO audit (seq, entry, previous, hash)
                 SELECT 4, entry, '{}', '{next}' FROM audit WHERE seq = 1",
            before.head
        ),
        "UPDATE audit_head SET count = 2".to_owned(),
        format!("UPDATE audit_head SET count = 4, hash = '{next}'"),
        "UPDATE audit_head SET hash = ''".to_owned(),
        "DELETE FROM audit_head".to_owned(),
        format!("INSERT OR REPLACE INTO audit_head VALUES (1, 0, '{zeros}')"),
    ] {
        let statement = sql.clone();
        let bare = filled(3).await;
        let unguarded = bare.database.write(move |it| {
            unguard(it);
            it.execute(&statement, [])
        });
        assert_eq!(unguarded.await.map(|it| it > 0), Ok(true), "without guards: {sql}");
        let statement = sql.clone();
        let changed = audit.database.write(move |it| it.execute(&statement, [])).await;
        assert!(matches!(changed, Err(DatabaseError::Failed(_))), "{sql}: {changed:?}");
    }
    assert_eq!(audit.verify(None).await.unwrap(), before);
    assert_eq!(audit.append(&entry(4)).await.unwrap().previous, before.head, "and it goes on");
}

#[tokio::test]
async fn a_head_that_was_noted_is_in_the_chain_for_ever() {
    let audit = audit();
    let empty = audit.verify(Some(GENESIS)).await.unwrap();
    assert_eq!((empty.rows, empty.head.as_str(), empty.expected), (0, GENESIS, Some(true)));
    audit.append(&entry(1)).await.unwrap();
    let noted = audit.verify(None).await.unwrap();
    assert_eq!((noted.rows, noted.expected), (1, None));
    for number in 2..5 {
        audit.append(&entry(number)).await.unwrap();
    }
    for known in [GENESIS, &noted.head, &noted.head.to_uppercase()] {
        assert!(audit.verify(Some(known)).await.unwrap().is_sound());
    }
    let other = audit.verify(Some(&"f".repeat(64))).await.unwrap();
    assert_eq!(
        (other.broken.clone(), other.expected, other.is_sound()),
        (None, Some(false), false)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_write_at_once_make_one_chain_and_redo_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Audit::new(Database::open(&folder.path().join("codingworker.db")).unwrap());
    let mut writing = tokio::task::JoinSet::new();
    for audit in [open(), open()] {
        for number in 0..50 {
            let audit = audit.clone();
            writing.spawn(async move { audit.append(&entry(number)).await.unwrap() });
        }
    }
    while let Some(written) = writing.join_next().await {
        written.unwrap();
    }
    let verdict = open().verify(None).await.unwrap();
    assert_eq!((verdict.rows, verdict.broken), (50, None));
}

/// Made with the documented recipe and `sha256sum`, not with a line of ours.
#[tokio::test]
async fn another_program_finds_the_same_hashes() {
    let audit = filled(1).await;
    let refused = Entry {
        job: None,
        actor: None,
        decision: Decision::Refused,
        why: "日本 \"quoted\"".into(),
        ..entry(2)
    };
    let second = audit.append(&refused).await.unwrap();
    assert_eq!(second.previous, "78932bc1dfe26675adc6d73cab9ff5529c7e995e1e24e24791a88b68c7cb1d77");
    assert_eq!(second.hash, "b388e792de76d2476ffa772228891d98d720f34561f9e95afd81004ee40f4aa4");
    let read = audit.database.read(|it| {
        it.query_row("SELECT entry FROM audit WHERE seq = 2", [], |row| row.get::<_, String>(0))
    });
    let text = concat!(
        r#"{"key":"4f0a00000000 allowed 2","at":1795234799999,"job":null,"#,
        r#""repository":"acme/api","thread":7,"actor":null,"asked":"comment 2","#,
        r#""decision":"refused","why":"日本 \"quoted\""}"#,
    );
    assert_eq!(read.await.unwrap(), text);
}
