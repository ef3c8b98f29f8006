//! The tables, and how older files come to have them.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as ours: `sfhi`.
pub(super) const APPLICATION: i64 = 0x7366_6869;

/// What turns version n into version n + 1. What is here never changes: new versions are added.
pub(super) const STEPS: &[&str] = &["
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY,
        run TEXT NOT NULL, started_us INTEGER NOT NULL, suite TEXT NOT NULL, subject TEXT NOT NULL, conditions TEXT,
        commit_id TEXT, branch TEXT, seed TEXT NOT NULL, gate TEXT NOT NULL, millis INTEGER NOT NULL,
        trials INTEGER NOT NULL, failures INTEGER NOT NULL,
        UNIQUE (run, started_us));
    CREATE INDEX runs_by_suite ON runs (suite, started_us);
    CREATE INDEX runs_by_conditions ON runs (conditions);
    CREATE TABLE rounds (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, seed TEXT NOT NULL, failed INTEGER NOT NULL,
        PRIMARY KEY (run, seed)) WITHOUT ROWID;
    CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE cases (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, name INTEGER NOT NULL REFERENCES names (number),
        hash TEXT NOT NULL, verdict TEXT NOT NULL, trials INTEGER NOT NULL, failures INTEGER NOT NULL,
        shuffled INTEGER NOT NULL, shuffled_failures INTEGER NOT NULL, mean_us INTEGER NOT NULL,
        slowest_us INTEGER NOT NULL,
        PRIMARY KEY (name, run)) WITHOUT ROWID;
    CREATE INDEX cases_of_run ON cases (run);
    CREATE TABLE findings (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE, name INTEGER NOT NULL REFERENCES names (number),
        kind TEXT NOT NULL, fingerprint TEXT,
        PRIMARY KEY (name, kind, run)) WITHOUT ROWID;
    CREATE INDEX findings_of_run ON findings (run);
"];

/// The same for PostgreSQL, in a schema of its own.
pub(super) const POSTGRES_STEPS: &[&str] = &["
    CREATE SCHEMA IF NOT EXISTS steadfast;
    CREATE TABLE steadfast.version (number BIGINT NOT NULL);
    INSERT INTO steadfast.version VALUES (0);
    CREATE TABLE steadfast.runs (
        number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        run TEXT NOT NULL, started_us BIGINT NOT NULL, suite TEXT NOT NULL, subject TEXT NOT NULL, conditions TEXT,
        commit_id TEXT, branch TEXT, seed TEXT NOT NULL, gate TEXT NOT NULL, millis BIGINT NOT NULL,
        trials BIGINT NOT NULL, failures BIGINT NOT NULL,
        UNIQUE (run, started_us));
    CREATE INDEX runs_by_suite ON steadfast.runs (suite, started_us);
    CREATE INDEX runs_by_conditions ON steadfast.runs (conditions);
    CREATE TABLE steadfast.rounds (
        run BIGINT NOT NULL REFERENCES steadfast.runs (number) ON DELETE CASCADE, seed TEXT NOT NULL,
        failed BIGINT NOT NULL, PRIMARY KEY (run, seed));
    CREATE TABLE steadfast.names (
        number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE steadfast.cases (
        run BIGINT NOT NULL REFERENCES steadfast.runs (number) ON DELETE CASCADE,
        name BIGINT NOT NULL REFERENCES steadfast.names (number), hash TEXT NOT NULL, verdict TEXT NOT NULL,
        trials BIGINT NOT NULL, failures BIGINT NOT NULL, shuffled BIGINT NOT NULL,
        shuffled_failures BIGINT NOT NULL, mean_us BIGINT NOT NULL, slowest_us BIGINT NOT NULL,
        PRIMARY KEY (name, run));
    CREATE INDEX cases_of_run ON steadfast.cases (run);
    CREATE TABLE steadfast.findings (
        run BIGINT NOT NULL REFERENCES steadfast.runs (number) ON DELETE CASCADE,
        name BIGINT NOT NULL REFERENCES steadfast.names (number), kind TEXT NOT NULL, fingerprint TEXT,
        PRIMARY KEY (name, kind, run));
    CREATE INDEX findings_of_run ON steadfast.findings (run);
"];

/// The version that a file has; 0 is an empty one.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Whether the file is ours, or nobody's yet. All of it is read in one transaction: another program may be making the file,
/// and its tables are there with its name or not at all.
pub(super) fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let connection = connection.unchecked_transaction()?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application == APPLICATION {
        return Ok(true);
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(application == 0 && tables == 0 && version(&connection)? == 0)
}

/// Brings a file to the newest version: all steps or none. Two programs that do it at once do it one after the other.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    if done < steps.len() {
        for step in &steps[done..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", steps.len() as i64)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_file_is_ours_at_each_moment_while_another_program_makes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |number: usize| {
            let connection = Connection::open(folder.path().join(number.to_string())).expect("a database");
            connection.busy_timeout(Duration::from_secs(60)).expect("SQLite does it");
            connection
        };
        for number in 0..100 {
            let (mut maker, looker) = (open(number), open(number));
            let made =
                std::thread::spawn(move || migrate(&mut maker, &["CREATE TABLE a (x)"]).expect("SQLite does it"));
            loop {
                assert!(is_ours(&looker).expect("SQLite does it"), "file {number}");
                if version(&looker).expect("SQLite does it") == 1 {
                    break;
                }
            }
            made.join().expect("it is made");
        }
    }

    #[test]
    fn an_older_file_gets_the_steps_it_lacks_and_keeps_what_it_has() {
        let mut connection = Connection::open_in_memory().expect("a database");
        migrate(&mut connection, &["CREATE TABLE a (x)"]).expect("SQLite does it");
        connection.execute("INSERT INTO a VALUES (7)", []).expect("SQLite does it");
        let steps = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y", "CREATE TABLE b (z)"];
        migrate(&mut connection, &steps).expect("SQLite does it");
        migrate(&mut connection, &steps).expect("SQLite does it");
        assert_eq!(version(&connection).expect("SQLite does it"), 3);
        let kept: (i64, Option<i64>) = connection
            .query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("SQLite does it");
        assert_eq!(kept, (7, None));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = Connection::open_in_memory().expect("a database");
        assert!(migrate(&mut connection, &["CREATE TABLE a (x)", "no statement"]).is_err());
        assert_eq!(version(&connection).expect("SQLite does it"), 0);
        assert!(is_ours(&connection).expect("SQLite does it"), "there is nothing in it");
    }

    #[test]
    fn somebody_elses_tables_are_not_ours() {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch("CREATE TABLE theirs (x)").expect("SQLite does it");
        assert!(!is_ours(&connection).expect("SQLite does it"));
    }
}
