//! Rounds, wherever they are run: what use cases ask of an engine.

use crate::engine::outlook::{EngineError, Outlook, Standing};
use crate::engine::{RoundResult, RoundUnit, StopHandle, Stopped};
use crate::event::Event;
use crate::model::RoundId;
use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

/// Runs rounds. [`crate::engine::Engine`] does so in processes of this machine.
pub trait Rounds {
    /// Runs rounds until all of them have ended, somebody asks to stop, or `until` has passed. Rounds that were cut short
    /// are told as interrupted and are no results.
    ///
    /// # Errors
    /// If workers can't be started, find other cases, or a fact can't be kept.
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError>;

    /// Stops it from another thread.
    fn stop_handle(&self) -> StopHandle;

    /// Ends the workers and takes away what the run left outside its folder.
    fn shut_down(self: Box<Self>);
}

/// Rounds that were run for whoever asked.
#[derive(Debug)]
pub struct Ran {
    /// What each came to, as far as it came to its end.
    pub results: BTreeMap<RoundId, RoundResult>,
    /// Whether all of them did.
    pub stopped: Stopped,
}

/// Runs a few rounds and returns what they came to. Facts still go to `outlook`.
///
/// # Errors
/// As [`Rounds::run`] has them.
pub fn collect(
    rounds: &mut dyn Rounds,
    units: Vec<RoundUnit>,
    until: Option<Instant>,
    outlook: &mut dyn Outlook,
) -> Result<Ran, EngineError> {
    let mut collector = Collector { outlook, results: BTreeMap::new() };
    let stopped = rounds.run(&mut units.into_iter(), until, &mut collector)?;
    Ok(Ran { results: collector.results, stopped })
}

/// Keeps results, and tells them on.
struct Collector<'a> {
    outlook: &'a mut dyn Outlook,
    results: BTreeMap<RoundId, RoundResult>,
}

impl Outlook for Collector<'_> {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.outlook.fact(event)
    }

    fn facts(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.outlook.facts(events)
    }

    fn earlier(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.outlook.earlier(events)
    }

    fn remark(&mut self, line: &str) {
        self.outlook.remark(line);
    }

    fn standing(&mut self, standing: &Standing) {
        self.outlook.standing(standing);
    }

    fn round(&mut self, result: RoundResult) {
        self.outlook.round(result.clone());
        self.results.insert(result.unit.round, result);
    }
}
