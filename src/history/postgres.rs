//! A history in PostgreSQL, which a team shares: in a schema of its own, so that the database can hold other things.

use crate::history::database::{Cell, Database, Row};
use crate::history::place::PostgresUrl;
use crate::history::tls::connector;
use crate::history::{HistoryError, schema};
use crate::model::with_causes;
use bytes::BytesMut;
use postgres::Client;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// How long a server may take to answer at all.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// What one writer holds while it writes: the others wait.
const WRITERS: &str = "SELECT pg_advisory_xact_lock(1936090985)";

/// How a session begins: names are looked for in our schema, and a writer that waits too long is told so.
const SESSION: &str = "SET search_path TO steadfast; SET lock_timeout TO '60s'; SET client_min_messages TO warning";

/// A history in a database.
pub(super) struct Postgres {
    /// As it may be told.
    place: String,
    client: RefCell<Client>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Postgres({})", self.place)
    }
}

impl Postgres {
    /// Connects, makes the tables where there are none, and brings older ones up to date.
    pub fn open(url: &PostgresUrl) -> Result<Self, HistoryError> {
        let place = url.to_string();
        let failed = |source: postgres::Error| HistoryError::Postgres { place: place.clone(), what: told(&source) };
        let mut config = url.config().map_err(failed)?;
        config.connect_timeout(CONNECT_WITHIN).application_name("steadfast");
        let tls =
            connector(url).map_err(|error| HistoryError::Postgres { place: place.clone(), what: error.to_string() })?;
        let client = config.connect(tls).map_err(failed)?;
        let history = Self { client: RefCell::new(client), place };
        history.migrate()?;
        Ok(history)
    }

    fn migrate(&self) -> Result<(), HistoryError> {
        let known = schema::POSTGRES_STEPS.len();
        let version = |database: &dyn Database| -> Result<i64, HistoryError> {
            let sql = "SELECT count(*) FROM information_schema.tables
                           WHERE table_schema = 'steadfast' AND table_name = 'version'";
            match database.number(sql, &[])? {
                0 => Ok(0),
                _ => database.number("SELECT number FROM steadfast.version", &[]),
            }
        };
        self.batch(SESSION)?;
        let database: &dyn Database = self;
        let found = version(database)?;
        if found > known as i64 {
            return Err(HistoryError::Newer { place: self.place.clone(), found, known });
        }
        // Who may only read and write rows need not be allowed to make tables.
        if found == known as i64 {
            return Ok(());
        }
        database.write(|database| {
            let done = usize::try_from(version(database)?).unwrap_or(known);
            for step in schema::POSTGRES_STEPS.iter().skip(done) {
                self.batch(step)?;
            }
            database.execute("UPDATE version SET number = ?1", &[Cell::from(known as u64)]).map(|_| ())
        })
    }

    fn batch(&self, sql: &str) -> Result<(), HistoryError> {
        self.client.borrow_mut().batch_execute(sql).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &postgres::Error) -> HistoryError {
        match error.code() {
            Some(code) if *code == postgres::error::SqlState::LOCK_NOT_AVAILABLE => {
                HistoryError::Busy { place: self.place.clone() }
            }
            _ => HistoryError::Postgres { place: self.place.clone(), what: told(error) },
        }
    }

    fn cell(&self, row: &postgres::Row, column: usize) -> Result<Cell, HistoryError> {
        let is_text = row.columns().get(column).is_some_and(|column| *column.type_() == Type::TEXT);
        let cell = if is_text {
            row.try_get::<_, Option<String>>(column).map(|text| text.map_or(Cell::Null, Cell::Text))
        } else {
            row.try_get::<_, Option<i64>>(column).map(|number| number.map_or(Cell::Null, Cell::Number))
        };
        cell.map_err(|error| self.failed(&error))
    }
}

impl Database for Postgres {
    fn query(&self, sql: &str, values: &[Cell]) -> Result<Vec<Row>, HistoryError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let rows = self.client.borrow_mut().query(&dollars(sql), &values).map_err(|error| self.failed(&error))?;
        let read = |row: &postgres::Row| {
            let cells: Result<Vec<Cell>, HistoryError> = (0..row.len()).map(|column| self.cell(row, column)).collect();
            cells.map(Row::new)
        };
        rows.iter().map(read).collect()
    }

    fn execute(&self, sql: &str, values: &[Cell]) -> Result<u64, HistoryError> {
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        self.client.borrow_mut().execute(&dollars(sql), &values).map_err(|error| self.failed(&error))
    }

    fn begin(&self) -> Result<(), HistoryError> {
        self.batch("BEGIN")?;
        self.batch(WRITERS)
    }

    /// The server does that by itself.
    fn compact(&self) -> Result<(), HistoryError> {
        Ok(())
    }

    fn damaged(&self, what: String) -> HistoryError {
        HistoryError::Damaged { place: self.place.clone(), what }
    }
}

impl ToSql for Cell {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT].contains(kind)
    }

    to_sql_checked!();
}

/// A statement with its parameters as PostgreSQL writes them.
fn dollars(sql: &str) -> String {
    sql.replace('?', "$")
}

/// What went wrong, with what the server says of it.
fn told(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => {
            let hint = said.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
            format!("{}{hint}", said.message())
        }
        None => with_causes(error),
    }
}
