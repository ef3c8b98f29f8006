//! Whether a finding shows in an order that keeps the tests of a file together, as most runners do.

use crate::model::RoundKind;
use crate::record::{Record, RoundRecord, is_failure};
use crate::verdict::case_judgement::{CaseJudgement, Order};
use std::collections::BTreeSet;

/// Where a victim was seen to fail. A runner that finishes one file before the next can show the first kind only, so that
/// comes first in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// In an order that keeps the cases of each file together.
    Together,
    /// Only where cases of several files take turns.
    Interleaved,
}

fn seen(record: &Record, judged: &CaseJudgement) -> Option<Seen> {
    let Some(Order::Victim { .. }) = &judged.order else { return None };
    let failed = |round: &&RoundRecord| {
        round.slots.iter().any(|slot| slot.case == judged.case && slot.outcome.is_some_and(is_failure))
    };
    let rounds = record.rounds.iter().filter(|round| round.is_planned() && round.slots.len() > 1).filter(failed);
    let together: BTreeSet<bool> = rounds.map(|round| keeps_files_together(record, round)).collect();
    if together.is_empty() || files(record).len() < 2 {
        return None;
    }
    Some(if together.contains(&true) { Seen::Together } else { Seen::Interleaved })
}

/// What is told of a victim that no such order has shown.
pub(super) fn remark(record: &Record, judged: &CaseJudgement) -> Option<String> {
    (seen(record, judged)? == Seen::Interleaved).then(|| {
        "it failed only where tests of several files take turns, which a runner that finishes one file before the next never \
         does: --group file leaves these orders out"
            .to_owned()
    })
}

/// Of findings with one verdict those come first that show with the cases of each file together.
pub(super) fn rank(record: &Record, judged: &CaseJudgement) -> u8 {
    u8::from(seen(record, judged) == Some(Seen::Interleaved))
}

fn files(record: &Record) -> BTreeSet<&str> {
    record.header.cases.iter().map(|case| case.file.as_str()).collect()
}

fn keeps_files_together(record: &Record, round: &RoundRecord) -> bool {
    if round.kind == RoundKind::Aftermath {
        return false;
    }
    let files: Vec<&str> = round.order().filter_map(|case| record.case(case)).map(|case| case.file.as_str()).collect();
    let stretches: Vec<&str> = files.chunk_by(|a, b| a == b).filter_map(|stretch| stretch.first().copied()).collect();
    stretches.iter().collect::<BTreeSet<_>>().len() == stretches.len()
}
