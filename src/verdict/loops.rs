//! What depends on how long an event loop lives.

use super::leaks;
use crate::model::statistics::{Tally, fisher_one_sided};
use crate::model::{CaseIndex, EventLoop, OutcomeKind};
use crate::record::{Record, is_failure};

/// How likely two rates that differ so much, or more, may be if they are one, for the event loop to be named.
const ALIKE: f64 = 0.01;

/// Sentences on a case that fails with one life of event loops and passes with the other, and on what explains that.
/// Nothing where only one was run, or where the two can't be told apart.
pub(super) fn remarks(record: &Record, case: CaseIndex) -> Vec<String> {
    let (own, shared) = (rate(record, case, EventLoop::Case), rate(record, case, EventLoop::Round));
    let fails_more =
        |one: Tally, other: Tally| other.trials() > 0 && other.failures() == 0 && fisher_one_sided(one, other) <= ALIKE;
    if fails_more(own, shared) {
        let told = format!(
            "it fails where each case has an event loop of its own ({own}), and passes where a round has one ({shared})"
        );
        let bound = leaks::bound(record);
        let mine = bound.iter().find(|(of, _)| *of == case).or_else(|| bound.first());
        std::iter::once(told).chain(mine.map(|(_, bound)| format!("what explains it: {bound}"))).collect()
    } else if fails_more(shared, own) {
        vec![format!(
            "it fails where a round has one event loop ({shared}), and passes where each case has one of its own ({own}): \
             what earlier cases left on the loop is there"
        )]
    } else {
        Vec::new()
    }
}

/// Failures in planned rounds of several cases, with such a life of event loops.
fn rate(record: &Record, case: CaseIndex, event_loop: EventLoop) -> Tally {
    let mut rate = Tally::default();
    let rounds = record.rounds.iter().filter(|round| round.is_planned() && round.event_loop == event_loop);
    for round in rounds.filter(|round| round.slots.len() > 1) {
        let outcomes = round.slots.iter().filter(|slot| slot.case == case).filter_map(|slot| slot.outcome);
        outcomes.filter(|outcome| *outcome != OutcomeKind::Skipped).for_each(|outcome| rate.count(is_failure(outcome)));
    }
    rate
}
