//! The record of a run is the same in whatever order its rounds arrive.

use crate::cli::kit::{BROKEN, Project};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use steadfast::event::{Entry, Event, JournalReader};
use steadfast::model::RoundId;
use steadfast::record::{Fold, Record};
use steadfast::report::{Context, Format};
use steadfast::verdict::judge;

/// A journal in pieces: what was said before the first round, the facts of each round, and everything else.
#[derive(Debug, Clone)]
struct Pieces {
    header: steadfast::event::Header,
    first: Vec<Entry>,
    rounds: Vec<Vec<Entry>>,
    rest: Vec<Entry>,
}

fn round_of(event: &Event) -> Option<RoundId> {
    match event {
        Event::RoundStarted { round, .. }
        | Event::TrialStarted { round, .. }
        | Event::TrialFinished { round, .. }
        | Event::RoundFinished { round, .. } => Some(*round),
        _ => None,
    }
}

fn pieces(journal: &Path) -> Pieces {
    let mut reader = JournalReader::open(journal).expect("a journal");
    let header = reader.header().clone();
    let (mut first, mut rounds, mut rest) = (Vec::new(), BTreeMap::<RoundId, Vec<Entry>>::new(), Vec::new());
    for entry in &mut reader {
        let entry = entry.expect("a fact");
        match round_of(&entry.event) {
            Some(round) => rounds.entry(round).or_default().push(entry),
            None if rounds.is_empty() => first.push(entry),
            None => rest.push(entry),
        }
    }
    Pieces { header, first, rounds: rounds.into_values().collect(), rest }
}

impl Pieces {
    fn folded(&self, rounds: &[Vec<Entry>]) -> Record {
        let mut fold = Fold::new(self.header.clone());
        for entry in self.first.iter().chain(rounds.iter().flatten()).chain(&self.rest) {
            fold.entry(entry.clone()).expect("a fact of this run");
        }
        fold.finish()
    }

    fn report(&self, rounds: &[Vec<Entry>]) -> String {
        let record = self.folded(rounds);
        Format::Json.render(&record, &judge(&record), &Context::new("steadfast", "r")).expect("a report")
    }
}

/// Rounds that fail in many ways, several side by side.
fn mixed() -> Pieces {
    let skipped = BROKEN.replace("scenario: a wrong expectation", "scenario: one that is not run\nskip: no reason");
    let project = Project::that_passes()
        .with("scenarios/wrong.yaml", BROKEN)
        .with("scenarios/skipped.yaml", skipped)
        .with("scenarios/wrong_too.yaml", BROKEN.replace("How do I greet?", "Another message"));
    project.run(&["run", "--rounds", "6", "--seed", "2", "--jobs", "3"]).exits(1);
    pieces(&project.path("reports/latest/events.jsonl"))
}

fn sample() -> Pieces {
    pieces(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals/sample.jsonl"))
}

#[test]
fn the_report_is_the_same_in_whatever_order_rounds_arrive() {
    for pieces in [sample(), mixed()] {
        assert!(pieces.rounds.len() > 3, "there are rounds to shuffle");
        let expected = pieces.report(&pieces.rounds);
        let all = Just(pieces.rounds.clone()).prop_shuffle();
        let mut runner =
            proptest::test_runner::TestRunner::new(ProptestConfig { cases: 24, ..crate::properties::same_inputs() });
        let same = runner.run(&all, |rounds| {
            prop_assert_eq!(&pieces.report(&rounds), &expected);
            Ok(())
        });
        same.expect("the same report");
    }
}

#[test]
fn rounds_that_arrive_side_by_side_are_the_same_too() {
    let pieces = mixed();
    let mut mingled: Vec<Entry> = Vec::new();
    let longest = pieces.rounds.iter().map(Vec::len).max().unwrap_or(0);
    for place in 0..longest {
        mingled.extend(pieces.rounds.iter().rev().filter_map(|round| round.get(place)).cloned());
    }
    assert_eq!(pieces.report(&[mingled]), pieces.report(&pieces.rounds));
}
