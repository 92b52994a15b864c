//! An attacker with the file: he drops the guards and changes what he likes. All of it is found,
//! and the first bad row named, as long as he does not make the whole rest of the chain anew.

use super::*;

const ROWS: i64 = 12;
const MUTATIONS: u64 = 10_000;

/// What somebody did, and where that has to show.
struct Mutation {
    done: String,
    shows_at: i64,
}

/// The same numbers each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `from..=to`.
    fn among(&mut self, from: i64, to: i64) -> i64 {
        from + (self.roll() % (to - from + 1).cast_unsigned()).cast_signed()
    }
}

/// As whoever owns the file can: no guards, no constraints, no types.
fn disarm(connection: &Connection) {
    unguard(connection);
    connection
        .execute_batch(
            "CREATE TABLE bare AS SELECT seq, entry, previous, hash FROM audit;
             CREATE TABLE bare_head AS SELECT count, hash FROM audit_head;
             DROP TABLE audit; DROP TABLE audit_head;
             ALTER TABLE bare RENAME TO audit; ALTER TABLE bare_head RENAME TO audit_head;",
        )
        .unwrap();
}

fn bytes(connection: &Connection, column: &str, seq: i64) -> Vec<u8> {
    let sql = format!("SELECT CAST({column} AS BLOB) FROM audit WHERE seq = ?1");
    connection.query_row(&sql, [seq], |row| row.get(0)).unwrap()
}

fn put(connection: &Connection, column: &str, seq: i64, value: &[u8]) {
    let sql = format!("UPDATE audit SET {column} = CAST(?2 AS TEXT) WHERE seq = ?1");
    assert_eq!(connection.execute(&sql, params![seq, value]).unwrap(), 1);
}

fn flip(dice: &mut Dice, mut value: Vec<u8>) -> Vec<u8> {
    let at = usize::try_from(dice.among(0, value.len().cast_signed() as i64 - 1)).unwrap();
    value[at] ^= 1 << dice.among(0, 7);
    value
}

fn mutate(connection: &Connection, dice: &mut Dice) -> Mutation {
    let run = |sql: &str, values: &[i64]| {
        let changed = connection.execute(sql, rusqlite::params_from_iter(values)).unwrap();
        assert!(changed > 0, "{sql} {values:?} changed nothing");
    };
    let (n, m) = (dice.among(1, ROWS - 1), dice.among(1, ROWS));
    let n_to_end = dice.among(n + 1, ROWS);
    let (done, shows_at) = match dice.among(0, 15) {
        kind @ 0..=4 => {
            let column = ["entry", "entry", "entry", "previous", "hash"][kind as usize];
            put(connection, column, m, &flip(dice, bytes(connection, column, m)));
            (format!("a bit of {column} {m} flipped"), m)
        }
        5 => {
            run("DELETE FROM audit WHERE seq BETWEEN ?1 AND ?2", &[n, n_to_end]);
            (format!("rows {n} to {n_to_end} deleted"), n)
        }
        6 => {
            run("DELETE FROM audit WHERE seq >= ?1", &[m]);
            (format!("all from {m} on deleted"), m)
        }
        7 => {
            run("UPDATE audit SET seq = ?1 + ?2 - seq WHERE seq IN (?1, ?2)", &[n, n_to_end]);
            (format!("rows {n} and {n_to_end} swapped"), n)
        }
        8 => {
            let columns = ["entry", "previous", "hash"];
            for column in columns {
                put(connection, column, n_to_end, &bytes(connection, column, n));
            }
            (format!("row {n_to_end} is a copy of row {n}"), n_to_end)
        }
        9 => {
            let by = dice.among(1, 1_000);
            run("UPDATE audit SET seq = seq + ?2 WHERE seq = ?1", &[m, ROWS + by]);
            (format!("row {m} moved behind the end"), m)
        }
        10 => {
            run("INSERT INTO audit SELECT * FROM audit WHERE seq = ?1", &[m]);
            (format!("row {m} doubled"), m)
        }
        11 => {
            let entry = flip(dice, bytes(connection, "entry", m));
            let hash = chain::hash(&bytes(connection, "previous", m), m, &entry);
            put(connection, "entry", m, &entry);
            put(connection, "hash", m, hash.as_bytes());
            // With a hash that fits, it is the next one that does not follow; or the head.
            (format!("row {m} replaced, with its hash"), (m + 1).min(ROWS))
        }
        12 => {
            let entry = b"{}";
            let hash = chain::hash(&bytes(connection, "hash", ROWS), ROWS + 1, entry);
            run(
                "INSERT INTO audit SELECT seq + 1, entry, hash, hash FROM audit WHERE seq = ?1",
                &[ROWS],
            );
            put(connection, "entry", ROWS + 1, entry);
            put(connection, "hash", ROWS + 1, hash.as_bytes());
            ("a row added that fits".to_owned(), ROWS + 1)
        }
        13 => {
            let count = dice.among(0, 2 * ROWS);
            let count = if count == ROWS { 3 * ROWS } else { count };
            run("UPDATE audit_head SET count = ?1", &[count]);
            (format!("the head counts {count}"), count.min(ROWS) + 1)
        }
        14 => {
            let read = "SELECT CAST(hash AS BLOB) FROM audit_head";
            let hash = flip(dice, connection.query_row(read, [], |row| row.get(0)).unwrap());
            connection.execute("UPDATE audit_head SET hash = CAST(?1 AS TEXT)", [hash]).unwrap();
            ("a bit of the head flipped".to_owned(), ROWS)
        }
        _ => {
            let column = ["entry", "previous", "hash"][dice.among(0, 2) as usize];
            let other = ["NULL", "CAST(entry AS BLOB)", "1", "''"][dice.among(0, 3) as usize];
            run(&format!("UPDATE audit SET {column} = {other} WHERE seq = ?1"), &[m]);
            (format!("{column} {m} is {other}"), m)
        }
    };
    Mutation { done, shows_at }
}

#[tokio::test]
async fn ten_thousand_mutations_are_found_and_the_first_bad_row_is_named() {
    let audit = filled(ROWS.cast_unsigned()).await;
    let changed = audit.database.write(|connection| {
        disarm(connection);
        let whole = chain::verdict(connection, None)?;
        assert_eq!((whole.rows, whole.broken), (12, None), "what nobody changed holds");
        let mut dice = Dice(20_261_121);
        for number in 0..MUTATIONS {
            connection.execute_batch("SAVEPOINT mutation")?;
            let Mutation { done, shows_at } = mutate(connection, &mut dice);
            let broken = chain::verdict(connection, None)?.broken;
            let named = broken.as_ref().map(|it| it.row);
            assert_eq!(named, Some(shows_at), "mutation {number}, {done}: {broken:?}");
            connection.execute_batch("ROLLBACK TO mutation; RELEASE mutation")?;
        }
        Ok(chain::verdict(connection, None)?.broken)
    });
    assert_eq!(changed.await.unwrap(), None, "and holds again when all is taken back");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let flaw = |sql: &'static str| async move {
        let audit = filled(3).await;
        let broken = audit.database.write(move |it| {
            disarm(it);
            it.execute_batch(sql)?;
            chain::verdict(it, None)
        });
        let broken = broken.await.unwrap().broken.unwrap();
        (broken.row, broken.flaw)
    };
    assert_eq!(flaw("DELETE FROM audit WHERE seq = 3").await, (3, Flaw::Missing));
    assert_eq!(flaw("DELETE FROM audit WHERE seq = 1").await, (1, Flaw::Missing));
    assert_eq!(flaw("UPDATE audit SET seq = 0 WHERE seq = 2").await, (0, Flaw::Misnumbered));
    assert_eq!(flaw("UPDATE audit SET entry = '{}' WHERE seq = 2").await, (2, Flaw::Changed));
    assert_eq!(flaw("UPDATE audit SET hash = NULL WHERE seq = 2").await, (2, Flaw::Malformed));
    assert_eq!(flaw("UPDATE audit_head SET count = 1").await, (2, Flaw::Uncounted));
    assert_eq!(flaw("UPDATE audit_head SET hash = ''").await, (3, Flaw::NotTheHead));
    assert_eq!(flaw("DELETE FROM audit_head").await, (3, Flaw::NoHead));
    assert_eq!(flaw("DELETE FROM audit; DELETE FROM audit_head").await, (0, Flaw::NoHead));
}

/// The honest limit: without a head that was noted somewhere else, a new chain looks like any.
#[tokio::test]
async fn a_whole_new_chain_shows_only_to_whoever_noted_a_head() {
    let audit = filled(3).await;
    let noted = audit.verify(None).await.unwrap().head;
    let rewritten = audit.database.write(|it| {
        disarm(it);
        let mut previous = GENESIS.to_owned();
        for seq in 1..=3 {
            let hash = chain::hash(previous.as_bytes(), seq, b"{}");
            put(it, "entry", seq, b"{}");
            put(it, "previous", seq, previous.as_bytes());
            put(it, "hash", seq, hash.as_bytes());
            previous = hash;
        }
        it.execute("UPDATE audit_head SET hash = ?1", [previous])
    });
    rewritten.await.unwrap();
    assert!(audit.verify(None).await.unwrap().is_sound(), "it looks like any other");
    let verdict = audit.verify(Some(&noted)).await.unwrap();
    assert_eq!((verdict.expected, verdict.is_sound()), (Some(false), false));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_when_it_is_listed() {
    let audit = filled(2).await;
    let changed = audit.database.write(|it| {
        it.execute_batch(
            "DROP TRIGGER audit_is_not_edited;
             UPDATE audit SET entry = '{\"key\":' WHERE seq = 2;",
        )
    });
    changed.await.unwrap();
    let Err(error) = audit.rows(&AuditFilter::default(), 9).await else { panic!("it was read") };
    assert!(error.to_string().contains("row 2") && error.to_string().contains("audit verify"));
    assert_eq!(error.fault(), Fault::Permanent);
}
