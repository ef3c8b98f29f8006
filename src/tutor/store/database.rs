//! The connection, the schema and the reset.

use super::super::defect::{Defect, Defects};
use super::super::lock;
use super::super::log::ErrorLog;
use super::super::month::Month;
use super::super::usd::Usd;
use super::error::StoreError;
use super::figures::{set_limit, set_used};
use rusqlite::{Connection, Transaction};
use std::path::PathBuf;
use std::sync::Mutex;

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In memory: it ends with the tutor.
    Memory,
    /// In a file that survives a restart and a killed process.
    File(PathBuf),
    /// In a file that survives a restart, without the guarantees that cost time.
    VolatileFile(PathBuf),
}

/// The tutor's store.
#[derive(Debug)]
pub(in super::super) struct Store {
    connection: Mutex<Connection>,
    log: ErrorLog,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS learners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, salt BLOB NOT NULL,
        hash BLOB NOT NULL, iterations INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS tokens (digest BLOB PRIMARY KEY, learner INTEGER NOT NULL, expires_ms INTEGER NOT NULL)
        WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS settings (learner INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS conversations (id TEXT PRIMARY KEY, learner INTEGER NOT NULL,
        started_ms INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS conversations_of_learner ON conversations (learner);
    CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, conversation TEXT NOT NULL, role TEXT NOT NULL,
        text TEXT NOT NULL, language TEXT NOT NULL, use_case TEXT NOT NULL, provider TEXT, model TEXT, reason TEXT,
        cost_nanos INTEGER NOT NULL, cached INTEGER NOT NULL, at_ms INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS messages_of_conversation ON messages (conversation);
    CREATE TABLE IF NOT EXISTS months (month INTEGER PRIMARY KEY, used_nanos INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS budget_limit (id INTEGER PRIMARY KEY CHECK (id = 1), nanos INTEGER NOT NULL);
";

impl Store {
    /// Opens the store, and makes its tables where they are missing.
    pub(in super::super) fn open(place: &Place, log: ErrorLog) -> Result<Self, StoreError> {
        let (connection, pragmas) = match place {
            Place::Memory => (Connection::open_in_memory()?, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;"),
            Place::VolatileFile(path) => {
                (Connection::open(path)?, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")
            }
            Place::File(path) => (Connection::open(path)?, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"),
        };
        connection.execute_batch(pragmas)?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection: Mutex::new(connection), log })
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        work(&lock(&self.connection)).inspect_err(|error| self.log_failure(error))
    }

    /// All of `work` or nothing of it.
    pub(super) fn transaction<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        transact(&mut lock(&self.connection), work).inspect_err(|error| self.log_failure(error))
    }

    fn log_failure(&self, error: &StoreError) {
        self.log.error("store failed").caused_by("StoreError", error).write();
    }

    /// Empties every table, and sets a limit and a month's settled costs where they are given.
    pub(in super::super) fn reset(
        &self,
        limit: Option<Usd>,
        used: Option<(Month, Usd)>,
        defects: Defects,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| {
            let empty = |statement| transaction.prepare_cached(statement)?.execute([]);
            empty("DELETE FROM learners")?;
            empty("DELETE FROM tokens")?;
            if !defects.has(Defect::SettingsCarriedOver) {
                empty("DELETE FROM settings")?;
            }
            empty("DELETE FROM conversations")?;
            empty("DELETE FROM messages")?;
            if !defects.has(Defect::BudgetCarriedOver) {
                empty("DELETE FROM months")?;
            }
            empty("DELETE FROM budget_limit")?;
            if let Some(limit) = limit {
                set_limit(transaction, limit)?;
            }
            if let Some((month, used)) = used {
                set_used(transaction, month, used)?;
            }
            Ok(())
        })
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction()?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
