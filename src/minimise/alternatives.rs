//! What else does it: further minimal sequences, and whether these are all.
//!
//! A second polluter hides behind the first. Taking away one member of each known sequence leaves an order in which
//! none of them can act; if it still shows there, there is another sequence, and if it vanishes for every way to take
//! members away, there is none. These ways form the hitting-set tree of R. Reiter (A theory of diagnosis from first
//! principles, Artificial Intelligence 1987).

use crate::minimise::Sequence;
use crate::minimise::confirmed::find_confirmed;
use crate::minimise::frame::Frame;
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;
use std::collections::{BTreeSet, VecDeque};

/// How many orders without known sequences are tried at most.
const MOST_TRIED: u32 = 16;

/// Adds the sequences that `scope` has to `sequences`, up to the limit, and tells whether they are all. Cases in
/// `hidden` are left out of every order.
pub(super) fn alternatives(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    sequences: &mut Vec<Sequence>,
    (scope, hidden): (&[CaseIndex], &[CaseIndex]),
) -> Result<bool, Halt> {
    let mut queue = VecDeque::from([BTreeSet::<CaseIndex>::new()]);
    let mut known = BTreeSet::new();
    let mut tried = 0;
    let mut complete = true;
    while let Some(removed) = queue.pop_front() {
        if let Some(intact) = intact(sequences, &removed) {
            queue.extend(one_more(&removed, intact).filter(|more| known.insert(more.clone())));
            continue;
        }
        if tried >= MOST_TRIED {
            return Ok(false);
        }
        tried += 1;
        let without = |case: &CaseIndex| !removed.contains(case) && !hidden.contains(case);
        let rest: Vec<CaseIndex> = scope.iter().copied().filter(without).collect();
        if rest.is_empty() || !session.ask_until_shown(frame, &rest, rates.runs_to_miss(), 0.2)?.shows() {
            continue;
        }
        if sequences.len() >= session.limits.sequences as usize {
            return Ok(false);
        }
        match find_confirmed(session, frame, rates, rest)? {
            Some(another) => {
                queue.push_front(removed);
                sequences.push(another);
            }
            None => complete = false,
        }
    }
    Ok(complete)
}

/// A known sequence that can still act.
fn intact<'a>(sequences: &'a [Sequence], removed: &BTreeSet<CaseIndex>) -> Option<&'a Sequence> {
    sequences.iter().find(|sequence| sequence.members.iter().all(|member| !removed.contains(member)))
}

fn one_more(removed: &BTreeSet<CaseIndex>, sequence: &Sequence) -> impl Iterator<Item = BTreeSet<CaseIndex>> {
    sequence.members.iter().map(|member| {
        let mut more = removed.clone();
        more.insert(*member);
        more
    })
}
