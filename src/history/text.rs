//! Trends for a terminal, and for programs.

use crate::history::{CaseTrend, SuiteTrend, Week};
use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write;

/// How many weeks and runs a terminal shows.
const LINES: usize = 12;

/// How many cases it shows.
const CASES: usize = 20;

/// Trends as JSON, ending with a line feed.
///
/// # Errors
/// If they can't be serialised, which no history causes.
pub fn trends_json(suites: &[SuiteTrend]) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Trends<'a> {
        version: u32,
        suites: &'a [SuiteTrend],
    }
    Ok(serde_json::to_string_pretty(&Trends { version: 1, suites })? + "\n")
}

/// Trends as text, ending with a line feed.
pub fn trends_text(suites: &[SuiteTrend]) -> String {
    let mut out = String::new();
    if suites.is_empty() {
        return "nothing is remembered of that\n".to_owned();
    }
    for (at, suite) in suites.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        suite_text(&mut out, suite);
    }
    out
}

fn suite_text(out: &mut String, suite: &SuiteTrend) {
    let runs = if suite.runs == 1 { "1 run".to_owned() } else { format!("{} runs", suite.runs) };
    let _ = writeln!(out, "{}: {runs}, {} to {}", suite.suite, day(suite.first), day(suite.last));
    let _ = writeln!(out, "\n  week      runs  failed  flake rate");
    weeks_text(out, &suite.weeks);
    let _ = writeln!(out, "\n  last runs");
    for run in suite.last_runs.iter().rev().take(LINES) {
        let commit = run.commit.as_deref().map_or_else(String::new, |commit| format!("  {}", short(commit)));
        let branch = run.branch.as_deref().map_or_else(String::new, |branch| format!(" {branch}"));
        let _ = writeln!(out, "  {}  {:<11} {} failed{commit}{branch}", run.run, run.gate, run.rate);
    }
    if suite.cases.is_empty() {
        let _ = writeln!(out, "\n  no case was ever found wanting");
    } else {
        let _ = writeln!(out, "\n  cases");
    }
    for case in suite.cases.iter().take(CASES) {
        case_text(out, case, suite.cases.len() == 1);
    }
    if suite.cases.len() > CASES {
        let _ = writeln!(out, "  … {} more: --format json or html has them all", suite.cases.len() - CASES);
    }
}

fn case_text(out: &mut String, case: &CaseTrend, at_length: bool) {
    let _ = writeln!(out, "  {}: {}", case.case, case.verdict);
    match (case.first_seen, case.last_seen) {
        (Some(first), Some(last)) => {
            let (found, runs) = (case.found_in, counted(case.runs, "run"));
            let kinds = case.findings.join(", ");
            let _ =
                writeln!(out, "    {kinds} in {found} of {runs}; first seen {}, last seen {}", day(first), day(last));
        }
        _ => {
            let _ = writeln!(out, "    never found wanting in {}", counted(case.runs, "run"));
        }
    }
    if at_length {
        weeks_text(out, &case.weeks);
    }
}

fn weeks_text(out: &mut String, weeks: &[Week]) {
    for week in weeks.iter().skip(weeks.len().saturating_sub(LINES)) {
        let percent = format!("{:.2} %", week.flake_rate * 100.0);
        let _ = writeln!(
            out,
            "  {:<8} {:>5} {:>7}  {percent:>10}  ({})",
            week.week, week.runs, week.failed_runs, week.rate
        );
    }
}

/// A count with its noun: `1 run`, `2 runs`.
pub(super) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The day of a time, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A commit as people name it.
pub(super) fn short(commit: &str) -> String {
    commit.chars().take(10).collect()
}
