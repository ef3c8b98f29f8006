//! A claim needs runs: it shows with all members, and vanishes without each of them.
//!
//! Each of these is decided by a sequential test (`model::statistics::Sprt`): where answers are certain, two runs that show
//! it or five that don't.

use crate::minimise::Sequence;
use crate::minimise::frame::{Frame, Shown};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session, count};
use crate::model::statistics::{SprtDecision, Tally};

/// After how many runs a sequential test that can't decide is ended.
const MOST_RUNS: u32 = 200;

/// What came of checking a sequence.
pub(super) enum Checked {
    /// It shows, and each member is needed.
    Minimal(Sequence),
    /// It also shows without one member; these are the others.
    Smaller(Vec<u32>),
    /// It does not show; with the runs, counted as showings.
    Refuted(Tally),
}

pub(super) fn check(session: &mut Session<'_>, frame: &Frame, rates: &Rates, members: &[u32]) -> Result<Checked, Halt> {
    let with_all = decide(session, frame, rates, members)?;
    if with_all.decision != SprtDecision::High {
        return Ok(Checked::Refuted(with_all.showings));
    }
    let mut without = Vec::with_capacity(members.len());
    for place in 0..members.len() {
        let rest = [&members[..place], &members[place + 1..]].concat();
        let without_one = decide(session, frame, rates, &rest)?;
        if without_one.decision != SprtDecision::Low {
            return Ok(Checked::Smaller(rest));
        }
        without.push(without_one.failures);
    }
    Ok(Checked::Minimal(Sequence { members: members.to_vec(), with_all: with_all.failures, without }))
}

struct Decided {
    decision: SprtDecision,
    showings: Tally,
    failures: Tally,
}

/// Runs some cases until it is known whether they show it. The suspect alone has been run before: those runs count.
fn decide(session: &mut Session<'_>, frame: &Frame, rates: &Rates, cases: &[u32]) -> Result<Decided, Halt> {
    let alone = cases.is_empty() && frame.head.is_empty();
    let mut test = rates.test();
    let mut failures = Tally::default();
    if alone {
        test = test.with(rates.absent);
        failures = session.alone;
    }
    while test.decision() == SprtDecision::Undecided && test.tally().trials() < MOST_RUNS {
        let chance = rates.present_rate() * if cases.is_empty() { 0.05 } else { 0.5 };
        let shown = if alone { session.ask_alone(frame, chance)? } else { session.ask(frame, cases, chance)? };
        count(&mut failures, frame.sign, shown);
        match shown {
            Shown::Shows => test.failed(),
            Shown::Vanishes => test.passed(),
        }
    }
    Ok(Decided { decision: test.decision(), showings: test.tally(), failures })
}
