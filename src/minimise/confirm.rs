//! A claim needs runs: it shows with all members, and vanishes without each of them.
//!
//! Each of these is decided by a sequential test (`model::statistics::Sprt`): where answers are certain, two runs
//! that show it or five that don't. Where it shows only sometimes, the short sequence is first run until it has shown
//! five times: that tells the rate, and with the rate how many clean runs it takes to call a member necessary.
//!
//! A case that fails by chance can agree with a claim for a while: two failures after others and five passes alone are
//! what a rate of 0.3 gives one time in seventy. So before the first claim the sequence and the suspect alone are run
//! until no single rate explains the answers.

use crate::minimise::Sequence;
use crate::minimise::frame::{Frame, Shown};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session, count};
use crate::model::CaseIndex;
use crate::model::statistics::{Pairs, SprtDecision, Tally};

/// After how many runs a sequential test that can't decide is ended.
const MOST_RUNS: u32 = 200;

/// How often a sequence that shows only sometimes is to show, so that its rate is known.
const SHOWINGS: u32 = 5;

/// How likely answers that all agree may be, at most, if one rate holds everywhere, for a claim to be made.
const COINCIDENCE: f64 = 2e-4;

/// The same where no run of the whole order was made beforehand: the claim rests on the confirmation alone.
const COINCIDENCE_UNTRIED: f64 = 1e-6;

/// How likely it may be, at most, that any claim of a search is made although the rates are one. The claims of a search
/// share it out: the first one has half of it, the second a sixth, the next a twelfth.
pub(super) const ALIKE: f64 = 1e-6;

/// After how many pairs of runs rates that can't be told apart are given up.
const MOST_COMPARED: u32 = 240;

/// What came of checking a sequence.
pub(super) enum Checked {
    /// It shows, and each member is needed.
    Minimal(Sequence),
    /// It also shows without one member; these are the others.
    Smaller(Vec<CaseIndex>),
    /// It does not show; with the runs, counted as showings.
    Refuted(Tally),
}

pub(super) fn check(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    members: &[CaseIndex],
) -> Result<Checked, Halt> {
    let mut with_all = decide(session, frame, rates, members)?;
    if with_all.decision != SprtDecision::High {
        return Ok(Checked::Refuted(with_all.showings));
    }
    while !rates.with_present(with_all.showings).are_certain() && with_all.showings.failures() < SHOWINGS {
        let Ok(shown) = session.told(frame, members, rates.present_rate())? else {
            return Ok(Checked::Refuted(with_all.showings));
        };
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
    let is_first_claim = session.found.is_none() && frame.head.is_empty();
    if is_first_claim && !is_beyond_chance(session, frame, members, &mut with_all)? {
        return Ok(Checked::Refuted(with_all.showings));
    }
    Ok(Checked::Minimal(Sequence { members: members.to_vec(), with_all: with_all.failures, without }))
}

/// Runs the sequence and the suspect alone in turn, until the answers can't be those of one rate everywhere. That answers
/// can be relied on is shown once, by the first claim.
///
/// Where all runs so far agree, they count. Else only new ones do, in pairs: the suspect was searched because its
/// earlier runs differed, and the sequence was chosen by its own.
fn is_beyond_chance(
    session: &mut Session<'_>,
    frame: &Frame,
    members: &[CaseIndex],
    with_all: &mut Decided,
) -> Result<bool, Halt> {
    let sure = if session.problem.is_recorded { COINCIDENCE_UNTRIED } else { COINCIDENCE };
    let mut agreed = false;
    loop {
        let absent = frame.sign.showings(session.alone);
        if !with_all.showings.all_failed() || absent.failures() > 0 {
            return if agreed { Ok(false) } else { differ_in_pairs(session, frame, members, with_all) };
        }
        if coincidence(with_all.showings.failures(), absent.passes()) <= sure {
            return Ok(true);
        }
        agreed = true;
        if with_all.showings.trials() <= absent.trials() {
            let Ok(shown) = session.told(frame, members, with_all.showings.rate())? else { return Ok(false) };
            with_all.count(frame, shown);
        } else {
            session.ask_alone(frame, absent.rate())?;
        }
    }
}

/// Whether the suspect shows it more often after the sequence than alone, by runs that are made for this question.
fn differ_in_pairs(
    session: &mut Session<'_>,
    frame: &Frame,
    members: &[CaseIndex],
    with_all: &mut Decided,
) -> Result<bool, Halt> {
    session.compared += 1;
    let sure = ALIKE / f64::from(session.compared) / f64::from(session.compared + 1);
    let mut pairs = Pairs::default();
    for _ in 0..MOST_COMPARED {
        let Ok(after) = session.told(frame, members, with_all.showings.rate())? else { return Ok(false) };
        with_all.count(frame, after);
        let rate = frame.sign.showings(session.alone).rate();
        let alone = session.ask_alone(frame, rate)?;
        pairs.count(after.shows(), alone.shows());
        if pairs.chance() <= sure {
            return Ok(true);
        }
        if pairs.is_hopeless() {
            return Ok(false);
        }
    }
    Ok(false)
}

/// How likely it is, at most, that a case with one rate shows it so many times and then so many times does not: the
/// likelihood of both at the rate that fits best.
pub fn coincidence(shows: u32, vanishes: u32) -> f64 {
    let (shows, vanishes) = (f64::from(shows), f64::from(vanishes));
    let share = |count: f64| if count > 0.0 { count * (count / (shows + vanishes)).ln() } else { 0.0 };
    (share(shows) + share(vanishes)).exp()
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
/// were made to reproduce it count. Else they do not: rates were found different because those runs turned out
/// as they did.
fn decide(session: &mut Session<'_>, frame: &Frame, rates: &Rates, cases: &[CaseIndex]) -> Result<Decided, Halt> {
    let alone = cases.is_empty() && frame.head.is_empty();
    let test = rates.test();
    let mut runs = Decided { decision: test.decision(), showings: Tally::default(), failures: Tally::default() };
    if alone && rates.are_certain() {
        runs =
            Decided { decision: test.with(rates.absent).decision(), showings: rates.absent, failures: session.alone };
    }
    while runs.decision == SprtDecision::Undecided && runs.showings.trials() < MOST_RUNS {
        let chance = if cases.is_empty() { rates.absent_rate() } else { rates.present_rate() / 2.0 };
        let told = if alone { Ok(session.ask_alone(frame, chance)?) } else { session.told(frame, cases, chance)? };
        // Where it can't be told, nothing is decided.
        let Ok(shown) = told else { break };
        runs.count(frame, shown);
        runs.decision = test.with(runs.showings).decision();
    }
    Ok(runs)
}
