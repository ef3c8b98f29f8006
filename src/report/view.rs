//! A judged record, prepared for rendering: what several formats count, counted once.

use crate::event::{CaseInfo, QuarantineEntry};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, FindingKind, OutcomeKind, OwnerLookup, RoundKind};
use crate::record::{Record, is_failure};
use crate::report::context::Context;
use crate::report::text::visible;
use crate::report::weight::Weight;
use crate::verdict::{CaseJudgement, Judgement};
use std::collections::BTreeMap;

/// A judged record, prepared for rendering.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) record: &'a Record,
    pub(super) judgement: &'a Judgement,
    pub(super) context: &'a Context,
    pub(super) owners: OwnerLookup<'a>,
    tallies: Vec<CaseTally>,
}

/// The trials of a case, counted by the kind of their round.
#[derive(Debug, Clone, Default)]
struct CaseTally {
    rates: BTreeMap<RoundKind, Tally>,
    micros: u64,
    timed: u32,
    slowest: u32,
}

impl<'a> View<'a> {
    pub(super) fn new(record: &'a Record, judgement: &'a Judgement, context: &'a Context) -> Self {
        let mut tallies = vec![CaseTally::default(); record.header.cases.len()];
        for round in &record.rounds {
            for slot in &round.slots {
                let (Some(tally), Some(outcome)) = (tallies.get_mut(slot.case.index()), slot.outcome) else {
                    continue;
                };
                if outcome == OutcomeKind::Skipped {
                    continue;
                }
                tally.rates.entry(round.kind).or_default().count(is_failure(outcome));
                tally.micros += u64::from(slot.micros);
                tally.timed += 1;
                tally.slowest = tally.slowest.max(slot.micros);
            }
        }
        Self { record, judgement, context, owners: record.header.background.owners.lookup(), tallies }
    }

    /// A case's id, safe to show.
    pub(super) fn id(&self, case: CaseIndex) -> String {
        self.info(case).map_or_else(|| format!("case {case}"), |info| visible(info.id.as_str()).into_owned())
    }

    /// The ids of some cases.
    pub(super) fn ids(&self, cases: &[CaseIndex]) -> Vec<String> {
        cases.iter().map(|case| self.id(*case)).collect()
    }

    /// A case as the header has it.
    pub(super) fn info(&self, case: CaseIndex) -> Option<&'a CaseInfo> {
        self.record.case(case)
    }

    /// What a case came to.
    pub(super) fn judged(&self, case: CaseIndex) -> Option<&'a CaseJudgement> {
        self.judgement.cases.get(case.index())
    }

    /// Failures and trials by the kind of the round, probes included.
    pub(super) fn rates(&self, case: CaseIndex) -> BTreeMap<RoundKind, Tally> {
        self.tallies.get(case.index()).map(|tally| tally.rates.clone()).unwrap_or_default()
    }

    /// The mean duration of a case's trials in microseconds; 0 if none was timed.
    pub(super) fn mean_micros(&self, case: CaseIndex) -> u64 {
        match self.tallies.get(case.index()) {
            Some(tally) if tally.timed > 0 => tally.micros / u64::from(tally.timed),
            _ => 0,
        }
    }

    /// The longest trial of a case in microseconds.
    pub(super) fn slowest_micros(&self, case: CaseIndex) -> u32 {
        self.tallies.get(case.index()).map_or(0, |tally| tally.slowest)
    }

    /// Whether a case's findings decide the gate.
    pub(super) fn weight(&self, judged: &CaseJudgement) -> Weight {
        let fail_on = &self.record.header.policy.fail_on;
        let counts = |kind: &FindingKind| kind.fails(fail_on);
        if judged.quarantined.is_none() && judged.findings.iter().any(counts) { Weight::Fails } else { Weight::Warns }
    }

    /// The entry of the quarantine that keeps a case from failing the gate.
    pub(super) fn quarantined(&self, judged: &CaseJudgement) -> Option<&'a QuarantineEntry> {
        self.record.header.background.quarantine.as_ref()?.entries.get(judged.quarantined?)
    }

    /// How many cases have a finding.
    pub(super) fn cases_with_findings(&self) -> usize {
        self.judgement.cases.iter().filter(|case| case.verdict.is_finding()).count()
    }
}
