//! The findings of one run, from the history or from a journal, as two runs are compared by.

use crate::history::past::{kind, timestamp};
use crate::history::{History, HistoryError, RunEntry};
use crate::model::statistics::Tally;
use crate::model::{FindingKind, Verdict};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeMap;

/// The findings of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The name of the run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// What was run.
    pub suite: String,
    /// Its cases by id.
    pub cases: BTreeMap<String, Seen>,
}

/// A case in a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// What it came to.
    pub verdict: Verdict,
    /// Failures and trials in planned rounds.
    pub rate: Tally,
    /// What is wrong with it, with the fingerprint of the failure.
    pub findings: BTreeMap<FindingKind, Option<String>>,
}

impl From<&RunEntry> for Snapshot {
    fn from(entry: &RunEntry) -> Self {
        let cases = entry.cases.iter().map(|case| {
            let findings = case.findings.iter().cloned().collect();
            (case.id.clone(), Seen { verdict: case.verdict, rate: case.rate, findings })
        });
        Self { run: entry.run.clone(), started: entry.started, suite: entry.suite.clone(), cases: cases.collect() }
    }
}

impl History {
    /// The findings of a run by its name; of the newest one of that name if there are several. `latest` is the run
    /// that began last.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn snapshot(&self, run: &str) -> Result<Option<Snapshot>, HistoryError> {
        let found = self.find(run).map_err(self.failed())?;
        let Some((number, run, started, suite)) = found else { return Ok(None) };
        let damaged = |what: String| HistoryError::Damaged { path: self.path().to_owned(), what };
        let started = timestamp(started).ok_or_else(|| damaged(format!("the run {run} has no time")))?;
        let cases = self.seen(number).map_err(self.failed())?;
        Ok(Some(Snapshot { run, started, suite, cases }))
    }

    fn find(&self, run: &str) -> rusqlite::Result<Option<(i64, String, i64, String)>> {
        let sql = "SELECT number, run, started_us, suite FROM runs WHERE ?1 OR run = ?2
                       ORDER BY started_us DESC, number DESC LIMIT 1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        self.connection().query_row(sql, params![run == "latest", run], row).optional()
    }

    fn seen(&self, run: i64) -> rusqlite::Result<BTreeMap<String, Seen>> {
        let mut select = self.connection().prepare(
            "SELECT names.name, cases.verdict, cases.failures, cases.trials FROM cases
                 JOIN names ON names.number = cases.name WHERE cases.run = ?1",
        )?;
        let cases = select.query_map([run], |row| {
            let rate = Tally::new(row.get(2)?, row.get(3)?);
            let seen = Seen { verdict: verdict(&row.get::<_, String>(1)?), rate, findings: BTreeMap::new() };
            Ok((row.get::<_, String>(0)?, seen))
        })?;
        let mut cases: BTreeMap<String, Seen> = cases.collect::<rusqlite::Result<_>>()?;
        let mut select = self.connection().prepare(
            "SELECT names.name, findings.kind, findings.fingerprint FROM findings
                 JOIN names ON names.number = findings.name WHERE findings.run = ?1",
        )?;
        let mut rows = select.query([run])?;
        while let Some(row) = rows.next()? {
            let (id, word): (String, String) = (row.get(0)?, row.get(1)?);
            if let (Some(seen), Some(kind)) = (cases.get_mut(&id), kind(&word)) {
                seen.findings.insert(kind, row.get(2)?);
            }
        }
        Ok(cases)
    }
}

/// A verdict by its word; a word that nobody knows proves nothing.
pub(super) fn verdict(word: &str) -> Verdict {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word).unwrap_or(Verdict::Unproven)
}
