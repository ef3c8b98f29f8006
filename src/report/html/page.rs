//! Puts the page together.

use crate::model::{CaseIndex, Verdict};
use crate::record::Record;
use crate::report::finding::Role;
use crate::report::html::card::{Card, page_of};
use crate::report::html::grid::{ALPHABET, Grid, RowData, digits};
use crate::report::html::hosts::rows_of_hosts;
use crate::report::html::matrix::Matrix;
use crate::report::summary::Summary;
use crate::report::text::visible;
use crate::report::view::View;
use crate::report::words::duration;
use crate::report::{Context, ReportError};
use crate::verdict::Judgement;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../templates/report.html");
const CARD: &str = include_str!("../templates/card.html");
const STYLE: &str = include_str!("../templates/report.css");
const SCRIPT: &str = include_str!("../templates/report.js");

/// How many findings get a card; the others stand in the table of cases.
const CARDS: usize = 100;

/// How many cases the table holds without JavaScript.
const ROWS: usize = 200;

/// How many notes are shown.
const NOTES: usize = 50;

/// Renders the page.
///
/// # Errors
/// If a template is wrong, which no run causes.
pub fn html(record: &Record, judgement: &Judgement, context: &Context) -> Result<String, ReportError> {
    let view = View::new(record, judgement, context);
    let summary = Summary::new(&view);
    let tells_of_orders = tells_of_orders(&summary);
    let grid = Grid::new(record);
    let matrix = Matrix::new(record);
    let mut environment = Environment::new();
    environment.add_template("report.html", PAGE)?;
    environment.add_template("card.html", CARD)?;
    let cards: Vec<Card> = summary.causes.iter().take(CARDS).map(|cause| Card::new(&view, cause)).collect();
    let page = context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        data => Value::from_safe_string(data(&view, &grid, &cards)?),
        gate => summary.gate,
        headline => summary.headline,
        evidence => summary.evidence,
        facts => value(Facts::new(record)),
        tells_of_orders,
        round => visible(&record.header.subject.round).into_owned(),
        ran => summary.ran,
        quarantine => summary.quarantine.as_ref().map(|quarantine| &quarantine.size),
        entries => value(summary.quarantine.as_ref().map(|quarantine| &quarantine.failing)),
        price => summary.price,
        next => value(&summary.next),
        or_else => value(&summary.or),
        coverage => summary.coverage,
        unmeasured => value(&summary.unmeasured),
        skipped => value(&summary.skipped),
        unproven => value(&summary.unproven),
        notes => value(summary.notes.iter().take(NOTES).collect::<Vec<&String>>()),
        notes_left => summary.notes.len().saturating_sub(NOTES),
        counts => value(counts(&view)),
        causes => summary.causes.len(),
        cards => value(&cards),
        cards_left => summary.causes.len().saturating_sub(CARDS),
        rows => value(table(&view)),
        cases => record.header.cases.len(),
        pairs => Value::from_safe_string(script_json(&matrix)?),
        matrix => value(&matrix),
        run => &record.header.run,
        program => &record.header.program,
        started => record.header.started.to_string(),
        hosts => value(rows_of_hosts(&view)),
        grid => value(&grid),
    };
    Ok(environment.get_template("report.html")?.render(page)?)
}

fn value(data: impl Serialize) -> Value {
    Value::from(Serde(data))
}

/// How many cases have each verdict, worst first, without those that none has.
fn counts(view: &View<'_>) -> Vec<(&'static str, usize)> {
    let of = |verdict: &Verdict| view.judgement.cases.iter().filter(|case| case.verdict == *verdict).count();
    Verdict::ALL.iter().map(|verdict| (verdict.as_str(), of(verdict))).filter(|(_, count)| *count > 0).collect()
}

/// Whether the orders of the rounds show something: then they are not folded.
fn tells_of_orders(summary: &Summary) -> bool {
    summary.causes.iter().any(|cause| cause.lead.order.is_some())
}

/// What ran, when, where and for how long: the line below the title.
#[derive(Debug, Serialize)]
struct Facts {
    begun: String,
    took: String,
    commit: Option<String>,
    branch: Option<String>,
    job: Option<String>,
    command: Option<String>,
}

impl Facts {
    fn new(record: &Record) -> Self {
        let background = &record.header.background;
        let revision = background.revision.clone().unwrap_or_default();
        let clean = |text: String| visible(&text).into_owned();
        Self {
            begun: record.header.started.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            took: duration(record.millis),
            commit: revision.commit.map(|commit| clean(commit.chars().take(10).collect())),
            branch: revision.branch.map(clean),
            job: revision.job.filter(|job| job.starts_with("https://") || job.starts_with("http://")).map(clean),
            command: background.command.clone().map(clean),
        }
    }
}

/// A case in the table.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    page: String,
    verdict: &'static str,
    failures: u32,
    trials: u32,
    mean: String,
    slowest: String,
    reason: String,
}

/// The cases that stand in the table without JavaScript: the worst first, then the slowest.
fn table(view: &View<'_>) -> Vec<Row> {
    let mut cases: Vec<CaseIndex> = CaseIndex::first(view.judgement.cases.len()).collect();
    let rank = |case: &CaseIndex| {
        let verdict = view.judged(*case).map_or(Verdict::Stable, |judged| judged.verdict);
        (verdict, std::cmp::Reverse(view.mean_micros(*case)))
    };
    cases.sort_by_key(rank);
    cases.truncate(ROWS);
    let row = |case: CaseIndex| {
        let judged = view.judged(case)?;
        Some(Row {
            page: page_of(&view.id(case)),
            id: view.id(case),
            verdict: judged.verdict.as_str(),
            failures: judged.rate.failures(),
            trials: judged.rate.trials(),
            mean: short_time(view.mean_micros(case)),
            slowest: short_time(u64::from(view.slowest_micros(case))),
            reason: judged.reason.as_deref().map(crate::report::visible).unwrap_or_default().into_owned(),
        })
    };
    cases.into_iter().filter_map(row).collect()
}

/// `0.4 ms`, `87 ms`, `4.2 s`: as many digits as one reads.
fn short_time(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{:.1} ms", micros as f64 / 1000.0),
        _ => duration(micros / 1000),
    }
}

/// What the script works with.
#[derive(Debug, Serialize)]
struct Data<'a> {
    alphabet: &'static str,
    digits: usize,
    ids: Vec<String>,
    verdicts: Vec<&'static str>,
    failures: Vec<u32>,
    trials: Vec<u32>,
    mean: Vec<u64>,
    slowest: Vec<u32>,
    reasons: BTreeMap<CaseIndex, String>,
    /// The card that tells of a case, by its number on the page.
    cards: BTreeMap<CaseIndex, usize>,
    accused: BTreeMap<CaseIndex, Accused>,
    rows: Vec<RowData<'a>>,
}

/// Whose order decides over a case.
#[derive(Debug, Serialize)]
struct Accused {
    role: &'static str,
    sequences: Vec<Vec<CaseIndex>>,
    cleaners: Vec<CaseIndex>,
}

fn data(view: &View<'_>, grid: &Grid, cards: &[Card]) -> Result<String, ReportError> {
    let cases = &view.judgement.cases;
    let numbers = CaseIndex::first(cases.len());
    let data = Data {
        alphabet: ALPHABET,
        digits: digits(cases.len()),
        ids: numbers.clone().map(|case| view.id(case)).collect(),
        verdicts: cases.iter().map(|case| case.verdict.as_str()).collect(),
        failures: cases.iter().map(|case| case.rate.failures()).collect(),
        trials: cases.iter().map(|case| case.rate.trials()).collect(),
        mean: numbers.clone().map(|case| view.mean_micros(case)).collect(),
        slowest: numbers.clone().map(|case| view.slowest_micros(case)).collect(),
        reasons: cases.iter().filter_map(|case| Some((case.case, case.reason.clone()?))).collect(),
        cards: (1..)
            .zip(cards)
            .flat_map(|(number, card)| card.members().iter().map(move |case| (*case, number)))
            .collect(),
        accused: numbers.filter_map(|case| Some((case, accused(view, case)?))).collect(),
        rows: grid.data(cases.len()),
    };
    script_json(&data)
}

/// JSON inside a script element: only `<` can end it.
fn script_json(data: &impl Serialize) -> Result<String, ReportError> {
    Ok(serde_json::to_string(data)?.replace('<', "\\u003c"))
}

fn accused(view: &View<'_>, case: CaseIndex) -> Option<Accused> {
    view.judged(case)?.order.as_ref()?;
    let order = view.finding(case)?.order?;
    let role = match order.role {
        Role::Victim => "polluter",
        Role::Brittle => "state-setter",
        Role::Unknown => return None,
    };
    Some(Accused { role, sequences: order.sequences, cleaners: order.cleaners })
}
