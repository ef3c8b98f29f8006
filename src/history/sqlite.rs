//! A history in one SQLite file.

use crate::history::database::{Cell, Database, Row};
use crate::history::{HistoryError, schema};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(60);

/// A history in one SQLite file.
///
/// # Rationale
/// SQLite's rollback journal, not its write-ahead log: there is one file when nobody writes, it can be copied as it is
/// and lie on a network share, and a run is written once. A killed writer's half transaction is rolled back by whoever
/// opens the file next.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    connection: Connection,
}

impl Sqlite {
    /// Opens the file to write it; makes it where there is none, and brings an older one up to date.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // What keeps the folder from being made keeps the file from being opened, and is told then.
            let _ = crate::disk::make_report_folders(folder);
        }
        let mut history = Self::connect(path)?;
        schema::migrate(&mut history.connection, schema::STEPS).map_err(HistoryError::of(path))?;
        Ok(history)
    }

    /// A database in memory that has what stands in `path`.
    pub fn in_memory(path: &Path) -> Result<Self, HistoryError> {
        let connection = Connection::open_in_memory().map_err(HistoryError::of(path))?;
        let mut history = Self { path: path.to_owned(), connection };
        schema::migrate(&mut history.connection, schema::STEPS).map_err(HistoryError::of(path))?;
        history.connection.pragma_update(None, "foreign_keys", true).map_err(history.failed())?;
        Ok(history)
    }

    fn connect(path: &Path) -> Result<Self, HistoryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags(path, flags).map_err(HistoryError::of(path))?;
        let history = Self { path: path.to_owned(), connection };
        history.connection.busy_timeout(PATIENCE).map_err(history.failed())?;
        let found = schema::version(&history.connection).map_err(history.failed())?;
        if !schema::is_ours(&history.connection).map_err(history.failed())? {
            return Err(HistoryError::Foreign { path: path.to_owned() });
        }
        if found > schema::STEPS.len() as i64 {
            let place = path.display().to_string();
            return Err(HistoryError::Newer { place, found, known: schema::STEPS.len() });
        }
        history.connection.pragma_update(None, "foreign_keys", true).map_err(history.failed())?;
        Ok(history)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> HistoryError + '_ {
        HistoryError::of(&self.path)
    }

    fn rows(&self, sql: &str, values: &[Cell]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values.iter().map(bound)))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(Row::new((0..columns).map(|column| row.get_ref(column).map(cell)).collect::<Result<_, _>>()?));
        }
        Ok(all)
    }

    fn changed(&self, sql: &str, values: &[Cell]) -> rusqlite::Result<u64> {
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.execute(params_from_iter(values.iter().map(bound)))? as u64)
    }
}

impl Database for Sqlite {
    fn query(&self, sql: &str, values: &[Cell]) -> Result<Vec<Row>, HistoryError> {
        self.rows(sql, values).map_err(self.failed())
    }

    fn execute(&self, sql: &str, values: &[Cell]) -> Result<u64, HistoryError> {
        self.changed(sql, values).map_err(self.failed())
    }

    fn begin(&self) -> Result<(), HistoryError> {
        self.execute("BEGIN IMMEDIATE", &[]).map(|_| ())
    }

    fn compact(&self) -> Result<(), HistoryError> {
        self.connection.execute_batch("VACUUM").map_err(self.failed())
    }

    fn damaged(&self, what: String) -> HistoryError {
        HistoryError::Damaged { place: self.path.display().to_string(), what }
    }
}

fn bound(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Number(number) => Value::Integer(*number),
        Cell::Text(text) => Value::Text(text.clone()),
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Real(number) => Cell::Number(number as i64),
        ValueRef::Text(text) | ValueRef::Blob(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null => Cell::Null,
    }
}
