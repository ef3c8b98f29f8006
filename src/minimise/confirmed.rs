//! A minimal sequence, found and confirmed: what the search itself, its alternatives and its cleaners ask for.

use crate::minimise::confirm::{Checked, check};
use crate::minimise::ddmin::ddmin;
use crate::minimise::frame::Frame;
use crate::minimise::noisy::likeliest;
use crate::minimise::prefix::shortest;
use crate::minimise::probes::Phase;
use crate::minimise::rates::Rates;
use crate::minimise::result::Sequence;
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;

/// How often a search begins again after its result was refuted.
const ATTEMPTS: u32 = 3;

/// From how many members on an unnecessary one calls for delta debugging, instead of being left out by itself.
const MANY: usize = 4;

/// A minimal sequence out of `scope`, which is known to show it, with the runs that prove it.
pub(super) fn find_confirmed(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    scope: Vec<CaseIndex>,
) -> Result<Option<Sequence>, Halt> {
    let mut rates = *rates;
    for _ in 0..ATTEMPTS {
        let members = if rates.are_certain() {
            Some(shortest(session, frame, scope.clone())?)
        } else {
            likeliest(session, frame, &rates, scope.clone())?
        };
        let Some(members) = members.filter(|members| !members.is_empty()) else {
            continue;
        };
        match confirm(session, frame, &rates, members)? {
            Confirmation::Minimal(sequence) => return Ok(Some(sequence)),
            // What looked certain is not: from here on, answers are a matter of chance.
            Confirmation::Refuted(seen) => rates = rates.with_present(seen).as_seen_by(session, frame),
        }
    }
    Ok(None)
}

/// What confirming a sequence came to.
pub(super) enum Confirmation {
    Minimal(Sequence),
    /// It does not show it after all, or not often enough: what was seen.
    Refuted(Tally),
}

/// Confirms a sequence, after leaving out what turns out not to be needed.
pub(super) fn confirm(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    mut members: Vec<CaseIndex>,
) -> Result<Confirmation, Halt> {
    let before = session.phase;
    if before == Phase::Search {
        session.phase = Phase::Confirm;
    }
    let verdict = loop {
        match check(session, frame, rates, &members)? {
            Checked::Minimal(sequence) => break Confirmation::Minimal(sequence),
            Checked::Refuted(seen) => break Confirmation::Refuted(seen),
            Checked::Smaller(rest) if rest.is_empty() => break Confirmation::Refuted(Tally::default()),
            Checked::Smaller(rest) if rest.len() >= MANY && rates.are_certain() => {
                members = ddmin(session, frame, rest)?;
            }
            Checked::Smaller(rest) => members = rest,
        }
    };
    session.phase = before;
    Ok(verdict)
}
