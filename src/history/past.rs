//! What a run that begins takes over: earlier trials that count, and findings that are known.

use crate::event::{EarlierRounds, KnownFinding, Past};
use crate::history::database::Cell;
use crate::history::{History, HistoryError};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, ContentHash, FindingKind, Seed};
use jiff::Timestamp;
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

impl History {
    /// What is known when a run begins.
    ///
    /// Runs of the same root seed bring no passes: their rounds would be this run's again. A round that was run twice
    /// counts once, and as failed if it failed once.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn past(&self, beginning: &Beginning<'_>) -> Result<Past, HistoryError> {
        let database = self.database();
        for pattern in beginning.formerly {
            database.execute(
                r"UPDATE runs SET suite = ?1 WHERE suite LIKE ?2 ESCAPE '\' AND suite <> ?1",
                &[beginning.suite.into(), pattern.into()],
            )?;
        }
        let places: BTreeMap<&str, CaseIndex> =
            beginning.cases.iter().zip(CaseIndex::all()).map(|((id, _), place)| (id.as_str(), place)).collect();
        let runs = database.number("SELECT count(*) FROM runs WHERE suite = ?1", &[beginning.suite.into()])?;
        let runs = u32::try_from(runs).unwrap_or(u32::MAX);
        let mut past = Past { runs, known: self.known(beginning.suite, &places)?, ..Past::default() };
        let Some(conditions) = beginning.conditions.map(ContentHash::as_str) else { return Ok(past) };
        let seed = beginning.seed.to_string();
        let same: [Cell; 3] = [conditions.into(), beginning.subject.as_str().into(), (&seed).into()];
        past.rounds = self.earlier_rounds(&same)?;
        // A run whose root seed was run before brings no passes again, as with rounds; its failures count.
        let rows = database.query(
            "SELECT names.name, cases.hash, cases.shuffled_failures, cases.shuffled FROM cases
                 JOIN runs ON runs.number = cases.run JOIN names ON names.number = cases.name
                 WHERE runs.conditions = ?1 AND runs.subject = ?2 AND cases.shuffled > 0 AND (
                     cases.shuffled_failures > 0 OR runs.seed <> ?3 AND NOT EXISTS (
                         SELECT 1 FROM runs AS earlier WHERE earlier.seed = runs.seed AND earlier.number < runs.number
                             AND earlier.conditions = runs.conditions AND earlier.subject = runs.subject))",
            &same,
        )?;
        for row in rows {
            let Some(place) = places.get(row.word(0).as_str()) else { continue };
            if beginning.cases.get(place.index()).is_some_and(|(_, now)| *now == row.word(1)) {
                let rate = past.trials.entry(*place).or_default();
                *rate += Tally::new(row.count(2), row.count(3));
            }
        }
        Ok(past)
    }

    /// The rounds of earlier runs that are the same experiment: one for each seed, as failed if it ever failed.
    fn earlier_rounds(&self, same: &[Cell]) -> Result<Option<EarlierRounds>, HistoryError> {
        let counted = self.database().first(
            "SELECT CAST(coalesce(sum(failed), 0) AS BIGINT), count(*), count(DISTINCT number), min(started_us),
                 max(started_us) FROM (
                     SELECT rounds.failed AS failed, runs.number AS number, runs.started_us AS started_us,
                         row_number() OVER (PARTITION BY rounds.seed ORDER BY rounds.failed DESC, runs.number) AS place
                     FROM rounds JOIN runs ON runs.number = rounds.run
                     WHERE runs.conditions = ?1 AND runs.subject = ?2 AND (runs.seed <> ?3 OR rounds.failed <> 0)
                 ) AS by_seed WHERE place = 1",
            same,
        )?;
        Ok(counted.and_then(|row| {
            let (since, until) = (timestamp(row.number(3)?)?, timestamp(row.number(4)?)?);
            Some(EarlierRounds { rate: Tally::new(row.count(0), row.count(1)), runs: row.count(2), since, until })
        }))
    }

    /// The findings of earlier runs on cases that there still are.
    fn known(&self, suite: &str, places: &BTreeMap<&str, CaseIndex>) -> Result<Vec<KnownFinding>, HistoryError> {
        let rows = self.database().query(
            "SELECT names.name, findings.kind, runs.run, runs.started_us FROM findings
                 JOIN runs ON runs.number = findings.run JOIN names ON names.number = findings.name
                 WHERE runs.suite = ?1 ORDER BY runs.started_us, runs.number",
            &[suite.into()],
        )?;
        let mut known: BTreeMap<(CaseIndex, FindingKind), KnownFinding> = BTreeMap::new();
        for row in rows {
            let (id, word) = (row.word(0), row.word(1));
            let (Some(case), Some(kind)) = (places.get(id.as_str()).copied(), kind(&word)) else { continue };
            let Some(at) = row.number(3).and_then(timestamp) else { continue };
            let run = row.word(2);
            let first = || KnownFinding { case, kind, run, since: at, until: at, runs: 0 };
            let finding = known.entry((case, kind)).or_insert_with(first);
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
