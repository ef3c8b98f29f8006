//! What the quarantine comes to: which findings it excuses, which entries have expired, which are no longer needed.

use crate::event::{Quarantine, QuarantineEntry};
use crate::model::FindingKind;
use crate::model::Verdict;
use crate::model::statistics::{Confidence, lower_bound, upper_bound};
use crate::record::Record;
use crate::verdict::case_judgement::CaseJudgement;
use std::collections::BTreeMap;

/// How sure it must be that an entry is no longer needed, in (0, 1): a wrong alarm costs more than an entry that stays
/// for some runs.
const SURE: f64 = 0.99;

/// The failure rate that is to be excluded where an entry does not say how often its case failed, in (0, 1).
const UNSAID: f64 = 0.01;

/// What the quarantine comes to, entry by entry, in the file's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuarantineJudgement {
    /// What each entry comes to.
    pub entries: Vec<EntryStatus>,
}

/// What an entry of the quarantine comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryStatus {
    /// Its case was found wanting as it says, and does not fail the gate.
    Excuses,
    /// Its case was found wanting in a way that it does not speak of.
    Exceeded,
    /// Nothing was found, in too few trials to do without it.
    Waits,
    /// Its case was not in this run.
    NotInRun,
    /// Its day is past: it excuses nothing and fails the gate.
    Expired,
    /// So many trials without a failure exclude that it fails as it did: it is to be removed, and fails the gate.
    Unneeded {
        /// How many trials there were.
        trials: u32,
    },
}

impl EntryStatus {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excuses => "excuses",
            Self::Exceeded => "exceeded",
            Self::Waits => "waits",
            Self::NotInRun => "not_in_run",
            Self::Expired => "expired",
            Self::Unneeded { .. } => "unneeded",
        }
    }

    /// Whether the entry itself fails the gate.
    pub fn fails(self) -> bool {
        match self {
            Self::Expired | Self::Unneeded { .. } => true,
            Self::Excuses | Self::Exceeded | Self::Waits | Self::NotInRun => false,
        }
    }
}

impl QuarantineJudgement {
    /// How many entries have expired.
    pub fn expired(&self) -> usize {
        self.entries.iter().filter(|status| **status == EntryStatus::Expired).count()
    }

    /// How many entries are no longer needed.
    pub fn unneeded(&self) -> usize {
        self.entries.iter().filter(|status| matches!(status, EntryStatus::Unneeded { .. })).count()
    }

    /// Whether an entry fails the gate.
    pub fn fails(&self) -> bool {
        self.entries.iter().any(|status| status.fails())
    }
}

/// Judges the entries, and marks the cases whose findings are excused.
pub(super) fn apply(record: &Record, cases: &mut [CaseJudgement]) -> QuarantineJudgement {
    let Some(quarantine) = &record.header.background.quarantine else { return QuarantineJudgement::default() };
    let ids = record.header.cases.iter().zip(0_usize..).map(|(info, place)| (info.id.as_str(), place));
    let places: BTreeMap<&str, usize> = ids.collect();
    let entries = quarantine.entries.iter().enumerate().map(|(number, entry)| {
        let case = places.get(entry.case.as_str()).and_then(|place| cases.get_mut(*place));
        let status = status(record, quarantine, entry, case.as_deref());
        if let (EntryStatus::Excuses, Some(case)) = (status, case) {
            case.quarantined = Some(number);
        }
        status
    });
    QuarantineJudgement { entries: entries.collect() }
}

fn status(
    record: &Record,
    quarantine: &Quarantine,
    entry: &QuarantineEntry,
    case: Option<&CaseJudgement>,
) -> EntryStatus {
    if entry.has_expired(quarantine.today) {
        return EntryStatus::Expired;
    }
    let Some(case) = case else { return EntryStatus::NotInRun };
    let fail_on = &record.header.policy.fail_on;
    if !case.findings.is_empty() {
        let covered = case.findings.iter().filter(|kind| kind.fails(fail_on)).all(|kind| entry.covers(*kind));
        return if covered { EntryStatus::Excuses } else { EntryStatus::Exceeded };
    }
    match case.verdict {
        Verdict::Stable => unneeded(entry, case),
        _ => EntryStatus::Waits,
    }
}

/// An entry is no longer needed once the trials without a failure exclude every rate that what was seen allows: the
/// upper bound of the rate now is below the lower bound of the rate then. Only trials that are alike are compared:
/// what is broken fails in any round, for anything else shuffled rounds count.
fn unneeded(entry: &QuarantineEntry, case: &CaseJudgement) -> EntryStatus {
    let is_broken = entry.findings.contains(&FindingKind::Broken);
    let seen = if is_broken { case.rate } else { case.shuffled };
    let all = seen + case.earlier;
    let sure = Confidence::new(SURE).unwrap_or(Confidence::USUAL);
    let then = match entry.seen {
        Some(then) if then.failures() > 0 => lower_bound(then, sure),
        _ => UNSAID,
    };
    if all.failures() == 0 && all.trials() > 0 && upper_bound(all, sure) < then {
        EntryStatus::Unneeded { trials: all.trials() }
    } else {
        EntryStatus::Waits
    }
}
