//! The findings of one run, from the history or from a journal, as two runs are compared by.

use crate::history::database::{Cell, Row};
use crate::history::entry::verdict;
use crate::history::past::{kind, timestamp};
use crate::history::{History, HistoryError, RunEntry};
use crate::model::statistics::Tally;
use crate::model::{FindingKind, Verdict};
use jiff::Timestamp;
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
        let database = self.database();
        let is_latest = Cell::Number((run == "latest").into());
        let found = database.first(
            "SELECT number, run, started_us, suite FROM runs WHERE CAST(?1 AS BIGINT) = 1 OR run = ?2
                 ORDER BY started_us DESC, number DESC LIMIT 1",
            &[is_latest, run.into()],
        )?;
        let Some(found) = found else { return Ok(None) };
        let run = found.word(1);
        let started = found.number(2).and_then(timestamp);
        let started = started.ok_or_else(|| database.damaged(format!("the run {run} has no time")))?;
        let cases = self.seen(found.number(0).unwrap_or_default())?;
        Ok(Some(Snapshot { run, started, suite: found.word(3), cases }))
    }

    fn seen(&self, run: i64) -> Result<BTreeMap<String, Seen>, HistoryError> {
        let rows = self.database().query(
            "SELECT names.name, cases.verdict, cases.failures, cases.trials FROM cases
                 JOIN names ON names.number = cases.name WHERE cases.run = ?1",
            &[run.into()],
        )?;
        let seen = |row: &Row| {
            let rate = Tally::new(row.count(2), row.count(3));
            (row.word(0), Seen { verdict: verdict(&row.word(1)), rate, findings: BTreeMap::new() })
        };
        let mut cases: BTreeMap<String, Seen> = rows.iter().map(seen).collect();
        let rows = self.database().query(
            "SELECT names.name, findings.kind, findings.fingerprint FROM findings
                 JOIN names ON names.number = findings.name WHERE findings.run = ?1",
            &[run.into()],
        )?;
        for row in rows {
            if let (Some(seen), Some(kind)) = (cases.get_mut(&row.word(0)), kind(&row.word(1))) {
                seen.findings.insert(kind, row.text(2));
            }
        }
        Ok(cases)
    }
}
