//! How a suite and its cases have done over time.

use crate::history::database::Row;
use crate::history::entry::verdict;
use crate::history::past::{kind, timestamp};
use crate::history::{History, HistoryError};
use crate::model::Verdict;
use crate::model::statistics::Tally;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many of its last runs a trend names.
const LAST_RUNS: usize = 50;

/// How a suite has done over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuiteTrend {
    /// The suite that is shown.
    pub suite: String,
    /// How many runs there are of it.
    pub runs: usize,
    /// When the first one began.
    pub first: Timestamp,
    /// When the last one began.
    pub last: Timestamp,
    /// Week by week, those without a run left out.
    pub weeks: Vec<Week>,
    /// Its last runs, the newest last.
    pub last_runs: Vec<PastRun>,
    /// Its cases that were ever found wanting: those of the last run first, then by when they were last found.
    pub cases: Vec<CaseTrend>,
}

/// The runs of a week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Week {
    /// By ISO 8601, `2026-W47`.
    pub week: String,
    /// How many runs.
    pub runs: u32,
    /// How many of them failed the gate.
    pub failed_runs: u32,
    /// Failures and trials in planned rounds.
    pub rate: Tally,
    /// The share of trials that failed, in [0, 1].
    pub flake_rate: f64,
}

/// A run of the past.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastRun {
    /// The name of the run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// What it came to.
    pub gate: String,
    /// Failures and trials in planned rounds: of the suite, or of the case.
    pub rate: Tally,
    /// The commit, if it is known.
    pub commit: Option<String>,
    /// The branch, if it is known.
    pub branch: Option<String>,
    /// How long it took, in milliseconds: the run, or the mean trial of the case.
    pub millis: f64,
}

/// How a case has done over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseTrend {
    /// The id of the case.
    pub case: String,
    /// Its verdict in the last run that had it.
    pub verdict: Verdict,
    /// Every kind of finding that it ever had.
    pub findings: Vec<String>,
    /// How many runs had it.
    pub runs: usize,
    /// How many runs found something wrong with it.
    pub found_in: usize,
    /// When the first run that found something began.
    pub first_seen: Option<Timestamp>,
    /// When the last run that found something began.
    pub last_seen: Option<Timestamp>,
    /// Week by week.
    pub weeks: Vec<Week>,
    /// Its last runs, the newest last.
    pub last_runs: Vec<PastRun>,
}

/// A run as it is read, and its number in the file.
struct Numbered {
    number: i64,
    run: PastRun,
}

impl History {
    /// The trends of every suite, or of the one of this name; `case` leaves only that case in them.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn trends(&self, suite: Option<&str>, case: Option<&str>) -> Result<Vec<SuiteTrend>, HistoryError> {
        let suites = self.database().texts(
            "SELECT suite FROM runs WHERE CAST(?1 AS TEXT) IS NULL OR suite = ?1 GROUP BY suite
                 ORDER BY max(started_us) DESC",
            &[suite.into()],
        )?;
        suites.into_iter().filter_map(|suite| self.trend(suite, case).transpose()).collect()
    }

    fn trend(&self, suite: String, case: Option<&str>) -> Result<Option<SuiteTrend>, HistoryError> {
        let rows = self.runs(&suite)?;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(None) };
        let (first, last, latest) = (first.run.started, last.run.started, last.number);
        let names: Vec<String> = match case {
            Some(case) => vec![case.to_owned()],
            None => self.found(&suite)?,
        };
        let mut cases = Vec::new();
        for name in names {
            cases.extend(self.case(&suite, name, latest)?);
        }
        cases.sort_by(|(a, now_a), (b, now_b)| {
            now_b.cmp(now_a).then(b.last_seen.cmp(&a.last_seen)).then(a.case.cmp(&b.case))
        });
        if case.is_some() && cases.is_empty() {
            return Ok(None);
        }
        Ok(Some(SuiteTrend {
            suite,
            runs: rows.len(),
            first,
            last,
            weeks: weeks(rows.iter().map(|row| &row.run)),
            last_runs: last_of(rows.into_iter().map(|row| row.run).collect()),
            cases: cases.into_iter().map(|(case, _)| case).collect(),
        }))
    }

    /// The runs of a suite, the oldest first.
    fn runs(&self, suite: &str) -> Result<Vec<Numbered>, HistoryError> {
        let rows = self.database().query(
            "SELECT number, run, started_us, gate, failures, trials, commit_id, branch, millis FROM runs
                 WHERE suite = ?1 ORDER BY started_us, number",
            &[suite.into()],
        )?;
        let run = |row: Row| {
            let run = PastRun {
                run: row.word(1),
                started: timestamp(row.number(2)?)?,
                gate: row.word(3),
                rate: Tally::new(row.count(4), row.count(5)),
                commit: row.text(6),
                branch: row.text(7),
                millis: row.number(8).unwrap_or_default() as f64,
            };
            Some(Numbered { number: row.number(0)?, run })
        };
        Ok(rows.into_iter().filter_map(run).collect())
    }

    /// The cases of a suite with a finding in any run.
    fn found(&self, suite: &str) -> Result<Vec<String>, HistoryError> {
        self.database().texts(
            "SELECT DISTINCT names.name FROM findings JOIN runs ON runs.number = findings.run
                 JOIN names ON names.number = findings.name WHERE runs.suite = ?1",
            &[suite.into()],
        )
    }

    /// A case's trend, and whether the last run of its suite found something.
    fn case(&self, suite: &str, name: String, latest: i64) -> Result<Option<(CaseTrend, bool)>, HistoryError> {
        let rows = self.database().query(
            "SELECT runs.run, runs.started_us, cases.verdict, cases.failures, cases.trials, runs.commit_id, runs.branch,
                 cases.mean_us, runs.number, (SELECT string_agg(kind, ',') FROM findings
                     WHERE findings.run = cases.run AND findings.name = cases.name)
                 FROM cases JOIN runs ON runs.number = cases.run JOIN names ON names.number = cases.name
                 WHERE names.name = ?1 AND runs.suite = ?2 ORDER BY runs.started_us, runs.number",
            &[(&name).into(), suite.into()],
        )?;
        let mut runs = Vec::new();
        let mut seen: Vec<Timestamp> = Vec::new();
        let mut findings = BTreeSet::new();
        let (mut last, mut now) = (Verdict::Stable, false);
        for row in rows {
            let Some(started) = row.number(1).and_then(timestamp) else { continue };
            let word = row.word(2);
            last = verdict(&word);
            if let Some(kinds) = row.text(9) {
                seen.push(started);
                findings.extend(kinds.split(',').filter_map(kind));
                now |= row.number(8) == Some(latest);
            }
            runs.push(PastRun {
                run: row.word(0),
                started,
                gate: word,
                rate: Tally::new(row.count(3), row.count(4)),
                commit: row.text(5),
                branch: row.text(6),
                millis: row.number(7).unwrap_or_default() as f64 / 1000.0,
            });
        }
        if runs.is_empty() {
            return Ok(None);
        }
        let trend = CaseTrend {
            case: name,
            verdict: last,
            findings: findings.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
            runs: runs.len(),
            found_in: seen.len(),
            first_seen: seen.first().copied(),
            last_seen: seen.last().copied(),
            weeks: weeks(&runs),
            last_runs: last_of(runs),
        };
        Ok(Some((trend, now)))
    }
}

/// The ISO week of a time, as in `2026-W48`.
pub(super) fn week_of(time: Timestamp) -> String {
    let date = time.to_zoned(TimeZone::UTC).date().iso_week_date();
    format!("{}-W{:02}", date.year(), date.week())
}

fn last_of(mut runs: Vec<PastRun>) -> Vec<PastRun> {
    runs.split_off(runs.len().saturating_sub(LAST_RUNS))
}

fn weeks<'r>(runs: impl IntoIterator<Item = &'r PastRun>) -> Vec<Week> {
    let mut weeks: BTreeMap<String, (u32, u32, Tally)> = BTreeMap::new();
    for run in runs {
        let (runs, failed, rate) = weeks.entry(week_of(run.started)).or_default();
        *runs += 1;
        *failed +=
            u32::from(matches!(run.gate.as_str(), "failed" | "broken" | "order_dependent" | "intermittent" | "leaky"));
        *rate += run.rate;
    }
    let week = |(week, (runs, failed_runs, rate)): (String, (u32, u32, Tally))| Week {
        week,
        runs,
        failed_runs,
        rate,
        flake_rate: rate.rate(),
    };
    weeks.into_iter().map(week).collect()
}
