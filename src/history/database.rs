//! What a history asks of a database, whichever it is: a few statements in the SQL that SQLite and PostgreSQL share.
//!
//! Parameters are written `?1`, `?2`, … in a statement. A whole number is `BIGINT` everywhere, and sums are cast to it.

use crate::history::HistoryError;

/// How many values one statement takes at most.
const PARAMETERS: usize = 4000;

/// A value as it is given to a statement and read from its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// There is none.
    Null,
    /// A whole number.
    Number(i64),
    /// A text of any length.
    Text(String),
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub(super) struct Row {
    cells: Vec<Cell>,
}

/// A database of tables.
pub(super) trait Database: std::fmt::Debug {
    /// The rows that a statement answers with.
    fn query(&self, sql: &str, values: &[Cell]) -> Result<Vec<Row>, HistoryError>;

    /// Runs a statement, and says how many rows it changed.
    fn execute(&self, sql: &str, values: &[Cell]) -> Result<u64, HistoryError>;

    /// Begins to write, one writer after the other.
    fn begin(&self) -> Result<(), HistoryError>;

    /// Gives room back that is not needed any more.
    fn compact(&self) -> Result<(), HistoryError>;

    /// That what stands in it is not what this program writes.
    fn damaged(&self, what: String) -> HistoryError;
}

impl dyn Database + '_ {
    /// Does several things in one transaction: all of them, or none.
    pub fn write<T>(&self, work: impl FnOnce(&dyn Database) -> Result<T, HistoryError>) -> Result<T, HistoryError> {
        self.begin()?;
        let done = work(self).and_then(|done| self.execute("COMMIT", &[]).map(|_| done));
        if done.is_err() {
            // What went wrong first is what is told.
            let _ = self.execute("ROLLBACK", &[]);
        }
        done
    }

    /// Inserts rows, many with each statement: `insert` is what stands before the values, `after` what stands behind.
    pub fn insert(&self, insert: &str, rows: &[Vec<Cell>], after: &str) -> Result<(), HistoryError> {
        let Some(width) = rows.first().map(Vec::len).filter(|width| *width > 0) else { return Ok(()) };
        for rows in rows.chunks((PARAMETERS / width).max(1)) {
            let values = rows.iter().enumerate().map(|(at, _)| {
                let places: Vec<String> = (1..=width).map(|column| format!("?{}", at * width + column)).collect();
                format!("({})", places.join(", "))
            });
            let sql = format!("{insert} VALUES {} {after}", values.collect::<Vec<_>>().join(", "));
            self.execute(&sql, &rows.concat())?;
        }
        Ok(())
    }

    /// The only row of an answer, if there is one.
    pub fn first(&self, sql: &str, values: &[Cell]) -> Result<Option<Row>, HistoryError> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The number in the only column of the only row.
    pub fn number(&self, sql: &str, values: &[Cell]) -> Result<i64, HistoryError> {
        let row = self.first(sql, values)?;
        row.and_then(|row| row.number(0)).ok_or_else(|| self.damaged(format!("no answer to: {sql}")))
    }

    /// The texts of the first column.
    pub fn texts(&self, sql: &str, values: &[Cell]) -> Result<Vec<String>, HistoryError> {
        Ok(self.query(sql, values)?.into_iter().filter_map(|row| row.text(0)).collect())
    }
}

impl Row {
    pub fn new(cells: Vec<Cell>) -> Self {
        Self { cells }
    }

    /// The number in a column, if there is one.
    pub fn number(&self, column: usize) -> Option<i64> {
        match self.cells.get(column) {
            Some(Cell::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A count in a column; 0 where there is none, and at most what fits.
    pub fn count(&self, column: usize) -> u32 {
        u32::try_from(self.number(column).unwrap_or(0).max(0)).unwrap_or(u32::MAX)
    }

    /// The text in a column, if there is one.
    pub fn text(&self, column: usize) -> Option<String> {
        match self.cells.get(column) {
            Some(Cell::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    /// The text in a column that always has one.
    pub fn word(&self, column: usize) -> String {
        self.text(column).unwrap_or_default()
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        // PostgreSQL has no such character in a text.
        Self::Text(text.replace('\0', "\u{fffd}"))
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}
