//! The file: opened, brought up to date, written a run at a time.

use crate::history::entry::{CaseEntry, Failed, RunEntry};
use crate::history::{HistoryError, schema};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file that remembers runs.
///
/// # Rationale
/// SQLite's rollback journal, not its write-ahead log: there is one file when nobody writes, it can be copied as it is
/// and lie on a network share, and a run is written once. A killed writer's half transaction is rolled back by whoever
/// opens the file next.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    connection: Connection,
}

impl History {
    /// Opens the file to write it; makes it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// If it is of a newer program or no history: then it is left as it is.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // What keeps the folder from being made keeps the file from being opened, and is told then.
            let _ = crate::disk::make_report_folders(folder);
        }
        let mut history = Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::migrate(&mut history.connection, schema::STEPS).map_err(HistoryError::of(path))?;
        Ok(history)
    }

    /// Opens a file that there must be.
    ///
    /// # Errors
    /// As [`History::open`], and [`HistoryError::Missing`].
    pub fn open_existing(path: &Path) -> Result<Self, HistoryError> {
        if !path.is_file() {
            return Err(HistoryError::Missing { path: path.to_owned() });
        }
        Self::open(path)
    }

    fn connect(path: &Path, more: OpenFlags) -> Result<Self, HistoryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = Connection::open_with_flags(path, flags).map_err(HistoryError::of(path))?;
        let history = Self { path: path.to_owned(), connection };
        history.connection.busy_timeout(PATIENCE).map_err(history.failed())?;
        let found = schema::version(&history.connection).map_err(history.failed())?;
        if !schema::is_ours(&history.connection).map_err(history.failed())? {
            return Err(HistoryError::Foreign { path: path.to_owned() });
        }
        if found > schema::STEPS.len() as i64 {
            return Err(HistoryError::Newer { path: path.to_owned(), found, known: schema::STEPS.len() });
        }
        history.connection.pragma_update(None, "foreign_keys", true).map_err(history.failed())?;
        Ok(history)
    }

    /// Remembers a run, in one transaction. A run that is there already is written anew: it was gone on with.
    ///
    /// # Errors
    /// If the file can't be written; then nothing of the run is in it.
    pub fn remember(&mut self, entry: &RunEntry) -> Result<(), HistoryError> {
        let path = self.path.clone();
        self.write(entry).map_err(HistoryError::of(&path))
    }

    fn write(&mut self, entry: &RunEntry) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let started = entry.started.as_microsecond();
        transaction.execute("DELETE FROM runs WHERE run = ?1 AND started_us = ?2", params![entry.run, started])?;
        transaction.execute(
            "INSERT INTO runs (run, started_us, suite, subject, conditions, commit_id, branch, seed, gate, millis, trials,
                 failures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                entry.run,
                started,
                entry.suite,
                entry.subject.as_str(),
                entry.conditions.as_ref().map(|hash| hash.as_str()),
                entry.commit,
                entry.branch,
                entry.seed.to_string(),
                entry.gate,
                i64::try_from(entry.millis).unwrap_or(i64::MAX),
                entry.rate.trials(),
                entry.rate.failures(),
            ],
        )?;
        let number = transaction.last_insert_rowid();
        for (seed, failed) in &entry.rounds {
            let mut insert =
                transaction.prepare_cached("INSERT INTO rounds (run, seed, failed) VALUES (?1, ?2, ?3)")?;
            insert.execute(params![number, seed, *failed == Failed::Yes])?;
        }
        for case in &entry.cases {
            write_case(&transaction, number, case)?;
        }
        transaction.commit()
    }

    /// A transaction that writes.
    pub(super) fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn failed(&self) -> impl Fn(rusqlite::Error) -> HistoryError + '_ {
        HistoryError::of(&self.path)
    }
}

fn write_case(transaction: &Transaction<'_>, run: i64, case: &CaseEntry) -> rusqlite::Result<()> {
    let name = name(transaction, &case.id)?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO cases (run, name, hash, verdict, trials, failures, shuffled, shuffled_failures, mean_us, slowest_us)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    insert.execute(params![
        run,
        name,
        case.hash,
        case.verdict.as_str(),
        case.rate.trials(),
        case.rate.failures(),
        case.shuffled.trials(),
        case.shuffled.failures(),
        i64::try_from(case.mean_us).unwrap_or(i64::MAX),
        i64::try_from(case.slowest_us).unwrap_or(i64::MAX),
    ])?;
    for (kind, fingerprint) in &case.findings {
        let mut insert = transaction
            .prepare_cached("INSERT OR IGNORE INTO findings (run, name, kind, fingerprint) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute(params![run, name, kind.as_str(), fingerprint])?;
    }
    Ok(())
}

/// The number of a case's id.
fn name(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<i64> {
    let mut select = transaction.prepare_cached("SELECT number FROM names WHERE name = ?1")?;
    if let Some(number) = select.query_row([id], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    transaction.prepare_cached("INSERT INTO names (name) VALUES (?1)")?.execute([id])?;
    Ok(transaction.last_insert_rowid())
}
