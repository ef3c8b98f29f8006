//! What was known before a run began, as far as its verdicts and reports use it: it stands in the header, so that a
//! report stays a function of the journal.

use crate::model::statistics::Tally;
use crate::model::{CaseId, CaseIndex, ContentHash, FindingKind, Owners};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which revision of the project ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The commit, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The page of the job that ran, if a service of continuous integration ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// What stands in a header besides what is run and what is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// The revision of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// Equal for runs in which a trial of an unchanged case is the same experiment: the same system, the same code of
    /// it, the same kind of rounds. `None` where nobody knows whether the code is the same: then nothing counts later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<ContentHash>,
    /// What the history knew, if one is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
    /// The quarantine, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// The command as it was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Who owns which files, where the repository says so.
    #[serde(default, skip_serializing_if = "Owners::is_empty")]
    pub owners: Owners,
}

impl Background {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the history knew when the run began.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// How many earlier runs of the same suite it had.
    pub runs: u32,
    /// Shuffled rounds of earlier runs that count as trials of this one, because nothing that ran in them has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<EarlierRounds>,
    /// Trials in shuffled rounds of earlier runs, by case: those of cases that have not changed, on a subject that
    /// has not changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trials: BTreeMap<CaseIndex, Tally>,
    /// What was found before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownFinding>,
}

/// Shuffled rounds of earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierRounds {
    /// How many failed, of how many.
    pub rate: Tally,
    /// The runs that they are from.
    pub runs: u32,
    /// When the first of these began.
    pub since: Timestamp,
    /// When the last of these began.
    pub until: Timestamp,
}

/// A finding of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFinding {
    /// The case, by its place in the header.
    pub case: CaseIndex,
    /// What was found.
    pub kind: FindingKind,
    /// The run that found it first.
    pub run: String,
    /// When that began.
    pub since: Timestamp,
    /// When the last run that found it began.
    pub until: Timestamp,
    /// How many runs found it.
    pub runs: u32,
}

/// The quarantine as it was when the run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The file, relative to the project.
    pub file: String,
    /// The day of the run, in UTC: what decides whether an entry has expired.
    pub today: Date,
    /// Its entries, in the file's order.
    pub entries: Vec<QuarantineEntry>,
}

/// A case whose known findings do not fail the gate, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// The case that is known to fail.
    pub case: CaseId,
    /// Which findings are known; any, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingKind>,
    /// Who sees to it.
    pub owner: String,
    /// Where it is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day on which it holds.
    pub until: Date,
    /// How often it failed when it was put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Tally>,
    /// Its line in the file, from 1.
    pub line: u32,
}

impl QuarantineEntry {
    /// Whether it has expired on this day.
    pub fn has_expired(&self, today: Date) -> bool {
        today > self.until
    }

    /// Whether a finding is one that it speaks of. What is intermittent and what depends on the order is told apart by
    /// how much was seen, so either stands for both, as it does for what was not examined to the end; and a case that was
    /// broken and now fails only sometimes is no worse.
    pub fn covers(&self, kind: FindingKind) -> bool {
        use FindingKind::{
            Broken, Disagrees, EnvironmentDependent, Intermittent, Leak, LoopBound, NonIdempotent, OrderDependent,
            Skipped, Undiagnosed,
        };
        let is_some_times = matches!(kind, OrderDependent | EnvironmentDependent | Intermittent | Undiagnosed);
        self.findings.is_empty()
            || self.findings.iter().any(|known| match known {
                Broken => kind == Broken || is_some_times,
                OrderDependent | EnvironmentDependent | Intermittent | Undiagnosed => is_some_times,
                NonIdempotent | Disagrees | LoopBound | Leak | Skipped => kind == *known,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(known: &[FindingKind], kind: FindingKind, covered: bool) {
        let entry = QuarantineEntry {
            case: "a".into(),
            findings: known.to_vec(),
            owner: "ana".into(),
            issue: None,
            until: jiff::civil::date(2026, 12, 31),
            seen: None,
            line: 1,
        };
        assert_eq!(entry.covers(kind), covered, "{known:?} {kind}");
    }

    #[test]
    fn an_entry_covers_what_is_no_worse_than_what_was_known() {
        use FindingKind::{Broken, Intermittent, Leak, LoopBound, OrderDependent, Undiagnosed};
        check(&[Intermittent], OrderDependent, true);
        check(&[OrderDependent], Intermittent, true);
        check(&[Broken], Intermittent, true);
        check(&[Intermittent], Broken, false);
        check(&[Intermittent], Undiagnosed, true);
        check(&[Undiagnosed], Broken, false);
        check(&[Intermittent], Leak, false);
        check(&[Leak], LoopBound, false);
        check(&[], Broken, true);
    }

    #[test]
    fn an_entry_holds_on_its_last_day() {
        let entry = |until| QuarantineEntry {
            case: "a".into(),
            findings: Vec::new(),
            owner: "ana".into(),
            issue: None,
            until,
            seen: None,
            line: 1,
        };
        let today = jiff::civil::date(2026, 12, 31);
        assert!(!entry(today).has_expired(today));
        assert!(entry(jiff::civil::date(2026, 12, 30)).has_expired(today));
    }
}
