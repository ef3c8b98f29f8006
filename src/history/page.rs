//! Trends as one page: no network. Everything stands in the HTML; a script only filters it.

use crate::history::text::{day, short};
use crate::history::trend::week_of;
use crate::history::{CaseTrend, PastRun, SuiteTrend, Week};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write;

const PAGE: &str = include_str!("templates/trends.html");
const STYLE: &str = include_str!("templates/trends.css");
const SCRIPT: &str = include_str!("templates/trends.js");

/// How many cases have a line of their own.
const CASES: usize = 500;

/// A plot's height, and the width of a week in it.
const HEIGHT: f64 = 60.0;
const WIDTH: f64 = 14.0;

/// Renders the page.
///
/// # Errors
/// If the template is wrong, which no history causes.
pub fn trends_html(trends: &[SuiteTrend]) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("trends.html", PAGE)?;
    let suites: Vec<Suite<'_>> = trends.iter().map(Suite::new).collect();
    let choices = Choices::of(trends);
    let page = context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        suites => Value::from(Serde(suites)),
        verdicts => Value::from(Serde(choices.verdicts)),
        branches => Value::from(Serde(choices.branches)),
        weeks => Value::from(Serde(choices.weeks)),
    };
    environment.get_template("trends.html")?.render(page)
}

/// What can be chosen above the tables.
struct Choices<'a> {
    verdicts: BTreeSet<&'static str>,
    branches: BTreeSet<&'a str>,
    /// The newest first.
    weeks: Vec<&'a str>,
}

impl<'a> Choices<'a> {
    fn of(trends: &'a [SuiteTrend]) -> Self {
        let cases = trends.iter().flat_map(|suite| suite.cases.iter().take(CASES));
        let runs = trends.iter().flat_map(|suite| &suite.last_runs);
        let weeks: BTreeSet<&str> =
            trends.iter().flat_map(|suite| &suite.weeks).map(|week| week.week.as_str()).collect();
        Self {
            verdicts: cases.map(|case| case.verdict.as_str()).collect(),
            branches: runs.filter_map(|run| run.branch.as_deref()).collect(),
            weeks: weeks.into_iter().rev().collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Suite<'a> {
    name: &'a str,
    runs: usize,
    first: String,
    last: String,
    plot: Plot,
    weeks: Vec<Line<'a>>,
    last_runs: Vec<Run<'a>>,
    cases: Vec<Case<'a>>,
    cases_left: usize,
}

#[derive(Debug, Serialize)]
struct Case<'a> {
    id: &'a str,
    verdict: &'static str,
    findings: String,
    found_in: usize,
    runs: usize,
    first: String,
    last: String,
    /// The week in which it was last found wanting; empty if never.
    last_week: String,
    plot: Plot,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    week: &'a str,
    runs: u32,
    failed: u32,
    rate: String,
    trials: String,
}

#[derive(Debug, Serialize)]
struct Run<'a> {
    run: &'a str,
    /// What a filter finds it by, in lower case.
    text: String,
    week: String,
    day: String,
    gate: &'a str,
    rate: String,
    commit: String,
    branch: &'a str,
    seconds: String,
}

/// Bars of flake rates by week, the highest as high as the plot.
#[derive(Debug, Serialize)]
struct Plot {
    width: f64,
    height: f64,
    path: String,
    label: String,
}

impl Plot {
    fn of(weeks: &[Week]) -> Self {
        let highest = weeks.iter().map(|week| week.flake_rate).fold(0.0, f64::max);
        let mut path = String::new();
        for (at, week) in weeks.iter().enumerate() {
            // A week without a failure has a line on the ground: there were runs.
            let height = if highest > 0.0 { (HEIGHT - 2.0) * week.flake_rate / highest } else { 0.0 } + 2.0;
            let (left, top) = (at as f64 * WIDTH + 2.0, HEIGHT - height);
            let _ = write!(path, "M{left:.1} {top:.1}h{:.1}v{height:.1}h-{:.1}z", WIDTH - 4.0, WIDTH - 4.0);
        }
        let label = match (weeks.first(), weeks.last()) {
            (Some(first), Some(last)) => {
                format!("flake rate by week, {} to {}; at most {}", first.week, last.week, percent(highest))
            }
            _ => "no runs".to_owned(),
        };
        Self { width: weeks.len().max(1) as f64 * WIDTH, height: HEIGHT, path, label }
    }
}

impl<'a> Suite<'a> {
    fn new(trend: &'a SuiteTrend) -> Self {
        Self {
            name: &trend.suite,
            runs: trend.runs,
            first: day(trend.first),
            last: day(trend.last),
            plot: Plot::of(&trend.weeks),
            weeks: trend.weeks.iter().rev().map(Line::new).collect(),
            last_runs: trend.last_runs.iter().rev().map(Run::new).collect(),
            cases: trend.cases.iter().take(CASES).map(Case::new).collect(),
            cases_left: trend.cases.len().saturating_sub(CASES),
        }
    }
}

impl<'a> Case<'a> {
    fn new(trend: &'a CaseTrend) -> Self {
        let seen = |time: Option<jiff::Timestamp>| time.map_or_else(|| "never".to_owned(), day);
        Self {
            id: &trend.case,
            verdict: trend.verdict.as_str(),
            findings: trend.findings.join(", "),
            found_in: trend.found_in,
            runs: trend.runs,
            first: seen(trend.first_seen),
            last: seen(trend.last_seen),
            last_week: trend.last_seen.map(week_of).unwrap_or_default(),
            plot: Plot::of(&trend.weeks),
        }
    }
}

impl<'a> Line<'a> {
    fn new(week: &'a Week) -> Self {
        Self {
            week: &week.week,
            runs: week.runs,
            failed: week.failed_runs,
            rate: percent(week.flake_rate),
            trials: week.rate.to_string(),
        }
    }
}

impl<'a> Run<'a> {
    fn new(run: &'a PastRun) -> Self {
        Self {
            run: &run.run,
            text: [Some(run.run.as_str()), run.commit.as_deref(), run.branch.as_deref()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase(),
            week: week_of(run.started),
            day: day(run.started),
            gate: &run.gate,
            rate: run.rate.to_string(),
            commit: run.commit.as_deref().map(short).unwrap_or_default(),
            branch: run.branch.as_deref().unwrap_or_default(),
            seconds: format!("{:.1} s", run.millis / 1000.0),
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::statistics::Tally;

    #[test]
    fn the_style_has_no_rule_left_open() {
        let mut depth = 0_i32;
        for c in STYLE.chars() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            assert!((0..=2).contains(&depth), "a rule within a rule, or a brace too many");
        }
        assert_eq!(depth, 0);
        assert!(STYLE.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn what_a_name_holds_stays_text() {
        let time = "2026-11-23T00:00:00Z".parse().expect("a time");
        let suite = SuiteTrend {
            suite: "<script>alert(1)</script>".into(),
            runs: 1,
            first: time,
            last: time,
            weeks: vec![Week {
                week: "2026-W48".into(),
                runs: 1,
                failed_runs: 0,
                rate: Tally::new(0, 5),
                flake_rate: 0.0,
            }],
            last_runs: Vec::new(),
            cases: Vec::new(),
        };
        let page = trends_html(&[suite]).expect("a page");
        assert!(page.contains("&lt;script&gt;") && page.matches("<script").count() == 1, "{page}");
        assert!(!page.contains("://") && !page.contains("src="), "nothing is fetched");
    }
}
