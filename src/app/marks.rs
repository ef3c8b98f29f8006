//! What cases leave behind when they run alone, and how the others are tried after it.

use crate::model::{CaseIndex, OutcomeKind, Position, RoundKind};
use crate::plan::{Additions, AftermathOrder, MarkingOrders, MarksLeft, Plan};
use crate::record::Record;
use std::collections::BTreeSet;
use std::time::Duration;

/// A fork for each case is worth so many declared rounds, or this time.
const WORTH_ROUNDS: u32 = 2;
const WORTH: Duration = Duration::from_secs(5);

/// The marks of the cases that ran alone. Who crashed or hung anywhere is left out: it would end the others' round.
pub(super) fn marks_left(record: &Record) -> MarksLeft {
    let ends_rounds = |outcome| matches!(outcome, OutcomeKind::Crashed | OutcomeKind::TimedOut);
    let slots = record.rounds.iter().flat_map(|round| &round.slots);
    let harmful: BTreeSet<CaseIndex> =
        slots.filter(|slot| slot.outcome.is_some_and(ends_rounds)).map(|slot| slot.case).collect();
    let alone = record.rounds.iter().filter(|round| round.kind == RoundKind::Alone && round.is_complete());
    let marks = alone.filter_map(|round| Some((round.slots.first()?.case, round.marks.get(&Position(0))?.clone())));
    marks.filter(|(case, _)| !harmful.contains(case)).collect()
}

/// The cases that are tried after the marking ones, and whether each of them has a fork of its own.
pub(super) struct Tried {
    cases: Vec<CaseIndex>,
    /// What a fork for each case would take, where that is too much.
    too_long: Option<Duration>,
}

impl Tried {
    /// All cases but those that hung: each of them would take its whole deadline. By file, where a fork for each case
    /// would take longer than it is worth.
    pub fn of(record: &Record) -> Self {
        let mut hung = BTreeSet::new();
        let (mut alone, mut declared) = (Duration::ZERO, Duration::ZERO);
        for round in record.rounds.iter().filter(|round| round.is_planned()) {
            let timed_out = round.slots.iter().filter(|slot| slot.outcome == Some(OutcomeKind::TimedOut));
            hung.extend(timed_out.map(|slot| slot.case));
            match round.kind {
                RoundKind::Alone => alone += Duration::from_millis(round.millis),
                RoundKind::Declared => declared = Duration::from_millis(round.millis),
                _ => {}
            }
        }
        let cases = CaseIndex::first(record.header.cases.len()).filter(|case| !hung.contains(case));
        let too_long = Some(alone).filter(|alone| *alone > (declared * WORTH_ROUNDS).max(WORTH));
        Self { cases: cases.collect(), too_long }
    }

    /// What a reader should know of it.
    pub fn note(&self) -> Option<String> {
        let too_long = self.too_long?;
        Some(format!(
            "in an aftermath the tests of a file share a fork, since one for each test would take about {:.0} s: a test may \
             be hidden by a cleaner in its own file",
            too_long.as_secs_f64()
        ))
    }

    /// The next order of an aftermath.
    pub fn after(&self, marking: &mut MarkingOrders<'_>, group: &dyn Fn(CaseIndex) -> String) -> AftermathOrder {
        AftermathOrder::new(marking.next_order(), self.cases.iter().copied(), self.group(group))
    }

    /// What a plan is extended with.
    pub fn additions<'a>(
        &self,
        plan: &'a Plan,
        marks: &'a MarksLeft,
        group: &'a dyn Fn(CaseIndex) -> String,
    ) -> Additions<'a> {
        Additions::new(plan, marks, self.cases.clone(), self.group(group))
    }

    fn group<'a>(&self, group: &'a dyn Fn(CaseIndex) -> String) -> Option<&'a dyn Fn(CaseIndex) -> String> {
        self.too_long.map(|_| group)
    }
}
