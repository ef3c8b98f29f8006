//! Questions of the diagnosis, put to the engine.

use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::Suspect;
use crate::diagnose::{Deadlines, RunLog};
use crate::engine::{Ran, RoundResult, RoundUnit, Rounds, Stopped, collect};
use crate::minimise::{Answer, Question, Reply};
use crate::model::{
    CaseIndex, EventLoop, Failure, Outcome, OutcomeKind, Position, RoundId, RoundKind, Seed, StateMark,
};
use crate::record::Record;
use std::collections::BTreeMap;
use std::time::Duration;

/// Asks the engine how a case ends after others.
pub(super) struct Prober<'a> {
    rounds: &'a mut dyn Rounds,
    pub log: &'a mut dyn RunLog,
    deadlines: Deadlines,
    seed: Seed,
    event_loop: EventLoop,
    /// The hash seed of the probes, for subjects that have one.
    hash_seed: Option<u32>,
    watch: Option<Position>,
    follow_ms: Option<u32>,
    next_round: u32,
    case_timeout: Duration,
    /// What stopped the engine, if something did: no probe is run any more.
    pub stopped: Stopped,
    /// Probes run for the present suspect.
    pub probes: u32,
    /// How the cases of the last failing probe ended.
    pub last_seen: BTreeMap<CaseIndex, OutcomeKind>,
    /// How the present suspect failed last, by the order in which it did.
    pub failures: BTreeMap<Vec<CaseIndex>, (OutcomeKind, Failure)>,
    /// What was asked about the present suspect outside a search.
    pub asked: Vec<(Vec<CaseIndex>, Reply)>,
}

impl<'a> Prober<'a> {
    pub fn new(
        rounds: &'a mut dyn Rounds,
        log: &'a mut dyn RunLog,
        record: &Record,
        deadlines: Deadlines,
        case_timeout: Duration,
    ) -> Self {
        Self {
            rounds,
            log,
            deadlines,
            seed: record.header.seed,
            event_loop: EventLoop::default(),
            hash_seed: None,
            watch: None,
            follow_ms: None,
            next_round: record.next_round(),
            case_timeout,
            stopped: Stopped::Not,
            probes: 0,
            last_seen: BTreeMap::new(),
            failures: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    /// The next probes are about this suspect.
    pub fn begin(&mut self, suspect: &Suspect) {
        self.event_loop = suspect.event_loop;
        self.hash_seed = suspect.hash_seed;
        self.probes = 0;
        self.last_seen.clear();
        self.failures.clear();
        self.asked.clear();
    }

    /// Runs orders side by side and tells how the last case of each ended.
    pub fn ask(&mut self, orders: &[Vec<CaseIndex>]) -> Result<Vec<Reply>, DiagnoseError> {
        let first = self.next_round;
        let units = (first..).zip(orders).map(|(number, order)| self.unit(number, order)).collect();
        let replies = self.run(first, units)?;
        let told = orders.iter().cloned().zip(replies.iter().cloned());
        self.asked.extend(told.filter_map(|(order, reply)| Some((order, reply?))));
        Ok(replies.into_iter().map(or_unsure).collect())
    }

    /// The same under another hash seed, which is evidence of nothing else.
    pub fn ask_under(&mut self, hash_seed: u32, orders: &[Vec<CaseIndex>]) -> Result<Vec<Reply>, DiagnoseError> {
        let first = self.next_round;
        let units = (first..).zip(orders).map(|(number, order)| self.unit(number, order));
        let units = units.map(|unit| RoundUnit { hash_seed: Some(hash_seed), ..unit }).collect();
        Ok(self.run(first, units)?.into_iter().map(or_unsure).collect())
    }

    /// Puts questions of a search. One that was not played, because the engine stopped, has no reply.
    pub fn put(&mut self, questions: &[Question]) -> Result<Vec<Option<Reply>>, DiagnoseError> {
        let first = self.next_round;
        let units = (first..).zip(questions).map(|(number, question)| {
            let unit = self.unit(number, &question.order);
            match question.walk.and_then(|cases| u32::try_from(cases).ok()) {
                None => unit,
                Some(cases) => RoundUnit { kind: RoundKind::Walk, walk: Some(cases), ..unit },
            }
        });
        let units = units.collect();
        self.run(first, units)
    }

    fn run(&mut self, first: u32, units: Vec<RoundUnit>) -> Result<Vec<Option<Reply>>, DiagnoseError> {
        let count = u32::try_from(units.len()).unwrap_or(0);
        self.next_round += count;
        self.probes += count;
        let mut results = self.results_of(units)?;
        Ok((first..self.next_round).map(|number| self.reply(results.remove(&RoundId(number)))).collect())
    }

    fn results_of(&mut self, units: Vec<RoundUnit>) -> Result<BTreeMap<RoundId, RoundResult>, DiagnoseError> {
        if self.stopped != Stopped::Not {
            return Ok(BTreeMap::new());
        }
        let Ran { results, stopped } = collect(self.rounds, units, self.deadlines.diagnosis, self.log)?;
        self.stopped = stopped;
        Ok(results)
    }

    /// Runs an order once more and tells what the case at `place` leaves changed, what of it decides how the last one ends,
    /// and where the paths of that one part, as far as that is found within so many milliseconds.
    pub fn marks(
        &mut self,
        order: &[CaseIndex],
        place: Position,
        follow_ms: u32,
    ) -> Result<(Vec<StateMark>, Option<String>), DiagnoseError> {
        let result = self.once(order, Some(place), follow_ms)?;
        Ok(result.map(|result| (result.watched, result.difference)).unwrap_or_default())
    }

    /// Where two runs of the last case of an order part: alone and in that order, or in that order again and again.
    pub fn difference(&mut self, order: &[CaseIndex], follow_ms: u32) -> Result<Option<String>, DiagnoseError> {
        Ok(self.once(order, None, follow_ms)?.and_then(|result| result.difference))
    }

    fn once(
        &mut self,
        order: &[CaseIndex],
        watch: Option<Position>,
        follow_ms: u32,
    ) -> Result<Option<RoundResult>, DiagnoseError> {
        let number = self.next_round;
        self.next_round += 1;
        (self.watch, self.follow_ms) = (watch, Some(follow_ms));
        let unit = self.unit(number, order);
        (self.watch, self.follow_ms) = (None, None);
        Ok(self.results_of(vec![unit])?.remove(&RoundId(number)))
    }

    fn reply(&mut self, result: Option<RoundResult>) -> Option<Reply> {
        let Some(result) = result else {
            // What a stop kept from being played is no answer: it can be asked again.
            return (self.stopped == Stopped::Not).then(|| or_unsure(None));
        };
        let took = result.duration;
        let answer = self.answer(&result);
        Some(Reply { answer, took, after: result.after.map(|after| after as usize) })
    }

    fn answer(&mut self, result: &RoundResult) -> Answer {
        let unsure = |text: &str| Answer::Unsure(text.to_owned());
        match result.outcomes.last() {
            None | Some(None) => unsure("the case did not run"),
            Some(Some(Outcome::Passed)) => Answer::Passes,
            Some(Some(Outcome::Skipped { reason })) => unsure(&format!("the case was skipped: {reason}")),
            // A failure of another kind is a failure all the same: what it is not, is a pass.
            Some(Some(outcome)) => {
                let ended = result.unit.order.iter().zip(&result.outcomes);
                self.last_seen = ended.filter_map(|(case, outcome)| Some((*case, outcome.as_ref()?.kind()))).collect();
                if let Some(failure) = outcome.failure() {
                    self.failures.insert(result.unit.order.clone(), (outcome.kind(), failure.clone()));
                }
                Answer::Fails
            }
        }
    }

    fn unit(&self, number: u32, order: &[CaseIndex]) -> RoundUnit {
        let seed = self.seed.derive(&format!("probe {number}"));
        let unit = RoundUnit::new(RoundId(number), RoundKind::Probe, seed, order.to_vec(), self.case_timeout);
        // What was seen under stress is verified without.
        RoundUnit {
            event_loop: self.event_loop,
            hash_seed: self.hash_seed,
            watch: self.watch,
            follow_ms: self.follow_ms,
            ..unit
        }
    }
}

/// A reply where there is none: nothing is known of the suspect.
fn or_unsure(reply: Option<Reply>) -> Reply {
    reply.unwrap_or_else(|| Reply::new(Answer::Unsure("the probe did not run to its end".into()), Duration::ZERO))
}
