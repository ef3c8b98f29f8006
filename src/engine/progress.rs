//! A round under way, from its first attempt to its last.

use crate::engine::RoundUnit;
use crate::engine::outlook::{EngineError, Outlook, RoundResult};
use crate::event::{Event, RoundEnd, TrialReport};
use crate::model::{Failure, Outcome, Position, StateMark};
use std::time::{Duration, Instant};

/// Deaths in a row without a single trial between them after which a round is given up.
const FUTILE: u32 = 2;

/// A round under way.
#[derive(Debug)]
pub(super) struct Progress {
    pub unit: RoundUnit,
    outcomes: Vec<Option<Outcome>>,
    watched: Vec<StateMark>,
    difference: Option<String>,
    after: Option<u32>,
    /// The trial that runs, and when its worker's patience ends.
    pub running: Option<(Position, Instant)>,
    /// The trial that ended last in this attempt.
    last: Option<Position>,
    /// Attempts in a row that reported nothing.
    futile: u32,
    begun: Instant,
    spent: Duration,
    /// Set before the worker is killed for a trial that takes too long.
    pub timed_out: bool,
}

/// What becomes of a round whose attempt ended before its end.
#[derive(Debug)]
pub(super) enum Next {
    Again(Box<Progress>),
    GiveUp(String),
}

impl Progress {
    pub fn new(unit: RoundUnit) -> Self {
        let outcomes = vec![None; unit.order.len()];
        let (begun, spent) = (Instant::now(), Duration::ZERO);
        Self {
            unit,
            outcomes,
            watched: Vec::new(),
            difference: None,
            after: None,
            running: None,
            last: None,
            futile: 0,
            begun,
            spent,
            timed_out: false,
        }
    }

    /// Begins an attempt.
    pub fn begin(&mut self) -> Event {
        self.begun = Instant::now();
        self.unit.begins()
    }

    pub fn started(&mut self, position: Position, allowed: Duration) -> Option<Event> {
        let case = *self.unit.order.get(position.index())?;
        self.running = Some((position, Instant::now() + allowed));
        Some(Event::TrialStarted { round: self.unit.round, position, case })
    }

    pub fn finished(&mut self, position: Position, report: TrialReport) -> Option<Event> {
        let case = *self.unit.order.get(position.index())?;
        if self.running.is_some_and(|(running, _)| running == position) {
            self.running = None;
        }
        self.last = self.last.max(Some(position));
        if self.unit.watch == Some(position) {
            self.watched.clone_from(&report.marks);
        }
        self.difference = report.difference.clone().or_else(|| self.difference.take());
        self.after = report.after.or(self.after);
        *self.outcomes.get_mut(position.index())? = Some(report.outcome.clone());
        Some(Event::TrialFinished { round: self.unit.round, position, case, report })
    }

    /// The worker died: the trial that ran, or else the one before, is to blame.
    pub fn died(&mut self, reason: &str) -> Option<Event> {
        let position = self.running.map(|(position, _)| position).or(self.last)?;
        let outcome = if self.timed_out {
            let text = "the case did not end within its deadline, nor when it was told to: its process was killed";
            Outcome::TimedOut(Failure::new(text, None))
        } else if self.running.is_some() {
            Outcome::Crashed(Failure::new(format!("the subject died under the case: {reason}"), None))
        } else {
            Outcome::Crashed(Failure::new(format!("the subject died after the case: {reason}"), None))
        };
        self.finished(position, TrialReport::of(outcome))
    }

    pub fn finished_event(&self, end: RoundEnd) -> Event {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Event::RoundFinished { round: self.unit.round, attempt: self.unit.attempt, end, millis }
    }

    pub fn ended(mut self, end: RoundEnd, outlook: &mut dyn Outlook) -> Result<Option<Next>, EngineError> {
        outlook.fact(self.finished_event(end.clone())).map_err(EngineError::Journal)?;
        self.spent += self.begun.elapsed();
        let next = self.last.map_or(self.unit.from, Position::next);
        let is_over = next.index() >= self.unit.order.len();
        self.futile = if self.last.is_some() { 0 } else { self.futile + 1 };
        match end {
            RoundEnd::Completed => {}
            RoundEnd::Died { .. } if is_over => {
                outlook.fact(self.finished_event(RoundEnd::Completed)).map_err(EngineError::Journal)?;
            }
            RoundEnd::Interrupted => return Ok(None),
            RoundEnd::Died { reason } | RoundEnd::NotStarted { reason } if self.futile >= FUTILE => {
                return Ok(Some(Next::GiveUp(reason)));
            }
            RoundEnd::Died { .. } | RoundEnd::NotStarted { .. } => {
                self.unit.attempt += 1;
                self.unit.from = next;
                (self.running, self.last, self.timed_out) = (None, None, false);
                return Ok(Some(Next::Again(Box::new(self))));
            }
        }
        outlook.round(RoundResult {
            unit: self.unit,
            outcomes: self.outcomes,
            watched: self.watched,
            difference: self.difference,
            after: self.after,
            duration: self.spent,
        });
        Ok(None)
    }
}
