//! Whether a finding shows in an order that keeps the tests of a file together, as most runners do.

use crate::model::{CaseIndex, RoundKind};
use crate::record::{Record, RoundRecord, is_failure};
use crate::verdict::case_judgement::{CaseJudgement, Order};
use std::collections::BTreeSet;

/// Where a victim was seen to fail. A runner that finishes one file before the next can show the first kind only, so that
/// comes first in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// In an order that keeps the cases of each file together.
    Together,
    /// Only where cases of several files take turns; its smallest order keeps them together all the same, so that an order
    /// of all cases that does so can show it.
    NotYetTogether,
    /// Only where cases of several files take turns, and its smallest orders do so as well.
    Interleaved,
}

fn seen(record: &Record, judged: &CaseJudgement) -> Option<Seen> {
    let Some(Order::Victim { polluters, .. }) = &judged.order else { return None };
    let failed = |round: &&RoundRecord| {
        round.slots.iter().any(|slot| slot.case == judged.case && slot.outcome.is_some_and(is_failure))
    };
    let rounds = record.rounds.iter().filter(|round| round.is_planned() && round.slots.len() > 1).filter(failed);
    let together: BTreeSet<bool> = rounds.map(|round| keeps_files_together(record, round)).collect();
    if together.is_empty() || files(record).len() < 2 {
        return None;
    }
    let is_smallest_together =
        |sequence: &Vec<CaseIndex>| is_by_files(record, sequence.iter().copied().chain([judged.case]));
    Some(match (together.contains(&true), polluters.iter().any(is_smallest_together)) {
        (true, _) => Seen::Together,
        (false, true) => Seen::NotYetTogether,
        (false, false) => Seen::Interleaved,
    })
}

/// In which orders a victim shows, where the suite has several files.
pub(super) fn remark(record: &Record, judged: &CaseJudgement) -> Option<String> {
    // Scenarios have no runner of their own that would keep files together.
    let is_suite = record.header.subject.is_suite();
    let text = match seen(record, judged)? {
        Seen::Together | Seen::NotYetTogether if !is_suite => return None,
        Seen::Together => {
            "it shows in an order that finishes one file before the next, as most runners do (pytest, pytest-randomly, \
             xdist's --dist loadfile)"
        }
        Seen::NotYetTogether => {
            "it failed only where tests of several files take turns; its smallest order does not, so that a shuffle of files \
             and of the tests within them, as pytest-randomly's, can show it"
        }
        Seen::Interleaved => {
            "it fails only where tests of several files take turns, which a runner that finishes one file before the next never \
             does: --group file leaves these orders out"
        }
    };
    Some(text.to_owned())
}

/// Of findings with one verdict those come first that show with the cases of each file together, then those that could.
pub(super) fn rank(record: &Record, judged: &CaseJudgement) -> u8 {
    match seen(record, judged) {
        Some(Seen::Together) | None => 0,
        Some(Seen::NotYetTogether) => 1,
        Some(Seen::Interleaved) => 2,
    }
}

fn files(record: &Record) -> BTreeSet<&str> {
    record.header.cases.iter().map(|case| case.file.as_str()).collect()
}

fn keeps_files_together(record: &Record, round: &RoundRecord) -> bool {
    if round.kind == RoundKind::Aftermath {
        return false;
    }
    is_by_files(record, round.order())
}

/// Whether the cases of each file stand together in an order.
fn is_by_files(record: &Record, order: impl Iterator<Item = CaseIndex>) -> bool {
    let files: Vec<&str> = order.filter_map(|case| record.case(case)).map(|case| case.file.as_str()).collect();
    let stretches: Vec<&str> = files.chunk_by(|a, b| a == b).filter_map(|stretch| stretch.first().copied()).collect();
    stretches.iter().collect::<BTreeSet<_>>().len() == stretches.len()
}
