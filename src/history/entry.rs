//! A run as it is remembered.

use crate::model::statistics::Tally;
use crate::model::{ContentHash, FindingKind, OutcomeKind, RoundKind, Seed, Verdict};
use crate::record::{Record, is_failure};
use crate::verdict::{CaseJudgement, Judgement};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A run as it is remembered: facts and verdicts, no texts of failures.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// The name of the run.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// What was run, in a few words: trends are told for runs that have this in common.
    pub suite: String,
    /// The hash of cases and system.
    pub subject: ContentHash,
    /// The conditions of the run: see [`crate::event::Background::conditions`].
    pub conditions: Option<ContentHash>,
    /// The commit, if it is known.
    pub commit: Option<String>,
    /// The branch, if it is known.
    pub branch: Option<String>,
    /// The root of its randomness.
    pub seed: Seed,
    /// What it came to: `passed`, `failed`, …
    pub gate: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Failures and trials, in planned rounds.
    pub rate: Tally,
    /// Its completed shuffled rounds: seed (with the life of the event loop), and whether something failed in it.
    pub rounds: BTreeMap<String, Failed>,
    /// Its cases, in declared order.
    pub cases: Vec<CaseEntry>,
}

/// Whether something failed in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failed {
    /// Nothing failed the gate.
    No,
    /// Something failed the gate.
    Yes,
}

/// A case of a run as it is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseEntry {
    /// The id of the case.
    pub id: String,
    /// Equal as long as the case means the same.
    pub hash: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Failures and trials, in planned rounds.
    pub rate: Tally,
    /// Failures and trials in shuffled rounds that ran to their end.
    pub shuffled: Tally,
    /// The mean duration of its trials, in microseconds.
    pub mean_us: u64,
    /// Its longest trial, in microseconds.
    pub slowest_us: u64,
    /// What is wrong with it, and the fingerprint of the failure.
    pub findings: Vec<(FindingKind, Option<String>)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    shuffled: Tally,
    micros: u64,
    timed: u64,
    slowest: u32,
}

impl RunEntry {
    /// What is remembered of a judged run. `clean` removes secrets from every text.
    pub fn of(record: &Record, judgement: &Judgement, clean: &dyn Fn(&str) -> String) -> Self {
        let header = &record.header;
        let counted = count(record);
        let case = |judged: &CaseJudgement| {
            let info = record.case(judged.case)?;
            let counted = counted.get(judged.case.index()).copied().unwrap_or_default();
            let failure = judged.failure.as_ref().and_then(|seen| seen.outcome.failure());
            let fingerprint = failure.map(|failure| clean(&failure.fingerprint));
            Some(CaseEntry {
                id: clean(info.id.as_str()),
                hash: info.hash.as_str().to_owned(),
                verdict: judged.verdict,
                rate: judged.rate,
                shuffled: counted.shuffled,
                mean_us: counted.micros.checked_div(counted.timed).unwrap_or(0),
                slowest_us: u64::from(counted.slowest),
                findings: judged.findings.iter().map(|kind| (*kind, fingerprint.clone())).collect(),
            })
        };
        // Of a run that was asked about one case, that one is remembered.
        let asked = header.question.as_ref().map(|question| question.case);
        let is_meant = |judged: &&CaseJudgement| asked.is_none_or(|case| judged.case == case);
        let cases: Vec<CaseEntry> = judgement.cases.iter().filter(is_meant).filter_map(case).collect();
        let revision = header.background.revision.clone().unwrap_or_default();
        Self {
            run: header.run.clone(),
            started: header.started,
            suite: clean(header.identity.as_ref().map_or(&header.subject.name, |identity| &identity.suite)),
            subject: header.subject.hash.clone(),
            conditions: header.background.conditions.clone(),
            commit: revision.commit.map(|text| clean(&text)),
            branch: revision.branch.map(|text| clean(&text)),
            seed: header.seed,
            gate: judgement.gate.as_str().to_owned(),
            millis: record.millis,
            rate: cases.iter().map(|case| case.rate).sum(),
            rounds: if asked.is_some() { BTreeMap::new() } else { rounds(record) },
            cases,
        }
    }
}

fn rounds(record: &Record) -> BTreeMap<String, Failed> {
    let counted = record.rounds.iter().filter(|round| round.kind == RoundKind::Shuffle && round.is_complete());
    let key = |round: &crate::record::RoundRecord| format!("{} {:?}", round.seed, round.event_loop);
    counted.map(|round| (key(round), if round.has_failure() { Failed::Yes } else { Failed::No })).collect()
}

fn count(record: &Record) -> Vec<Counted> {
    let mut counts = vec![Counted::default(); record.header.cases.len()];
    for round in record.rounds.iter().filter(|round| round.is_planned()) {
        for slot in &round.slots {
            let (Some(counted), Some(outcome)) = (counts.get_mut(slot.case.index()), slot.outcome) else { continue };
            if outcome == OutcomeKind::Skipped {
                continue;
            }
            counted.micros += u64::from(slot.micros);
            counted.timed += 1;
            counted.slowest = counted.slowest.max(slot.micros);
            if round.kind == RoundKind::Shuffle && round.is_complete() {
                counted.shuffled.count(is_failure(outcome));
            }
        }
    }
    counts
}

/// A verdict by its word; a word that nobody knows proves nothing.
pub(super) fn verdict(word: &str) -> Verdict {
    Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word).unwrap_or(Verdict::Unproven)
}
