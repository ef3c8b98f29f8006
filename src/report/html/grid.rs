//! Rounds as rows, each in its own order: a cell is a trial. Where an order matters, the eye sees red behind the polluter.

use crate::event::RoundEnd;
use crate::model::{EventLoop, OutcomeKind, RoundKind};
use crate::record::{Record, Slot};
use serde::Serialize;
use std::fmt::Write;

/// At most so many rows are drawn.
const ROWS: usize = 200;

/// At most so many trials are drawn: beyond, the file would grow past what a browser opens at once.
const TRIALS: usize = 600_000;

/// The rounds to draw.
#[derive(Debug, Serialize)]
pub(super) struct Grid {
    /// The rows from above.
    rows: Vec<Row>,
    /// The length of the longest row, in trials.
    columns: usize,
    /// How many rounds are not drawn.
    left_out: usize,
    /// What is to be seen, class by class, as the data of an SVG path. What matters most comes last and lies on top.
    paths: Vec<(&'static str, String)>,
}

/// A column of the grid: one round.
#[derive(Debug, Serialize)]
struct Row {
    label: String,
    kind: &'static str,
    seed: String,
    trials: usize,
    failed: usize,
    skipped: usize,
    missing: usize,
    seconds: String,
    end: String,
    #[serde(skip)]
    slots: Vec<Slot>,
}

/// What the script is told of a row.
#[derive(Debug, Serialize)]
pub(super) struct RowData<'a> {
    label: &'a str,
    order: String,
    outcomes: String,
}

impl Grid {
    pub(super) fn new(record: &Record) -> Self {
        let (rows, left_out) = rows(record);
        let columns = rows.iter().map(|row| row.slots.len()).max().unwrap_or(0);
        let mut paths = ["passed", "skipped", "missing", "failed"].map(|class| (class, String::new()));
        for (at, row) in rows.iter().enumerate() {
            for (from, length, outcome) in runs(&row.slots) {
                for (_, path) in paths.iter_mut().filter(|(name, _)| *name == class(outcome)) {
                    // Writing to a string can't fail.
                    let _ = write!(path, "M{from} {at}h{length}v.84h-{length}z");
                }
            }
        }
        let paths = paths.into_iter().filter(|(_, path)| !path.is_empty()).collect();
        Self { rows, columns, left_out, paths }
    }

    /// The orders and outcomes in a compact form.
    pub(super) fn data(&self, cases: usize) -> Vec<RowData<'_>> {
        let digits = digits(cases);
        let row = |row: &'_ Row| -> (String, String) {
            let mut order = String::with_capacity(row.slots.len() * digits);
            for slot in &row.slots {
                encode(slot.case.index(), digits, &mut order);
            }
            let outcomes = runs(&row.slots)
                .into_iter()
                .map(|(_, length, outcome)| format!("{length}{}", letter(outcome)))
                .collect();
            (order, outcomes)
        };
        self.rows
            .iter()
            .map(|of| {
                let (order, outcomes) = row(of);
                RowData { label: &of.label, order, outcomes }
            })
            .collect()
    }
}

/// The characters of the compact form: printable ASCII without what JSON or HTML would escape.
pub(super) const ALPHABET: &str =
    "#$%()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// How many characters a case takes in the compact form.
pub(super) fn digits(cases: usize) -> usize {
    let mut digits = 1;
    let mut reach = ALPHABET.len();
    while reach < cases {
        reach *= ALPHABET.len();
        digits += 1;
    }
    digits
}

fn encode(mut value: usize, digits: usize, out: &mut String) {
    let alphabet = ALPHABET.as_bytes();
    let mut reversed = [b' '; 16];
    for place in reversed.iter_mut().take(digits) {
        *place = alphabet[value % alphabet.len()];
        value /= alphabet.len();
    }
    out.extend(reversed.iter().take(digits).rev().map(|byte| char::from(*byte)));
}

/// The rounds to draw and how many are left out. Cases that ran alone share a row. If there are too many, those without a
/// failure go first.
fn rows(record: &Record) -> (Vec<Row>, usize) {
    let mut rows: Vec<Row> = Vec::new();
    let mut alone: Vec<Slot> = Vec::new();
    let mut alone_millis = 0;
    let mut left_out = 0;
    let mut trials = 0;
    let clean_rows = clean_rows(record);
    let mut clean = 0;
    for round in record.rounds.iter().filter(|round| round.is_planned()) {
        if round.kind == RoundKind::Alone {
            alone.extend(&round.slots);
            alone_millis += round.millis;
            continue;
        }
        let failed = round.has_failure();
        let fits = rows.len() < ROWS && trials + round.slots.len() <= TRIALS;
        if !fits || (!failed && clean >= clean_rows) {
            left_out += 1;
            continue;
        }
        clean += usize::from(!failed);
        trials += round.slots.len();
        let label = format!("{} {}{}", round.id.ordinal(), round.kind, loops(record, round.event_loop));
        rows.push(Row::new(
            label,
            round.kind.as_str(),
            round.seed.to_string(),
            round.slots.clone(),
            round.millis,
            end(&round.end),
        ));
    }
    if !alone.is_empty() && trials + alone.len() <= TRIALS {
        rows.push(Row::new("each alone".to_owned(), "alone", String::new(), alone, alone_millis, String::new()));
    }
    (rows, left_out)
}

/// How long an event loop lives in a round, where that differs between the rounds of a run.
fn loops(record: &Record, event_loop: EventLoop) -> &'static str {
    match event_loop {
        _ if record.header.policy.event_loops.len() < 2 => "",
        EventLoop::Round => ", one event loop",
        EventLoop::Case => ", a loop each",
    }
}

/// How many rows are left for rounds without a failure.
fn clean_rows(record: &Record) -> usize {
    let drawn = |round: &&crate::record::RoundRecord| round.is_planned() && round.kind != RoundKind::Alone;
    let failed = record.rounds.iter().filter(drawn).filter(|round| round.has_failure()).count();
    ROWS.saturating_sub(failed)
}

fn end(end: &Option<RoundEnd>) -> String {
    match end {
        Some(RoundEnd::Completed) => String::new(),
        Some(RoundEnd::Died { reason }) => format!("died: {}", crate::report::visible(reason)),
        Some(RoundEnd::NotStarted { reason }) => format!("not started: {}", crate::report::visible(reason)),
        Some(RoundEnd::Interrupted) => "interrupted".to_owned(),
        None => "torn".to_owned(),
    }
}

impl Row {
    fn new(label: String, kind: &'static str, seed: String, slots: Vec<Slot>, millis: u64, end: String) -> Self {
        let count = |class_name: &str| slots.iter().filter(|slot| class(slot.outcome) == class_name).count();
        let seconds = crate::report::words::duration(millis);
        let (failed, skipped, missing) = (count("failed"), count("skipped"), count("missing"));
        Self { label, kind, seed, trials: slots.len(), failed, skipped, missing, seconds, end, slots }
    }
}

/// Where equal outcomes follow each other: from, how many, which.
fn runs(slots: &[Slot]) -> Vec<(usize, usize, Option<OutcomeKind>)> {
    let mut runs: Vec<(usize, usize, Option<OutcomeKind>)> = Vec::new();
    for (at, slot) in slots.iter().enumerate() {
        match runs.last_mut() {
            Some((_, length, outcome)) if *outcome == slot.outcome => *length += 1,
            _ => runs.push((at, 1, slot.outcome)),
        }
    }
    runs
}

fn class(outcome: Option<OutcomeKind>) -> &'static str {
    match outcome {
        Some(OutcomeKind::Passed) => "passed",
        Some(OutcomeKind::Skipped) => "skipped",
        Some(OutcomeKind::Failed | OutcomeKind::Errored | OutcomeKind::TimedOut | OutcomeKind::Crashed) => "failed",
        None => "missing",
    }
}

fn letter(outcome: Option<OutcomeKind>) -> char {
    match outcome {
        Some(OutcomeKind::Passed) => 'p',
        Some(OutcomeKind::Failed) => 'f',
        Some(OutcomeKind::Errored) => 'e',
        Some(OutcomeKind::TimedOut) => 't',
        Some(OutcomeKind::Crashed) => 'c',
        Some(OutcomeKind::Skipped) => 's',
        None => 'm',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaseIndex;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_its_own_code_of_equal_length() {
        let digits = digits(5000);
        let codes: BTreeSet<String> = (0..5000)
            .map(|case| {
                let mut out = String::new();
                encode(case, digits, &mut out);
                out
            })
            .collect();
        assert_eq!(codes.len(), 5000);
        assert!(codes.iter().all(|code| code.len() == 2));
    }

    #[test]
    fn the_alphabet_needs_no_escape() {
        let text: BTreeSet<char> = ALPHABET.chars().collect();
        assert_eq!(text.len(), ALPHABET.len());
        assert!(!ALPHABET.contains(['<', '>', '&', '"', '\'', '\\']));
    }

    #[test]
    fn equal_outcomes_are_written_once() {
        let slot = |outcome| Slot { case: CaseIndex(0), outcome, micros: 0 };
        let (pass, fail) = (slot(Some(OutcomeKind::Passed)), slot(Some(OutcomeKind::Failed)));
        let found = runs(&[pass, pass, fail, slot(None)]);
        assert_eq!(found, [(0, 2, pass.outcome), (2, 1, fail.outcome), (3, 1, None)]);
    }
}
