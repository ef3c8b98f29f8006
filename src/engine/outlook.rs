//! Who hears of a run, and what is heard.

use crate::engine::protocol::RoundUnit;
use crate::event::Event;
use crate::model::{Outcome, StateMark};
use std::io;
use std::time::Duration;

/// What a round came to.
#[derive(Debug, Clone)]
pub struct RoundResult {
    /// The round that is being played.
    pub unit: RoundUnit,
    /// By place of its order; `None` for what never ran.
    pub outcomes: Vec<Option<Outcome>>,
    /// What the trial that was watched left changed.
    pub watched: Vec<StateMark>,
    /// The first line at which two runs of the last case part, where it was followed.
    pub difference: Option<String>,
    /// In a walk: after how many cases its answer was found.
    pub after: Option<u32>,
    /// How long it took.
    pub duration: Duration,
}

impl RoundResult {
    /// What a round came to, from its facts.
    pub fn of_facts(unit: RoundUnit, facts: &[Event]) -> Self {
        let mut result = Self {
            outcomes: vec![None; unit.order.len()],
            watched: Vec::new(),
            difference: None,
            after: None,
            duration: Duration::ZERO,
            unit,
        };
        for fact in facts {
            match fact {
                Event::TrialFinished { position, report, .. } => {
                    if result.unit.watch == Some(*position) {
                        result.watched.clone_from(&report.marks);
                    }
                    result.difference = report.difference.clone().or_else(|| result.difference.take());
                    result.after = report.after.or(result.after);
                    if let Some(slot) = result.outcomes.get_mut(position.index()) {
                        *slot = Some(report.outcome.clone());
                    }
                }
                Event::RoundStarted { attempt, .. } => result.unit.attempt = *attempt,
                Event::RoundFinished { millis, .. } => result.duration += Duration::from_millis(*millis),
                _ => {}
            }
        }
        result
    }
}

/// How the machines of a run stand at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Standing {
    /// Workers that are there.
    pub workers: usize,
    /// Machines that they run on.
    pub hosts: usize,
    /// How many rounds they can play side by side.
    pub lanes: usize,
    /// Rounds that are offered or played.
    pub offered: usize,
    /// How many rounds ended in a second lately, once that can be told.
    pub per_second: Option<f64>,
    /// Since when the machines are at work.
    pub elapsed: Duration,
}

/// Who hears of a run.
pub trait Outlook {
    /// A fact, in sequence. An error stops the run.
    ///
    /// # Errors
    /// If it can't be kept.
    fn fact(&mut self, event: Event) -> io::Result<()>;

    /// Facts that came together, in sequence.
    ///
    /// # Errors
    /// If they can't be kept.
    fn facts(&mut self, events: Vec<Event>) -> io::Result<()> {
        events.into_iter().try_for_each(|event| self.fact(event))
    }

    /// Facts of this run that stand in the journal already, from before it was resumed.
    ///
    /// # Errors
    /// If they contradict what is known.
    fn earlier(&mut self, _events: Vec<Event>) -> io::Result<()> {
        Ok(())
    }

    /// A round came to its end.
    fn round(&mut self, result: RoundResult);

    /// Whether rounds go on. Once it says no, no round is begun any more, and the running ones are cut short.
    fn wants_more(&self) -> bool {
        true
    }

    /// Something to read while the run goes on, which no journal keeps.
    fn remark(&mut self, _line: &str) {}

    /// How the machines of the run stand, where it has several.
    fn standing(&mut self, _standing: &Standing) {}
}

/// Why an engine can't go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No worker can be started.
    #[error("can't start a worker: {0}")]
    Spawn(#[source] io::Error),
    /// A fact can't be kept.
    #[error("can't keep the journal: {0}")]
    Journal(#[source] io::Error),
    /// A worker found other cases than the run has.
    #[error("the cases changed while the run was starting: a worker found {found} cases with hash {hash}; start again")]
    Changed {
        /// How many it found.
        found: u32,
        /// The hash of all cases.
        hash: String,
    },
}
