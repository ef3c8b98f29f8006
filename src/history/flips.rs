//! Which tests are flaky by what other runners wrote: they failed and passed on one commit.

use crate::history::junit::imported;
use crate::history::past::timestamp;
use crate::history::text::counted;
use crate::history::{History, HistoryError};
use crate::model::statistics::Tally;
use jiff::Timestamp;
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
        let (mark, database) = (imported(), self.database());
        let rows = database.query(
            "SELECT suite, count(*), CAST(sum(CASE WHEN commit_id IS NULL THEN 1 ELSE 0 END) AS BIGINT), min(started_us),
                 max(started_us) FROM runs
                 WHERE subject = ?1 AND (CAST(?2 AS TEXT) IS NULL OR suite = ?2) GROUP BY suite ORDER BY suite",
            &[mark.as_str().into(), suite.into()],
        )?;
        let mut all = Vec::new();
        for row in rows {
            let times = (row.number(3).and_then(timestamp), row.number(4).and_then(timestamp));
            let (Some(first), Some(last)) = times else { continue };
            let suite = row.word(0);
            let (flaky, failing) = self.tests(mark.as_str(), &suite)?;
            let commits_run_again = database.number(
                "SELECT count(*) FROM (SELECT 1 FROM runs WHERE subject = ?1 AND suite = ?2 AND commit_id IS NOT NULL
                     GROUP BY commit_id HAVING count(*) > 1) AS again",
                &[mark.as_str().into(), (&suite).into()],
            )?;
            let commits_run_again = u32::try_from(commits_run_again).unwrap_or(u32::MAX);
            let (runs, without_commit) = (row.count(1), row.count(2));
            all.push(Flips { suite, runs, without_commit, commits_run_again, first, last, flaky, failing });
        }
        Ok(all)
    }

    fn tests(&self, mark: &str, suite: &str) -> Result<(Vec<Flaky>, Vec<String>), HistoryError> {
        // Where no commit is known, a run is alone with itself: a test that was tried again in it can still do both.
        let rows = self.database().query(
            "SELECT names.name, max(runs.commit_id), CAST(sum(cases.failures) AS BIGINT),
                 CAST(sum(cases.trials) AS BIGINT), max(runs.started_us)
                 FROM cases JOIN runs ON runs.number = cases.run JOIN names ON names.number = cases.name
                 WHERE runs.subject = ?1 AND runs.suite = ?2
                 GROUP BY names.name, coalesce(runs.commit_id, 'run ' || CAST(runs.number AS TEXT)) ORDER BY names.name",
            &[mark.into(), suite.into()],
        )?;
        let mut by_test: BTreeMap<String, Vec<OnCommit>> = BTreeMap::new();
        for row in rows {
            let on_commit = (row.word(0), row.text(1), row.count(2), row.count(3), row.number(4).unwrap_or_default());
            by_test.entry(row.word(0)).or_default().push(on_commit);
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
            "{suite}: {}, {} to {}; {} ran more than once",
            counted(*runs as usize, "imported run"),
            day(flips.first),
            day(flips.last),
            counted(flips.commits_run_again as usize, "commit")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_told_as_one() {
        let flips = Flips {
            suite: "imported pytest".to_owned(),
            runs: 1,
            without_commit: 0,
            commits_run_again: 1,
            first: Timestamp::UNIX_EPOCH,
            last: Timestamp::UNIX_EPOCH,
            flaky: Vec::new(),
            failing: Vec::new(),
        };
        let text = flips_text(&[flips]);
        assert!(
            text.starts_with(
                "imported pytest: 1 imported run, 1970-01-01 to 1970-01-01; 1 commit ran more than once\n"
            )
        );
    }
}
