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
        entry(Until::Flushed, move |it: &Connection| {
            it.execute("INSERT INTO notes VALUES (?1)", [text])?;
            after
        })
    };
    let (first, first_answer) = insert("first", Ok(()));
    let (failing, failing_answer) = insert("failing", Err(rusqlite::Error::InvalidQuery));
    let (panicking, panicking_answer) = entry(Until::Flushed, |it: &Connection| {
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
    let (good, good_answer) =
        entry(Until::Flushed, |it: &Connection| it.execute("INSERT INTO a VALUES (1)", []));
    let (bad, bad_answer) =
        entry(Until::Flushed, |it: &Connection| it.execute("INSERT INTO b VALUES (9)", []));
    commit_together(&connection, vec![good, bad]);
    assert!(matches!(good_answer.await.unwrap(), Ok(Err(_))), "it was not written");
    assert!(matches!(bad_answer.await.unwrap(), Ok(Err(_))));
    let (later, later_answer) =
        entry(Until::Flushed, |it: &Connection| it.execute("INSERT INTO a VALUES (2)", []));
    commit_together(&connection, vec![later]);
    assert!(matches!(later_answer.await.unwrap(), Ok(Ok(1))), "and the next one is not harmed");
}

#[tokio::test]
async fn nothing_is_flushed_less_than_the_one_that_needs_it_most() {
    let connection = Connection::open_in_memory().unwrap();
    let level = |until| {
        entry(until, |it: &Connection| {
            it.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))
        })
    };
    let (normal, full) = (1, 2);
    let (alone, alone_answer) = level(Until::Committed);
    commit_together(&connection, vec![alone]);
    assert!(matches!(alone_answer.await.unwrap(), Ok(Ok(it)) if it == normal));
    let (first, first_answer) = level(Until::Committed);
    let (second, second_answer) = level(Until::Flushed);
    commit_together(&connection, vec![first, second]);
    assert!(matches!(first_answer.await.unwrap(), Ok(Ok(it)) if it == full));
    assert!(matches!(second_answer.await.unwrap(), Ok(Ok(it)) if it == full));
}

#[tokio::test]
async fn what_was_not_flushed_outlives_a_process_that_is_killed() {
    let (folder, path) = file();
    let database = Database::open(&path).unwrap();
    with_notes(&database).await;
    database
        .write_unflushed(|it| it.execute("INSERT INTO notes VALUES ('kept')", []))
        .await
        .unwrap();
    let left = folder.path().join("left.db");
    fs::copy(wal(&path), wal(&left)).unwrap();
    fs::copy(&path, &left).unwrap();
    assert_eq!(notes(&Database::open(&left).unwrap()).await, 1);
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
    let (entry, answer) = entry(Until::Flushed, |it: &Connection| {
        it.execute("INSERT INTO notes VALUES ('orphan')", [])
    });
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

#[test]
fn a_disk_that_fails_may_do_it_at_the_next_try_and_a_wrong_statement_never_does() {
    use rusqlite::ffi;
    let fault = |code| {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        DatabaseError::from(error).fault()
    };
    for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_CANTOPEN] {
        assert_eq!(fault(code), Fault::Transient, "{code}");
    }
    for code in [ffi::SQLITE_ERROR, ffi::SQLITE_SCHEMA, ffi::SQLITE_CONSTRAINT_UNIQUE] {
        assert_eq!(fault(code), Fault::Permanent, "{code}");
    }
    let no_row = DatabaseError::from(rusqlite::Error::QueryReturnedNoRows);
    assert_eq!(no_row.fault(), Fault::Permanent);
}

mod backup {
    use std::os::unix::fs::PermissionsExt;

    use super::super::*;

    async fn add(database: &Database, name: &'static str) {
        let sql = "INSERT INTO jobs (id, key, repository, issue, task, receipt, state, created_at,
                   updated_at) VALUES (?1, ?1, 'a/b', 1, '{}', '', 'queued', 0, 0)";
        database.write(move |it| it.execute(sql, [name])).await.unwrap();
    }

    async fn names(database: &Database) -> Vec<String> {
        let read = |it: &Connection| {
            it.prepare("SELECT id FROM jobs ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()
        };
        database.read(read).await.unwrap()
    }

    #[tokio::test]
    async fn a_backup_is_made_while_others_write_and_holds_one_moment() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("db"), dir.path().join("copy"));
        let database = Database::open(&path).unwrap();
        add(&database, "first").await;
        let writing = database.clone();
        let writing = tokio::spawn(async move {
            for _ in 0..50 {
                writing.write(|it| it.execute("UPDATE jobs SET updated_at = 1", [])).await.unwrap();
            }
        });
        let bytes = Database::back_up(&path, &copy).unwrap();
        writing.await.unwrap();
        add(&database, "later").await;
        let metadata = copy.metadata().unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (bytes, 0o600));
        assert_eq!(names(&Database::open(&copy).unwrap()).await, ["first"]);
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|it| it.unwrap().path()).collect();
        assert!(!left.iter().any(|it| it.extension().is_some_and(|it| it == "part")), "{left:?}");
    }

    #[tokio::test]
    async fn a_restored_database_is_what_it_was_and_what_was_there_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("db"), dir.path().join("copy"));
        let database = Database::open(&path).unwrap();
        add(&database, "old").await;
        Database::back_up(&path, &copy).unwrap();
        add(&database, "new").await;
        // Another process has it open all the while, and sees the step.
        let kept = Database::restore(&copy, &path, "now").unwrap().unwrap();
        assert_eq!(names(&database).await, ["old"]);
        assert_eq!(names(&Database::open(&kept).unwrap()).await, ["new", "old"]);
    }

    #[tokio::test]
    async fn a_damaged_database_can_be_restored_over_and_is_kept_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (path, copy) = (dir.path().join("db"), dir.path().join("copy"));
        add(&Database::open(&path).unwrap(), "old").await;
        Database::back_up(&path, &copy).unwrap();
        fs::write(&path, b"this is no database at all, and long enough to be read as one").unwrap();
        let kept = Database::restore(&copy, &path, "now").unwrap().unwrap();
        assert_eq!(names(&Database::open(&path).unwrap()).await, ["old"]);
        assert!(fs::read(kept).unwrap().starts_with(b"this is no database"));
    }

    #[tokio::test]
    async fn nothing_changes_when_the_backup_is_none_or_the_place_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let database = Database::open(&path).unwrap();
        add(&database, "mine").await;
        let at = |name: &str| dir.path().join(name);
        fs::write(at("text"), "a text").unwrap();
        drop(Connection::open(at("empty")).unwrap());
        let newer = Connection::open(at("newer")).unwrap();
        newer.execute_batch("CREATE TABLE jobs (id); PRAGMA user_version = 999").unwrap();
        drop(newer);
        for (name, what) in
            [("text", "take an earlier one"), ("empty", "no backup"), ("newer", "newer")]
        {
            let error = Database::restore(&at(name), &path, "now").unwrap_err().to_string();
            assert!(error.contains(what), "{name}: {error}");
        }
        let error = Database::back_up(&path, &at("text")).unwrap_err().to_string();
        assert!(error.contains("choose another"), "{error}");
        assert_eq!(fs::read(at("text")).unwrap(), b"a text");
        assert_eq!(names(&database).await, ["mine"]);
    }
}
