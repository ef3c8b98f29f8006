//! The rounds of a run: those of its plan, and what is added while there is time.

use crate::app::AppError;
use crate::app::marks::{Tried, marks_left};
use crate::app::plans::Plans;
use crate::app::session::Session;
use crate::diagnose::RunLog;
use crate::engine::{EngineError, RoundUnit, Rounds, Stop, Stopped};
use crate::event::{Event, Note};
use crate::model::{CaseIndex, Failure, OutcomeKind, RoundId, RoundKind};
use crate::plan::Addition;
use crate::record::{Record, RoundRecord};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The course of a run's rounds.
pub(super) struct Course<'a> {
    /// The plan that is played.
    pub plans: &'a Plans,
    /// What was begun before the run was resumed: the attempt that is next, unless the round was completed.
    pub attempts: &'a BTreeMap<RoundId, Option<u32>>,
    /// The deadline of a case that has none of its own.
    pub case_timeout: Duration,
    /// How many rounds run side by side.
    pub jobs: usize,
    /// Whether it goes on where every case of the first round fails for one reason.
    pub keeps_going: bool,
    /// Whether it ends at the first failure.
    pub ends_at_failure: bool,
}

impl Course<'_> {
    /// Runs the plan, and then what promises most for each second while the plan's effort lasts.
    pub fn run(
        &self,
        engine: &mut dyn Rounds,
        until: Option<Instant>,
        session: &mut Session<'_>,
    ) -> Result<Stopped, AppError> {
        let begun = Instant::now();
        let starved = session.starved();
        let mut units = self.plans.units(self.case_timeout, self.attempts).take_while(|_| starved.none());
        let mut stopped = Stopped::Not;
        if !self.keeps_going && self.attempts.is_empty() {
            stopped = engine.run(&mut units.by_ref().take(1), until, session)?;
            if let (Stopped::Not, None, Some(reason)) = (&stopped, starved.reason(), one_reason(&session.record())) {
                return Ok(Stopped::SubjectFailed(reason));
            }
        }
        if stopped == Stopped::Not {
            stopped = engine.run(&mut units, until, session)?;
        }
        if let (Stopped::Not, Some(reason)) = (&stopped, starved.reason()) {
            return Ok(Stopped::SubjectFailed(reason));
        }
        if stopped != Stopped::Not {
            return Ok(stopped);
        }
        if let Some(first) = self.plans.first_aftermath() {
            // Rounds that other machines ran beforehand must make no difference.
            let mut record = session.record();
            record.rounds.retain(|round| round.id < first);
            let marks = marks_left(&record);
            let tried = Tried::of(&record);
            if let Some(text) = tried.note() {
                let note = Event::Noted(Note::of_run(text));
                session.emit(note).map_err(EngineError::Journal)?;
            }
            let mut units = self.plans.units_after(&marks, &tried, self.case_timeout, self.attempts);
            let stopped = engine.run(&mut units, until, session)?;
            if stopped != Stopped::Not {
                return Ok(stopped);
            }
        }
        // A resumed run does what was planned: what its clock said is long past.
        if self.attempts.is_empty() { self.add(engine, begun, until, session) } else { Ok(Stopped::Not) }
    }

    fn add(
        &self,
        engine: &mut dyn Rounds,
        begun: Instant,
        until: Option<Instant>,
        session: &mut Session<'_>,
    ) -> Result<Stopped, AppError> {
        let record = session.record();
        let Some(plan) = self.plans.extendable() else { return Ok(Stopped::Not) };
        let Some(costs) = Costs::of(&record) else { return Ok(Stopped::Not) };
        let end = begun + self.plans.effort().budget(costs.declared);
        let end = until.map_or(end, |until| until.min(end));
        let marks = marks_left(&record);
        let tried = Tried::of(&record);
        let group = |case: CaseIndex| self.plans.file_of(case);
        let mut additions = tried.additions(plan, &marks, &group);
        let mut number = self.plans.rounds();
        let mut own_seeds = OwnSeeds { takes: self.plans.own_hash_seed_takes(), spent: Duration::ZERO };
        let added = Instant::now();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let batch: Vec<Addition> = (0..self.jobs.max(1))
                .map_while(|_| {
                    additions.next(costs.affordable(left, self.jobs)).filter(|next| costs.of_one(next) <= left)
                })
                .collect();
            if batch.is_empty() {
                return Ok(Stopped::Not);
            }
            let units: Vec<RoundUnit> = (number..)
                .zip(batch)
                .map(|(number, one)| {
                    let has_own =
                        one.kind == RoundKind::Shuffle && own_seeds.affords(added.elapsed() + costs.of_one(&one));
                    self.plans.added(number, one, has_own, self.case_timeout)
                })
                .collect();
            number += u32::try_from(units.len()).unwrap_or(u32::MAX);
            match engine.run(&mut units.into_iter(), until, session)? {
                Stopped::Not => {}
                // The plan was completed; a round that was added and cut short is missing nowhere.
                Stopped::Asked(Stop::TimeLimit) => return Ok(Stopped::Not),
                stopped => return Ok(stopped),
            }
        }
    }
}

/// Rounds under hash seeds of their own: each finds what fails under few seeds only, and has a start to pay for.
struct OwnSeeds {
    /// What a start costs, where a round can have a seed of its own.
    takes: Option<Duration>,
    /// What all starts took so far.
    spent: Duration,
}

impl OwnSeeds {
    /// Whether one more is affordable after so long a time of rounds: starts have at most half of the whole.
    fn affords(&mut self, rounds: Duration) -> bool {
        let Some(takes) = self.takes else { return false };
        let is_affordable = (self.spent + takes) * 2 <= rounds + takes;
        if is_affordable {
            self.spent += takes;
        }
        is_affordable
    }
}

/// From how many cases on one reason for all failures is a reason to stop: of fewer it may well be the tests' own.
const ENOUGH: usize = 4;

/// One case in so many may fail for a reason of its own where all the others have one.
const ONE_IN: usize = 20;

/// Why every case of the first round failed, if nearly all did for one reason: an exception other than an assertion in the
/// same place, or one that says the same of each, as a client does whose server is down. What a fixture does when it is torn
/// down is a finding like others. Where one passed there may be an order behind it, and no such reason.
fn one_reason(record: &Record) -> Option<String> {
    let round = record.rounds.first().filter(|round| round.is_complete())?;
    let ran: Vec<CaseIndex> =
        round.slots.iter().filter(|slot| slot.outcome != Some(OutcomeKind::Skipped)).map(|slot| slot.case).collect();
    let failures: Vec<&Failure> =
        ran.iter().filter_map(|case| record.failures.get(case)?.first()?.outcome.failure()).collect();
    if ran.len() < ENOUGH || failures.len() < ran.len() {
        return None;
    }
    let said = |failure: &Failure| failure.message.lines().next().unwrap_or_default().to_owned();
    let (first, alike) = [
        most_alike(&failures, |failure| failure.fingerprint.clone()),
        most_alike(&failures, |failure| Failure::new(said(failure), None).fingerprint),
    ]
    .into_iter()
    .flatten()
    .max_by_key(|(_, alike)| *alike)?;
    let is_a_test_s_own = |text: &str| {
        ["assert", "teardown"].iter().any(|word| text.starts_with(word)) || text.contains("AssertionError")
    };
    if (ran.len() - alike) * ONE_IN > ran.len() || is_a_test_s_own(&said(first)) {
        return None;
    }
    let place = first.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let all = ran.len();
    let most = if alike < all { format!(", {alike} of them") } else { String::new() };
    let reason = said(first);
    Some(format!(
        "all {all} cases of the first round failed{most} for one reason: {reason}{place}. Mend it first, or go on with \
         --keep-going"
    ))
}

/// The first of those failures that are most alike, and how many they are.
fn most_alike<'f>(failures: &[&'f Failure], sign: impl Fn(&Failure) -> String) -> Option<(&'f Failure, usize)> {
    let mut alike: BTreeMap<String, (&'f Failure, usize)> = BTreeMap::new();
    for failure in failures.iter().copied() {
        alike.entry(sign(failure)).or_insert((failure, 0)).1 += 1;
    }
    alike.into_values().max_by_key(|(_, count)| *count)
}

/// What rounds cost, as the plan's rounds showed it.
struct Costs {
    declared: Duration,
    whole: Duration,
    aftermath: Duration,
}

impl Costs {
    /// `None` without a round of all cases.
    fn of(record: &Record) -> Option<Self> {
        let mean = |wanted: &dyn Fn(&&RoundRecord) -> bool| {
            let millis: Vec<u64> = record
                .rounds
                .iter()
                .filter(|round| round.is_complete())
                .filter(wanted)
                .map(|round| round.millis)
                .collect();
            (!millis.is_empty()).then(|| Duration::from_millis(millis.iter().sum::<u64>() / millis.len() as u64))
        };
        let declared = mean(&|round| round.kind == RoundKind::Declared)?;
        let whole = mean(&|round| matches!(round.kind, RoundKind::Reverse | RoundKind::Shuffle)).unwrap_or(declared);
        let aftermath = mean(&|round| round.kind == RoundKind::Aftermath).unwrap_or(whole);
        // So small a round is not measured well, and none takes no time at all.
        let least = Duration::from_millis(1);
        Some(Self { declared, whole: whole.max(least), aftermath: aftermath.max(least) })
    }

    /// How many more rounds of all cases there is time for.
    fn affordable(&self, left: Duration, jobs: usize) -> usize {
        (left.as_secs_f64() / self.whole.as_secs_f64()) as usize * jobs.max(1)
    }

    fn of_one(&self, addition: &Addition) -> Duration {
        if addition.kind == RoundKind::Aftermath { self.aftermath } else { self.whole }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_under_hash_seeds_of_their_own_take_at_most_half_of_the_time() {
        let seconds = Duration::from_secs;
        let mut dear = OwnSeeds { takes: Some(seconds(6)), spent: Duration::ZERO };
        assert!(!dear.affords(seconds(2)), "the first round takes less than its start");
        assert!(dear.affords(seconds(6)));
        assert!(!dear.affords(seconds(14)), "12 of 20 s");
        assert!(dear.affords(seconds(18)), "12 of 24 s");
        let mut free = OwnSeeds { takes: Some(Duration::ZERO), spent: Duration::ZERO };
        assert!((0..9).all(|_| free.affords(Duration::ZERO)));
        let mut chosen = OwnSeeds { takes: None, spent: Duration::ZERO };
        assert!(!chosen.affords(seconds(99)), "the user chose the seed");
    }
}
