//! What hides it: cases that make a victim pass when they run after the polluters.
//!
//! The same search with the sign turned round: candidates stand between the polluters and the victim, and what is
//! looked for is a pass. Done only where answers are certain; where the victim fails sometimes, a pass says little.

use crate::minimise::Sequence;
use crate::minimise::confirmed::find_confirmed;
use crate::minimise::frame::{Frame, Sign};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;
use std::collections::BTreeSet;

/// Cleaners of the first sequence, as many as the limits allow.
pub(super) fn cleaners(
    session: &mut Session<'_>,
    rates: &Rates,
    sequences: &[Sequence],
) -> Result<Vec<CaseIndex>, Halt> {
    let mut found: Vec<CaseIndex> = Vec::new();
    let Some(first) = sequences.first().filter(|_| rates.are_certain()) else {
        return Ok(found);
    };
    let frame = Frame::cleaning(&first.members);
    // With a cleaner it is as if the victim ran alone; without one, as in the whole order.
    let turned = Rates { present: Sign::Passing.showings(rates.absent), absent: Sign::Passing.showings(rates.present) };
    let polluters: BTreeSet<CaseIndex> =
        sequences.iter().flat_map(|sequence| sequence.members.iter().copied()).collect();
    for scope in scopes(session, &first.members) {
        while (found.len() as u32) < session.limits.cleaners {
            let rest: Vec<CaseIndex> =
                scope.iter().copied().filter(|case| !polluters.contains(case) && !found.contains(case)).collect();
            if rest.is_empty() || !session.ask(&frame, &rest, 0.1)?.shows() {
                break;
            }
            match find_confirmed(session, &frame, &turned, rest)? {
                Some(sequence) if sequence.members.len() == 1 => found.extend(sequence.members),
                Some(_) | None => break,
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Where cleaners are looked for: what stood after the polluters where the victim passed, then everything, forwards
/// and backwards, since another polluter after a cleaner undoes its work.
fn scopes(session: &Session<'_>, polluters: &[CaseIndex]) -> Vec<Vec<CaseIndex>> {
    let problem = session.problem;
    let mut everything: Vec<CaseIndex> = problem.before.iter().chain(&problem.others).copied().collect();
    let mut seen = BTreeSet::from([problem.suspect]);
    everything.retain(|case| seen.insert(*case));
    let backwards = everything.iter().rev().copied().collect();
    let seen_to_pass = problem.passed.iter().take(3).filter_map(|order| after(order, polluters, problem.suspect));
    seen_to_pass.chain([everything, backwards]).collect()
}

/// What stands between polluters and the suspect in an order, if the polluters stand there in their order.
fn after(order: &[CaseIndex], polluters: &[CaseIndex], suspect: CaseIndex) -> Option<Vec<CaseIndex>> {
    let order = order.split(|case| *case == suspect).next().unwrap_or(order);
    let mut places = order.iter().enumerate();
    let mut last = None;
    for polluter in polluters {
        last = Some(places.find(|(_, case)| *case == polluter)?.0);
    }
    last.map(|place| order[place + 1..].to_vec()).filter(|between| !between.is_empty())
}
