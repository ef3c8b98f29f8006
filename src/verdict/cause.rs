//! Findings by cause: ten victims of one polluter are one finding with ten cases.

use crate::model::{CaseIndex, Verdict};
use crate::verdict::case_judgement::{CaseJudgement, Order};
use crate::verdict::leaks::LeakKind;
use std::collections::BTreeMap;

/// Cases that fail for one reason, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The worst verdict among them.
    pub verdict: Verdict,
    /// The cases, the one that was minimised first.
    pub cases: Vec<CaseIndex>,
}

/// What makes two findings one: the same cluster or the same minimal sequence, else the same failure text, else
/// the same owner of what is left behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Sequence(Verdict, Vec<CaseIndex>),
    Fingerprint(Verdict, String),
    Leak(LeakKind, Option<String>),
    Case(CaseIndex),
}

/// Groups the findings, worst first, then by their rank, then the ones with more cases.
pub(super) fn group(cases: &[CaseJudgement], rank: impl Fn(&CaseJudgement) -> u8) -> Vec<Cause> {
    let keys: BTreeMap<CaseIndex, Key> = cases.iter().map(|case| (case.case, key(case))).collect();
    // What the quarantine excuses stands apart from what it does not, also where they fail alike.
    let mut groups: BTreeMap<(bool, Key), Cause> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.verdict.is_finding()) {
        let leader = case.cluster.unwrap_or(case.case);
        let key = keys.get(&leader).cloned().unwrap_or(Key::Case(case.case));
        let cause = groups
            .entry((case.quarantined.is_some(), key))
            .or_insert_with(|| Cause { verdict: case.verdict, cases: Vec::new() });
        cause.verdict = cause.verdict.min(case.verdict);
        match case.cluster {
            None => cause.cases.insert(0, case.case),
            Some(_) => cause.cases.push(case.case),
        }
    }
    let mut causes: Vec<Cause> = groups.into_values().collect();
    let ranks: BTreeMap<CaseIndex, u8> = cases.iter().map(|case| (case.case, rank(case))).collect();
    let best = |cause: &Cause| cause.cases.iter().filter_map(|case| ranks.get(case)).min().copied();
    causes.sort_by(|a, b| {
        let by_worth = a.verdict.cmp(&b.verdict).then(best(a).cmp(&best(b)));
        by_worth.then(b.cases.len().cmp(&a.cases.len())).then_with(|| a.cases.cmp(&b.cases))
    });
    causes
}

fn key(case: &CaseJudgement) -> Key {
    let sequence = match &case.order {
        Some(Order::Victim { polluters: sequences, .. } | Order::Brittle { state_setters: sequences, .. }) => {
            sequences.first()
        }
        Some(Order::NotMinimised { .. }) | None => None,
    };
    let fingerprint = case.failure.as_ref().and_then(|seen| seen.outcome.failure()).map(|failure| &failure.fingerprint);
    match (sequence, fingerprint) {
        (Some(sequence), _) => Key::Sequence(case.verdict, sequence.clone()),
        (None, Some(fingerprint)) => Key::Fingerprint(case.verdict, fingerprint.clone()),
        (None, None) => match case.leaks.first() {
            Some(leak) => Key::Leak(
                leak.kind.clone(),
                leak.place.clone().filter(|_| leak.growth.is_none()).or_else(|| leak.owner.clone()),
            ),
            None => Key::Case(case.case),
        },
    }
}
