//! Delta debugging (Zeller and Hildebrandt, IEEE Transactions on Software Engineering 2002): a subset from which no
//! single case can be taken away.
//!
//! It asks more than a search by prefixes, and it does not rely on answers being monotone. It is used on what a
//! prefix search left over, when a member turned out not to be needed.

use crate::minimise::frame::Frame;
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;

/// A 1-minimal part of `cases`, in their order. All of them together must be known to show it.
pub(super) fn ddmin(
    session: &mut Session<'_>,
    frame: &Frame,
    mut cases: Vec<CaseIndex>,
) -> Result<Vec<CaseIndex>, Halt> {
    let mut parts = 2;
    while cases.len() >= 2 {
        match smaller(session, frame, &cases, parts)? {
            Some(Smaller::Part(part)) => {
                cases = part;
                parts = 2;
            }
            Some(Smaller::Rest(rest)) => {
                cases = rest;
                parts = (parts - 1).max(2);
            }
            None if parts >= cases.len() => break,
            None => parts = (parts * 2).min(cases.len()),
        }
    }
    Ok(cases)
}

enum Smaller {
    /// One part shows it by itself.
    Part(Vec<CaseIndex>),
    /// All but one part show it.
    Rest(Vec<CaseIndex>),
}

fn smaller(
    session: &mut Session<'_>,
    frame: &Frame,
    cases: &[CaseIndex],
    parts: usize,
) -> Result<Option<Smaller>, Halt> {
    let bounds: Vec<usize> = (0..=parts).map(|part| part * cases.len() / parts).collect();
    for edge in bounds.windows(2) {
        let part = &cases[edge[0]..edge[1]];
        if session.ask(frame, part, 0.3)?.shows() {
            return Ok(Some(Smaller::Part(part.to_vec())));
        }
    }
    // With two parts, each is the rest of the other.
    if parts > 2 {
        for edge in bounds.windows(2) {
            let rest = [&cases[..edge[0]], &cases[edge[1]..]].concat();
            if session.ask(frame, &rest, 0.3)?.shows() {
                return Ok(Some(Smaller::Rest(rest)));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::minimise::session::Live;
    use crate::minimise::{Answer, Limits, Problem, Question, Reply, Role};
    use std::time::Duration;

    fn check(cases: u32, fails: impl Fn(&[u32]) -> bool, expected: &[u32]) {
        let mut oracle = |question: &Question| {
            let (_, before) = question.order.split_last().expect("the suspect is last");
            let before: Vec<u32> = before.iter().map(|case| case.0).collect();
            let answer = if fails(&before) { Answer::Fails } else { Answer::Passes };
            Reply::new(answer, Duration::ZERO)
        };
        let problem = Problem::new(CaseIndex(cases), CaseIndex::list(0..cases));
        let mut source = Live(&mut oracle);
        let mut session = Session::new(&problem, Limits::default(), &mut source);
        let found = ddmin(&mut session, &Frame::plain(Role::Victim), CaseIndex::list(0..cases));
        assert_eq!(found, Ok(CaseIndex::list(expected.iter().copied())));
    }

    #[test]
    fn members_that_are_needed_together_are_left() {
        check(100, |order| [7, 42, 43, 99].iter().all(|case| order.contains(case)), &[7, 42, 43, 99]);
        check(1, |_| true, &[0]);
        check(64, |order| order.contains(&63), &[63]);
    }

    /// 10 cleans what 5 did, and 20 undoes the cleaning: all three, or 5 alone, show it.
    #[test]
    fn answers_need_not_be_monotone() {
        let fails = |order: &[u32]| order.contains(&5) && (!order.contains(&10) || order.contains(&20));
        check(32, fails, &[5]);
    }
}
