//! The folded facts of a run. Counts are methods, so that they can't disagree with the lists they count.

use crate::event::{CaseInfo, Diagnosis, Dirt, Header, Machine, Note, RoundEnd, RunEnd};
use crate::model::{
    Aftermath, CaseIndex, EventLoop, Excerpt, LoopBound, Outcome, OutcomeKind, Position, Retained, RoundId, RoundKind,
    Seed, StateMark, Stress,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many failures of a case keep their texts. All of them are counted.
pub const FAILURES_KEPT: usize = 8;

/// The folded facts of a run.
#[derive(Debug, Clone)]
pub struct Record {
    /// What the run is.
    pub header: Header,
    /// The rounds by their numbers.
    pub rounds: Vec<RoundRecord>,
    /// The first failures of each case by round and place, by the case's place in the header.
    pub failures: BTreeMap<CaseIndex, Vec<FailureSeen>>,
    /// What a trial that passed wrote, of cases that failed as well: of each the first by round and place that was kept.
    pub outputs: BTreeMap<CaseIndex, OutputSeen>,
    /// The cases that passed in any trial, those of rounds that did not end included: a pass of a torn round proves no
    /// rate, and still refutes that a case always fails.
    pub passed: BTreeSet<CaseIndex>,
    /// The cases that passed where they had run before in the same round: an experiment, which refutes nothing of what
    /// they do the first time.
    pub passed_again: BTreeSet<CaseIndex>,
    /// Why a case was skipped, in the first round that skipped it.
    pub skips: BTreeMap<CaseIndex, String>,
    /// What each case left that outlives its event loop.
    pub loop_bound: BTreeMap<CaseIndex, BTreeSet<LoopBound>>,
    /// What is known of the hosts that took part, by name; `None` is the one that keeps the journal.
    pub hosts: BTreeMap<Option<String>, Machine>,
    /// Notes on cases and on the run, each once: those from before the first round as they were told, the others sorted.
    pub notes: Vec<Note>,
    /// The last diagnosis of each suspect.
    pub diagnoses: BTreeMap<CaseIndex, Diagnosis>,
    /// The last forecast: milliseconds of one round and of the plan.
    pub forecast: Option<(u64, u64)>,
    /// How the run ended; `None` if its writer was killed.
    pub end: Option<RunEnd>,
    /// The time of the last fact, in milliseconds since the run began.
    pub millis: u64,
}

/// A round, as its facts tell it.
#[derive(Debug, Clone)]
pub struct RoundRecord {
    /// The id of the round.
    pub id: RoundId,
    /// Why it has its order.
    pub kind: RoundKind,
    /// The seed of the round.
    pub seed: Seed,
    /// How long an event loop lives in it.
    pub event_loop: EventLoop,
    /// The noise around it.
    pub stress: Option<Stress>,
    /// The hash seed of the subject's Python, where it has one.
    pub hash_seed: Option<u32>,
    /// In an aftermath: which of its cases ran first, and which of them shared a fork.
    pub aftermath: Option<Aftermath>,
    /// Whether it is no part of the plan that the header counts.
    pub added: bool,
    /// The host that ran it first, where that was not the one that keeps the journal.
    pub host: Option<String>,
    /// How many times it was begun.
    pub attempts: u32,
    /// Its trials in order.
    pub slots: Vec<Slot>,
    /// What trials left behind, by their places in the order.
    pub retained: BTreeMap<Position, Vec<Retained>>,
    /// What its trials changed of the process's state and did not put back, by place.
    pub dirt: BTreeMap<Position, Dirt>,
    /// What its trials left changed, compared part by part, by place.
    pub marks: BTreeMap<Position, Vec<StateMark>>,
    /// The places of trials with which memory began anew.
    pub fresh: BTreeSet<Position>,
    /// The places of trials that passed before the round was cut short: no proof of a rate, and still orders in which
    /// these cases can pass.
    pub passed_before_the_end: BTreeSet<Position>,
    /// The place of the trial that began last.
    pub(super) begun: Option<Position>,
    /// The places of trials that had passed, and failed in the end: a fixture that they share with later ones did, after
    /// the trial at this place.
    pub(super) failed_after: BTreeMap<Position, Position>,
    /// How it ended, as far as is known.
    pub end: Option<RoundEnd>,
    /// How long it took, over all attempts.
    pub millis: u64,
}

/// A trial in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The index of the case in the header.
    pub case: CaseIndex,
    /// How it ended; `None` if it was never reported.
    pub outcome: Option<OutcomeKind>,
    /// How long it took.
    pub micros: u32,
}

/// A failure that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureSeen {
    /// In which round.
    pub round: RoundId,
    /// At which place of its order.
    pub position: Position,
    /// What it was.
    pub outcome: Outcome,
    /// The source around its place, if the journal has it.
    pub excerpt: Option<Excerpt>,
}

/// What a trial that passed wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputSeen {
    /// In which round.
    pub round: RoundId,
    /// At which place of its order.
    pub position: Position,
    /// The text, as far as it was captured.
    pub text: String,
}

impl Slot {
    /// Whether its trial failed.
    pub fn has_failed(&self) -> bool {
        self.outcome.is_some_and(is_failure)
    }
}

impl RoundRecord {
    /// Whether every trial of it was reported.
    pub fn is_complete(&self) -> bool {
        matches!(self.end, Some(RoundEnd::Completed))
    }

    /// Whether the case at this place passed, in a round that was cut short later, too.
    pub fn has_passed(&self, place: usize) -> bool {
        self.slots.get(place).is_some_and(|slot| slot.outcome == Some(OutcomeKind::Passed))
            || self.passed_before_the_end.contains(&Position::at(place))
    }

    /// Whether the case ran before this position. Only some kinds of rounds run a case a second time.
    pub(super) fn has_run_before(&self, position: Position, case: CaseIndex) -> bool {
        let mut before = self.slots.iter().take(position.index());
        match self.kind {
            RoundKind::Twice | RoundKind::Probe | RoundKind::Walk | RoundKind::Repeated => {
                before.any(|slot| slot.case == case)
            }
            _ => false,
        }
    }

    /// Whether a trial of it failed.
    pub fn has_failure(&self) -> bool {
        self.slots.iter().any(Slot::has_failed)
    }

    /// The cases in the order in which they ran.
    pub fn order(&self) -> impl Iterator<Item = CaseIndex> + '_ {
        self.slots.iter().map(|slot| slot.case)
    }

    /// What ran before the trial at `position` came to its end, in order, and left a state that it could see. Where a
    /// fixture that it shares with later ones failed, these as well.
    pub fn before(&self, position: Position) -> Vec<CaseIndex> {
        let marking = self.aftermath.as_ref().map_or(usize::MAX, |shape| shape.marking as usize);
        if let Some(last) = self.failed_after.get(&position).filter(|_| position.index() < marking) {
            let until = last.index().saturating_add(1).min(marking);
            let others = self.order().enumerate().take(until).filter(|(place, _)| *place != position.index());
            return others.map(|(_, case)| case).collect();
        }
        match &self.aftermath {
            None => self.order().take(position.index()).collect(),
            Some(shape) => shape.before(&self.order().collect::<Vec<CaseIndex>>(), position),
        }
    }

    /// Whether it is a round of all cases or one of a case alone, planned or added, and no question of the diagnosis.
    pub fn is_planned(&self) -> bool {
        self.kind.is_planned()
    }
}

/// Whether an outcome is a failure.
pub fn is_failure(outcome: OutcomeKind) -> bool {
    match outcome {
        OutcomeKind::Failed | OutcomeKind::Errored | OutcomeKind::TimedOut | OutcomeKind::Crashed => true,
        OutcomeKind::Passed | OutcomeKind::Skipped => false,
    }
}

impl Record {
    /// A case as reports name it.
    pub fn case(&self, case: CaseIndex) -> Option<&CaseInfo> {
        self.header.cases.get(case.index())
    }

    /// A round by its number.
    pub fn round(&self, id: RoundId) -> Option<&RoundRecord> {
        let place = self.rounds.binary_search_by_key(&id, |round| round.id).ok()?;
        self.rounds.get(place)
    }

    /// The first number that no round has: above every one that was planned or begun.
    pub fn next_round(&self) -> u32 {
        let begun = self.rounds.iter().map(|round| round.id.0 + 1).max().unwrap_or(0);
        begun.max(self.header.planned.values().sum())
    }

    /// The rounds of the plan that were run to their end.
    pub fn completed_rounds(&self) -> usize {
        self.rounds.iter().filter(|round| round.is_planned() && !round.added && round.is_complete()).count()
    }

    /// The rounds that were run to their end beyond the plan.
    pub fn added_rounds(&self) -> usize {
        self.rounds.iter().filter(|round| round.is_planned() && round.added && round.is_complete()).count()
    }

    /// How many rounds were planned.
    pub fn planned_rounds(&self) -> usize {
        self.header.planned.values().map(|count| *count as usize).sum()
    }

    /// How many trials were reported, probes included.
    pub fn trials(&self) -> usize {
        self.rounds.iter().map(|round| round.slots.iter().filter(|slot| slot.outcome.is_some()).count()).sum()
    }

    /// What ran before a failure in its round, in order.
    pub fn before(&self, failure: &FailureSeen) -> Vec<CaseIndex> {
        self.round(failure.round).map(|round| round.before(failure.position)).unwrap_or_default()
    }
}
