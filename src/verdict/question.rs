//! A run that is asked about one case judges no other.

use crate::event::{Question, RecordedEnd, RecordedOrder};
use crate::model::statistics::{Tally, upper_bound};
use crate::model::{CaseIndex, RoundKind, Verdict};
use crate::record::{Record, is_failure};
use crate::verdict::case_judgement::{CaseJudgement, Order};
use crate::verdict::judge::confidence_of;
use crate::verdict::judgement::Gate;
use std::collections::BTreeMap;

/// How a case in question did.
#[derive(Debug, Clone, PartialEq)]
pub struct Tries {
    /// Failures and tries, in planned and added rounds.
    pub rate: Tally,
    /// The tries by the kind of their round.
    pub by_kind: BTreeMap<RoundKind, u32>,
    /// The rate of failing tries that is excluded: one-sided upper bound, in [0, 1].
    pub rate_upper: f64,
    /// The confidence of that, in (0, 1).
    pub confidence: f64,
}

impl Tries {
    /// Counts the tries of the case in question; `None` if the run was asked about all.
    pub fn of(record: &Record) -> Option<Self> {
        let question = record.header.question.as_ref()?;
        let (mut rate, mut by_kind) = (Tally::default(), BTreeMap::new());
        for round in record.rounds.iter().filter(|round| round.is_planned()) {
            for slot in round.slots.iter().filter(|slot| slot.case == question.case) {
                if let Some(outcome) = slot.outcome.filter(|outcome| *outcome != crate::model::OutcomeKind::Skipped) {
                    rate.count(is_failure(outcome));
                    *by_kind.entry(round.kind).or_default() += 1;
                }
            }
        }
        let confidence = confidence_of(record);
        let rate_upper = upper_bound(rate, confidence);
        Some(Self { rate, by_kind, rate_upper, confidence: confidence.share() })
    }
}

/// Takes back whatever was found of the other cases: they ran for the sake of the one in question.
pub(super) fn set_aside(record: &Record, question: &Question, cases: &mut [CaseJudgement]) {
    let id = record.case(question.case).map_or("another case", |info| info.id.as_str());
    for judged in cases.iter_mut().filter(|judged| judged.case != question.case) {
        judged.verdict = Verdict::Skipped;
        judged.findings.clear();
        judged.order = None;
        judged.reason = Some(format!("only {id} was asked about"));
        judged.remarks.clear();
        judged.runner_line = None;
        judged.leaks.clear();
    }
    if let (Some(recorded), Some(judged)) = (&question.recorded, cases.get_mut(question.case.index())) {
        let told = compared(record, recorded, judged);
        judged.remarks.splice(0..0, told);
    }
}

/// How what was found goes with what was recorded.
fn compared(record: &Record, recorded: &RecordedOrder, judged: &CaseJudgement) -> Vec<String> {
    let file = &recorded.file;
    let is_shown = |sequence: &Vec<CaseIndex>| {
        let mut ran = recorded.before.iter();
        sequence.iter().all(|member| ran.any(|case| case == member))
    };
    let mut told = Vec::new();
    if recorded.ended != RecordedEnd::Absent {
        told.extend(match &judged.order {
            Some(Order::Victim { polluters, .. }) if polluters.iter().any(is_shown) => {
                Some(format!("the order of {file} explains it: what it fails after ran before it there"))
            }
            Some(Order::Victim { .. }) => Some(format!(
                "the order of {file} does not explain it: nothing of what it fails after ran before it there"
            )),
            Some(Order::Brittle { state_setters, .. }) if state_setters.iter().any(is_shown) => {
                Some(format!("the order of {file} does not explain it: what it needs ran before it there"))
            }
            Some(Order::Brittle { .. }) => {
                Some(format!("the order of {file} explains it: nothing of what it needs ran before it there"))
            }
            Some(Order::NotMinimised { .. }) | None => None,
        });
    }
    let here = judged.failure.as_ref().and_then(|seen| seen.outcome.failure()).map(|failure| failure.message.as_str());
    if let (Some(there), Some(here)) = (&recorded.message, here) {
        let first = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
        let (there, here) = (first(there), first(here));
        if !there.contains(&here) && !here.contains(&there) {
            told.push(format!("in {file} its failure reads: {there}"));
        }
    }
    let given = record.rounds.iter().filter(|round| round.kind == RoundKind::Given && round.is_complete());
    let ended = given.flat_map(|round| &round.slots).filter(|slot| slot.case == question_of(record));
    let mut seen = Tally::default();
    ended.filter_map(|slot| slot.outcome).for_each(|outcome| seen.count(is_failure(outcome)));
    if seen.trials() > 0 && seen.failures() == 0 && judged.verdict.is_finding() {
        told.push(format!("in the order of {file} it passed here"));
    }
    told
}

fn question_of(record: &Record) -> CaseIndex {
    record.header.question.as_ref().map_or(CaseIndex(u32::MAX), |question| question.case)
}

/// Whether there is an answer. A case that did not fail is accused of nothing, and proven nothing either.
pub(super) fn gate(judged: Option<&CaseJudgement>, tries: &Tries) -> Gate {
    match judged {
        Some(judged) if judged.verdict.is_finding() => Gate::Failed,
        _ if tries.rate.trials() == 0 => Gate::Unproven { reason: "the case did not run to an end".to_owned() },
        _ => Gate::Unproven { reason: format!("the case did not fail in {} tries", tries.rate.trials()) },
    }
}
