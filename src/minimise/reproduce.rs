//! Does it show at all, and does the order make a difference?
//!
//! The order was picked because something was seen in it, so what was seen then is no evidence: runs are made anew.
//! What always fails in the order and never alone is decided by three runs each, and proven by the confirmation at
//! the end. Where answers are mixed, [`TwoRates`] decides with growing counts. Rates that can't be told apart mean
//! that there is nothing to bisect.

use crate::minimise::Role;
use crate::minimise::frame::{Frame, Sign};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session};
use crate::model::statistics::{Comparison, Tally, TwoRates};

/// How many runs that agree, on either side, are enough to begin a search with.
const AGREEING: u32 = 3;

/// How many runs alone are to agree where it is alone that it fails. They are cheap, and a case that is taken for one
/// that always fails misleads a search.
const AGREEING_ALONE: u32 = 10;

/// How many runs that all fail, in the order and alone, say that the order has nothing to do with it.
const ALWAYS: u32 = 8;

/// What reproducing said.
pub(super) enum Reproduced {
    /// The order makes a difference.
    As(Role, Rates),
    /// No case failed in this order.
    Not,
    /// It fails each time, everywhere.
    Always,
    /// It fails sometimes, and the order makes no difference that can be told.
    Alike,
}

pub(super) fn reproduce(session: &mut Session<'_>) -> Result<Reproduced, Halt> {
    loop {
        let (in_order, alone) = (session.in_order, session.alone);
        let seems_brittle = alone.trials() >= AGREEING && alone.all_failed() && in_order.failures() == 0;
        if seems_brittle && in_order.trials() >= AGREEING && alone.trials() < AGREEING_ALONE {
            run_alone(session)?;
            continue;
        }
        if let Some(known) = conclude(in_order, alone, session.limits.reproductions) {
            return Ok(known);
        }
        if in_order.trials() <= alone.trials() {
            run_in_order(session)?;
        } else {
            run_alone(session)?;
        }
    }
}

fn run_in_order(session: &mut Session<'_>) -> Result<(), Halt> {
    let frame = Frame { head: Vec::new(), sign: Sign::Failing };
    let chance = guess(session.in_order);
    session.ask_in_order(&frame, chance).map(|_| ())
}

fn run_alone(session: &mut Session<'_>) -> Result<(), Halt> {
    let frame = Frame { head: Vec::new(), sign: Sign::Failing };
    let chance = guess(session.alone);
    session.ask_alone(&frame, chance).map(|_| ())
}

fn conclude(in_order: Tally, alone: Tally, reproductions: u32) -> Option<Reproduced> {
    let runs = in_order.trials().min(alone.trials());
    if runs >= AGREEING {
        if in_order.all_failed() && alone.failures() == 0 {
            return Some(Reproduced::As(Role::Victim, rates(Role::Victim, in_order, alone)));
        }
        if alone.all_failed() && in_order.failures() == 0 && alone.trials() >= AGREEING_ALONE {
            return Some(Reproduced::As(Role::Brittle, rates(Role::Brittle, in_order, alone)));
        }
    }
    if in_order.failures() == 0 && alone.failures() == 0 {
        return (runs >= reproductions.max(AGREEING)).then_some(Reproduced::Not);
    }
    if runs >= ALWAYS && in_order.all_failed() && alone.all_failed() {
        return Some(Reproduced::Always);
    }
    compare(in_order, alone)
}

/// Which side fails more often, once that can be told.
fn compare(in_order: Tally, alone: Tally) -> Option<Reproduced> {
    let (role, first, second) = if in_order.rate() >= alone.rate() {
        (Role::Victim, in_order, alone)
    } else {
        (Role::Brittle, alone, in_order)
    };
    match TwoRates::default().with(first, second).decision() {
        Comparison::Different => Some(Reproduced::As(role, rates(role, in_order, alone))),
        Comparison::Alike => Some(Reproduced::Alike),
        Comparison::Undecided { .. } => None,
    }
}

fn rates(role: Role, in_order: Tally, alone: Tally) -> Rates {
    let sign = Frame::plain(role).sign;
    Rates { present: sign.showings(in_order), absent: sign.showings(alone) }
}

fn guess(tally: Tally) -> f64 {
    (f64::from(tally.failures()) + 0.5) / (f64::from(tally.trials()) + 1.0)
}
