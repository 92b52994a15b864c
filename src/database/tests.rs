use super::*;

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/codingworker.db");
    (folder, path)
}

/// A table of the tests' own: what it holds is nobody's business but theirs.
async fn with_notes(database: &Database) {
    database
        .write(|it| it.execute_batch("CREATE TABLE IF NOT EXISTS notes (text TEXT UNIQUE) STRICT"))
        .await
        .unwrap();
}

async fn note(database: &Database, text: String) -> Result<usize, DatabaseError> {
    database.write(move |it| it.execute("INSERT INTO notes VALUES (?1)", [text])).await
}

async fn notes(database: &Database) -> i64 {
    database
        .read(|it| it.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    note(&database, "kept".into()).await.unwrap();
    drop(database);
    assert!(!wal(&path).exists(), "the last one out leaves one clean file");
    assert_eq!(notes(&Database::open(&path).unwrap()).await, 1);
}

#[tokio::test]
async fn what_was_answered_is_there_although_nobody_closed_the_file() {
    let (folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    note(&database, "kept".into()).await.unwrap();
    // What a killed process leaves behind: the files as they are at this moment.
    let left = folder.path().join("left.db");
    fs::copy(wal(&path), wal(&left)).unwrap();
    fs::copy(&path, &left).unwrap();
    assert!(wal(&left).metadata().unwrap().len() > 0, "the note is still in the write-ahead log");
    assert_eq!(notes(&Database::open(&left).unwrap()).await, 1);
}

#[tokio::test]
async fn one_write_that_fails_does_not_take_its_neighbours_with_it() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE notes (text TEXT UNIQUE) STRICT").unwrap();
    let insert = |text: &'static str, after: rusqlite::Result<()>| {
        entry(move |it: &Connection| {
            it.execute("INSERT INTO notes VALUES (?1)", [text])?;
            after
        })
    };
    let (first, first_answer) = insert("first", Ok(()));
    let (failing, failing_answer) = insert("failing", Err(rusqlite::Error::InvalidQuery));
    let (panicking, panicking_answer) = entry(|it: &Connection| {
        it.execute("INSERT INTO notes VALUES ('panicking')", [])?;
        panic!("a bug in somebody's closure");
        #[expect(unreachable_code, reason = "gives the closure its type")]
        Ok(())
    });
    let (last, last_answer) = insert("last", Ok(()));
    commit_together(&connection, vec![first, failing, panicking, last]);
    assert!(matches!(first_answer.await.unwrap(), Ok(Ok(()))));
    assert!(matches!(failing_answer.await.unwrap(), Ok(Err(DatabaseError::Failed(_)))));
    assert!(panicking_answer.await.unwrap().is_err());
    assert!(matches!(last_answer.await.unwrap(), Ok(Ok(()))));
    let kept: String =
        connection.query_row("SELECT group_concat(text) FROM notes", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "first,last");
}

#[tokio::test]
async fn a_transaction_that_cannot_be_committed_is_a_failure_for_everyone_in_it() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; CREATE TABLE a (id INTEGER PRIMARY KEY);
             CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED);",
        )
        .unwrap();
    let (good, good_answer) = entry(|it: &Connection| it.execute("INSERT INTO a VALUES (1)", []));
    let (bad, bad_answer) = entry(|it: &Connection| it.execute("INSERT INTO b VALUES (9)", []));
    commit_together(&connection, vec![good, bad]);
    assert!(matches!(good_answer.await.unwrap(), Ok(Err(_))), "it was not written");
    assert!(matches!(bad_answer.await.unwrap(), Ok(Err(_))));
    let (later, later_answer) = entry(|it: &Connection| it.execute("INSERT INTO a VALUES (2)", []));
    commit_together(&connection, vec![later]);
    assert!(matches!(later_answer.await.unwrap(), Ok(Ok(1))), "and the next one is not harmed");
}

#[tokio::test]
async fn a_panicking_write_is_the_callers_panic_and_the_database_lives_on() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    let own = database.clone();
    let asked =
        tokio::spawn(
            async move { own.write(|_| -> rusqlite::Result<()> { panic!("a bug") }).await },
        );
    assert!(asked.await.unwrap_err().is_panic());
    note(&database, "later".into()).await.unwrap();
    assert_eq!(notes(&database).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_worth_of_handles_write_to_one_file_at_once() {
    let (_folder, path) = file();
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::task::spawn_blocking(move || Database::open(&path).unwrap())
        })
        .collect();
    let mut databases = Vec::new();
    for opened in opening {
        databases.push(opened.await.unwrap());
    }
    with_notes(&databases[0]).await;
    let mut writing = tokio::task::JoinSet::new();
    for (one, database) in databases.iter().enumerate() {
        for number in 0..50 {
            let database = database.clone();
            writing.spawn(async move { note(&database, format!("{one} {number}")).await });
        }
    }
    while let Some(written) = writing.join_next().await {
        written.unwrap().unwrap();
    }
    for database in &databases {
        assert_eq!(notes(database).await, 200);
    }
}

#[tokio::test]
async fn a_write_is_carried_out_although_its_caller_went_away() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    let (entry, answer) =
        entry(|it: &Connection| it.execute("INSERT INTO notes VALUES ('orphan')", []));
    drop(answer);
    database.inner.writer.as_ref().unwrap().send(entry).await.unwrap();
    note(&database, "after it".into()).await.unwrap();
    assert_eq!(notes(&database).await, 2);
}

#[test]
fn a_newer_schema_is_refused_and_left_as_it_is() {
    let (_folder, path) = file();
    drop(Database::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let Err(error) = Database::open(&path) else { panic!("it was opened") };
    assert_eq!(
        error,
        DatabaseError::TooNew { path: path.clone(), found: 99, known: MIGRATIONS.len() }
    );
    assert!(error.to_string().contains("newer codingworker"), "{error}");
    let version: i64 = Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 99);
}

#[test]
fn an_older_schema_is_brought_up_to_date() {
    let (_folder, path) = file();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = Connection::open(&path).unwrap();
    old.execute_batch(MIGRATIONS[0]).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    drop(Database::open(&path).unwrap());
    let tables: i64 = Connection::open(&path)
        .unwrap()
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('jobs', 'messages')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 2);
}

#[test]
fn a_file_that_is_no_database_is_called_damaged() {
    let (_folder, path) = file();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "not a database, but long enough to have a header ".repeat(20)).unwrap();
    assert!(matches!(Database::open(&path), Err(DatabaseError::Damaged { .. })));
}

#[test]
fn nobody_else_can_read_the_file_or_its_folder() {
    let (_folder, path) = file();
    let _database = Database::open(&path).unwrap();
    let mode = |it: &Path| it.metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&wal(&path)), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _again = Database::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600, "a mode that somebody widened is narrowed again");
}

#[tokio::test]
async fn the_file_is_written_ahead_and_flushed_at_each_commit() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    let pragmas = database
        .write(|it| {
            let text = |name| it.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let mode: String = it.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok((mode, text("synchronous")?, text("foreign_keys")?, text("busy_timeout")?))
        })
        .await
        .unwrap();
    assert_eq!(pragmas, ("wal".to_owned(), 2, 1, 5_000));
}

#[tokio::test]
async fn reading_cannot_write() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    assert!(database.read(|it| it.execute("DELETE FROM jobs", [])).await.is_err());
}

#[tokio::test]
async fn a_full_disk_fails_the_write_and_nothing_else() {
    let (_folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    note(&database, "before".into()).await.unwrap();
    let pages = |most: i64| {
        let database = database.clone();
        async move {
            let set = move |it: &Connection| {
                it.pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))
            };
            database.write(set).await.unwrap();
        }
    };
    pages(1).await; // SQLite takes the present size instead: no page more.
    let error = note(&database, "x".repeat(100_000)).await.unwrap_err();
    assert_eq!(error, DatabaseError::DiskFull);
    assert_eq!(error.fault(), Fault::Transient);
    pages(1_000_000).await;
    note(&database, "x".repeat(100_000)).await.unwrap();
    assert_eq!(notes(&database).await, 2);
}
