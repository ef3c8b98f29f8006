//! Which tests are flaky by what other runners wrote: they failed and passed on one commit.

use crate::history::junit::imported;
use crate::history::past::timestamp;
use crate::history::{History, HistoryError};
use crate::model::statistics::Tally;
use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What imported runs of a suite say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flips {
    /// The suite that was imported.
    pub suite: String,
    /// How many runs of it were imported.
    pub runs: u32,
    /// How many of them name no commit.
    pub without_commit: u32,
    /// How many commits ran more than once.
    pub commits_run_again: u32,
    /// When the first one ran.
    pub first: Timestamp,
    /// When the last one ran.
    pub last: Timestamp,
    /// Tests that failed and passed on one commit, those with most such commits first.
    pub flaky: Vec<Flaky>,
    /// Tests that failed, and never passed on a commit on which they failed.
    pub failing: Vec<String>,
}

/// A test that failed and passed on one commit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flaky {
    /// The id of the case.
    pub case: String,
    /// On how many commits it did both.
    pub commits: u32,
    /// How often it failed in all.
    pub failed: Tally,
    /// The last commit on which it did both, if its name is known.
    pub last_commit: Option<String>,
    /// When that was.
    pub last: Timestamp,
}

/// A test on a commit: id, commit, failures, trials, the last run.
type OnCommit = (String, Option<String>, u32, u32, i64);

impl History {
    /// What imported runs say, suite by suite.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn flips(&self, suite: Option<&str>) -> Result<Vec<Flips>, HistoryError> {
        self.read_flips(suite).map_err(self.failed())
    }

    fn read_flips(&self, suite: Option<&str>) -> rusqlite::Result<Vec<Flips>> {
        let mark = imported();
        let mut select = self.connection().prepare(
            "SELECT suite, count(*), sum(commit_id IS NULL), min(started_us), max(started_us) FROM runs
                 WHERE subject = ?1 AND (?2 IS NULL OR suite = ?2) GROUP BY suite ORDER BY suite",
        )?;
        let mut rows = select.query(params![mark.as_str(), suite])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let (Some(first), Some(last)) = (timestamp(row.get(3)?), timestamp(row.get(4)?)) else { continue };
            let suite: String = row.get(0)?;
            let (flaky, failing) = self.tests(mark.as_str(), &suite)?;
            let commits_run_again = self.connection().query_row(
                "SELECT count(*) FROM (SELECT 1 FROM runs WHERE subject = ?1 AND suite = ?2 AND commit_id IS NOT NULL
                     GROUP BY commit_id HAVING count(*) > 1)",
                params![mark.as_str(), suite],
                |row| row.get(0),
            )?;
            let (runs, without_commit) = (row.get(1)?, row.get(2)?);
            all.push(Flips { suite, runs, without_commit, commits_run_again, first, last, flaky, failing });
        }
        Ok(all)
    }

    fn tests(&self, mark: &str, suite: &str) -> rusqlite::Result<(Vec<Flaky>, Vec<String>)> {
        // Where no commit is known, a run is alone with itself: a test that was tried again in it can still do both.
        let mut select = self.connection().prepare(
            "SELECT names.name, runs.commit_id, sum(cases.failures), sum(cases.trials), max(runs.started_us)
                 FROM cases JOIN runs ON runs.number = cases.run JOIN names ON names.number = cases.name
                 WHERE runs.subject = ?1 AND runs.suite = ?2
                 GROUP BY names.name, coalesce(runs.commit_id, 'run ' || runs.number) ORDER BY names.name",
        )?;
        let rows = select.query_map(params![mark, suite], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?;
        let mut by_test: BTreeMap<String, Vec<OnCommit>> = BTreeMap::new();
        for row in rows {
            let row: OnCommit = row?;
            by_test.entry(row.0.clone()).or_default().push(row);
        }
        let (mut flaky, mut failing) = (Vec::new(), Vec::new());
        for (case, commits) in by_test {
            match judge(&case, &commits) {
                Some(test) => flaky.push(test),
                None if commits.iter().any(|(_, _, failures, ..)| *failures > 0) => failing.push(case),
                None => {}
            }
        }
        flaky.sort_by(|a, b| b.commits.cmp(&a.commits).then(b.failed.failures().cmp(&a.failed.failures())));
        Ok((flaky, failing))
    }
}

fn judge(case: &str, commits: &[OnCommit]) -> Option<Flaky> {
    let both: Vec<&OnCommit> =
        commits.iter().filter(|(_, _, failures, trials, _)| *failures > 0 && failures < trials).collect();
    let (_, commit, .., last) = both.iter().max_by_key(|(.., last)| *last)?;
    Some(Flaky {
        case: case.to_owned(),
        commits: both.len() as u32,
        failed: commits.iter().map(|(_, _, failures, trials, _)| Tally::new(*failures, *trials)).sum(),
        last_commit: commit.clone(),
        last: timestamp(*last)?,
    })
}

/// How many tests are named of those that are not flaky.
const FAILING: usize = 5;

/// As text. It ends with a line feed.
pub fn flips_text(all: &[Flips]) -> String {
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let mut out = String::new();
    for flips in all {
        let Flips { suite, runs, flaky, failing, .. } = flips;
        // Writing to a string can't fail.
        let _ = writeln!(
            out,
            "{suite}: {runs} imported runs, {} to {}; {} commits ran more than once",
            day(flips.first),
            day(flips.last),
            flips.commits_run_again
        );
        if flips.without_commit > 0 {
            let _ = writeln!(
                out,
                "  {} name no commit: say it with --commit, or keep the files in folders named by it",
                flips.without_commit
            );
        }
        let _ = writeln!(out, "  {} flaky: failed and passed on one commit", flaky.len());
        for test in flaky {
            let commit = test
                .last_commit
                .as_deref()
                .map_or_else(String::new, |commit| format!(" ({})", commit.chars().take(10).collect::<String>()));
            let _ = writeln!(
                out,
                "    {}: failed {} times, both ways on {} of its commits, last on {}{commit}",
                test.case,
                test.failed,
                test.commits,
                day(test.last)
            );
        }
        if !failing.is_empty() {
            let more =
                if failing.len() > FAILING { format!(" and {} more", failing.len() - FAILING) } else { String::new() };
            let _ = writeln!(
                out,
                "  {} failed and never passed on the same commit, so nothing says that they are flaky: {}{more}",
                failing.len(),
                failing[..failing.len().min(FAILING)].join(", ")
            );
        }
    }
    if all.is_empty() {
        out.push_str("nothing was imported: steadfast history import FILE…\n");
    }
    out
}
