//! A claim needs runs: it shows with all members, and vanishes without each of them.
//!
//! Each of these is decided by a sequential test (`model::statistics::Sprt`): where answers are certain, two runs
//! that show it or five that don't. Where it shows only sometimes, the short sequence is first run until it has shown
//! five times: that tells the rate, and with the rate how many clean runs it takes to call a member necessary.

use crate::minimise::Sequence;
use crate::minimise::frame::{Frame, Shown};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session, count};
use crate::model::statistics::{SprtDecision, Tally};

/// After how many runs a sequential test that can't decide is ended.
const MOST_RUNS: u32 = 200;

/// How often a sequence that shows only sometimes is to show, so that its rate is known.
const SHOWINGS: u32 = 5;

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
    let mut with_all = decide(session, frame, rates, members)?;
    if with_all.decision != SprtDecision::High {
        return Ok(Checked::Refuted(with_all.showings));
    }
    while !rates.with_present(with_all.showings).are_certain() && with_all.showings.failures() < SHOWINGS {
        let shown = session.ask(frame, members, rates.present_rate())?;
        with_all.count(frame, shown);
    }
    let rates = &rates.with_present(with_all.showings).as_seen_by(session, frame);
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

/// Runs of one order, and what they decide.
struct Decided {
    decision: SprtDecision,
    showings: Tally,
    failures: Tally,
}

impl Decided {
    fn count(&mut self, frame: &Frame, shown: Shown) {
        count(&mut self.failures, frame.sign, shown);
        match shown {
            Shown::Shows => self.showings.failed(),
            Shown::Vanishes => self.showings.passed(),
        }
    }
}

/// Runs some cases until it is known whether they show it. Where answers are certain, runs of the suspect alone that
/// were made to reproduce it count. Else they do not: rates were found different because those runs turned out as
/// they did.
fn decide(session: &mut Session<'_>, frame: &Frame, rates: &Rates, cases: &[u32]) -> Result<Decided, Halt> {
    let alone = cases.is_empty() && frame.head.is_empty();
    let test = rates.test();
    let mut runs = Decided { decision: test.decision(), showings: Tally::default(), failures: Tally::default() };
    if alone && rates.are_certain() {
        runs =
            Decided { decision: test.with(rates.absent).decision(), showings: rates.absent, failures: session.alone };
    }
    while runs.decision == SprtDecision::Undecided && runs.showings.trials() < MOST_RUNS {
        let chance = if cases.is_empty() { rates.absent_rate() } else { rates.present_rate() / 2.0 };
        let shown = if alone { session.ask_alone(frame, chance)? } else { session.ask(frame, cases, chance)? };
        runs.count(frame, shown);
        runs.decision = test.with(runs.showings).decision();
    }
    Ok(runs)
}
