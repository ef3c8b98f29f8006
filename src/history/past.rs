//! What a run that begins takes over: earlier trials that count, and findings that are known.

use crate::event::{EarlierRounds, KnownFinding, Past};
use crate::history::{History, HistoryError};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, ContentHash, FindingKind, Seed};
use jiff::Timestamp;
use rusqlite::params;
use std::collections::BTreeMap;

/// A run that begins.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The suite that the run belongs to.
    pub suite: &'a str,
    /// The names that it had before, as patterns of SQL: what is remembered under them is its own.
    pub formerly: &'a [String],
    /// The hash of its cases and system.
    pub subject: &'a ContentHash,
    /// The conditions of the run: see [`crate::event::Background::conditions`].
    pub conditions: Option<&'a ContentHash>,
    /// The root of its randomness.
    pub seed: Seed,
    /// Its cases in declared order: id and hash.
    pub cases: &'a [(String, String)],
}

/// A query of trials that count: failures, trials, runs, first and last begin.
type Counted = (u32, u32, u32, Option<i64>, Option<i64>);

impl History {
    /// What is known when a run begins.
    ///
    /// Runs of the same root seed bring no passes: their rounds would be this run's again. A round that was run twice
    /// counts once, and as failed if it failed once.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn past(&self, beginning: &Beginning<'_>) -> Result<Past, HistoryError> {
        self.read_past(beginning).map_err(self.failed())
    }

    fn read_past(&self, beginning: &Beginning<'_>) -> rusqlite::Result<Past> {
        let connection = self.connection();
        for pattern in beginning.formerly {
            connection.execute(
                r"UPDATE runs SET suite = ?1 WHERE suite LIKE ?2 ESCAPE '\' AND suite <> ?1",
                [beginning.suite, pattern],
            )?;
        }
        let places: BTreeMap<&str, CaseIndex> =
            beginning.cases.iter().zip(CaseIndex::all()).map(|((id, _), place)| (id.as_str(), place)).collect();
        let runs =
            connection.query_row("SELECT count(*) FROM runs WHERE suite = ?1", [beginning.suite], |row| row.get(0))?;
        let mut past = Past { runs, known: self.known(beginning.suite, &places)?, ..Past::default() };
        let Some(conditions) = beginning.conditions.map(ContentHash::as_str) else { return Ok(past) };
        let seed = beginning.seed.to_string();
        let (failures, trials, runs, since, until): Counted = connection.query_row(
            "SELECT coalesce(sum(failed), 0), count(*), count(DISTINCT number), min(started_us), max(started_us) FROM (
                 SELECT max(rounds.failed) AS failed, runs.number AS number, runs.started_us AS started_us
                 FROM rounds JOIN runs ON runs.number = rounds.run
                 WHERE runs.conditions = ?1 AND runs.subject = ?2 AND (runs.seed <> ?3 OR rounds.failed)
                 GROUP BY rounds.seed)",
            params![conditions, beginning.subject.as_str(), seed],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )?;
        if let (Some(since), Some(until)) = (since.and_then(timestamp), until.and_then(timestamp)) {
            past.rounds = Some(EarlierRounds { rate: Tally::new(failures, trials), runs, since, until });
        }
        // A run whose root seed was run before brings no passes again, as with rounds; its failures count.
        let mut select = connection.prepare(
            "SELECT names.name, cases.hash, cases.shuffled_failures, cases.shuffled FROM cases
                 JOIN runs ON runs.number = cases.run JOIN names ON names.number = cases.name
                 WHERE runs.conditions = ?1 AND runs.subject = ?2 AND cases.shuffled > 0 AND (
                     cases.shuffled_failures > 0 OR runs.seed <> ?3 AND NOT EXISTS (
                         SELECT 1 FROM runs AS earlier WHERE earlier.seed = runs.seed AND earlier.number < runs.number
                             AND earlier.conditions = runs.conditions AND earlier.subject = runs.subject))",
        )?;
        let mut rows = select.query(params![conditions, beginning.subject.as_str(), seed])?;
        while let Some(row) = rows.next()? {
            let (id, hash): (String, String) = (row.get(0)?, row.get(1)?);
            let Some(place) = places.get(id.as_str()) else { continue };
            if beginning.cases.get(place.index()).is_some_and(|(_, now)| *now == hash) {
                let rate = past.trials.entry(*place).or_default();
                *rate += Tally::new(row.get(2)?, row.get(3)?);
            }
        }
        Ok(past)
    }

    /// The findings of earlier runs on cases that there still are.
    fn known(&self, suite: &str, places: &BTreeMap<&str, CaseIndex>) -> rusqlite::Result<Vec<KnownFinding>> {
        let mut select = self.connection().prepare(
            "SELECT names.name, findings.kind, runs.run, runs.started_us FROM findings
                 JOIN runs ON runs.number = findings.run JOIN names ON names.number = findings.name
                 WHERE runs.suite = ?1 ORDER BY runs.started_us, runs.number",
        )?;
        let mut known: BTreeMap<(CaseIndex, FindingKind), KnownFinding> = BTreeMap::new();
        let mut rows = select.query([suite])?;
        while let Some(row) = rows.next()? {
            let (id, word): (String, String) = (row.get(0)?, row.get(1)?);
            let (Some(case), Some(kind)) = (places.get(id.as_str()).copied(), kind(&word)) else { continue };
            let Some(at) = timestamp(row.get(3)?) else { continue };
            let run: String = row.get(2)?;
            let finding = known.entry((case, kind)).or_insert_with(|| KnownFinding {
                case,
                kind,
                run,
                since: at,
                until: at,
                runs: 0,
            });
            finding.until = at;
            finding.runs += 1;
        }
        Ok(known.into_values().collect())
    }
}

/// A finding by its word.
pub(super) fn kind(word: &str) -> Option<FindingKind> {
    FindingKind::from_word(word)
}

/// A time as it stands in the file.
pub(super) fn timestamp(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}
