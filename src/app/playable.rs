//! Rounds in orders that the subject's processes can play.

use crate::adapter::LoadedSubject;
use crate::engine::{EngineError, Outlook, RoundUnit, Rounds, StopHandle, Stopped};
use std::time::Instant;

/// Runs rounds as another engine does, each in the order that can be played in place of the one asked for: what is planned or
/// asked knows of no runner.
pub(super) struct Playable<'a> {
    rounds: Box<dyn Rounds>,
    subject: &'a dyn LoadedSubject,
}

impl<'a> Playable<'a> {
    /// What is played for a subject.
    pub fn of(rounds: Box<dyn Rounds>, subject: &'a dyn LoadedSubject) -> Self {
        Self { rounds, subject }
    }
}

impl Rounds for Playable<'_> {
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        let subject = self.subject;
        let mut units = units.map(|unit| match subject.played_for(&unit.order, unit.kind) {
            None => unit,
            Some(order) => RoundUnit { order, ..unit },
        });
        self.rounds.run(&mut units, until, outlook)
    }

    fn stop_handle(&self) -> StopHandle {
        self.rounds.stop_handle()
    }

    fn shut_down(self: Box<Self>) {
        self.rounds.shut_down();
    }
}
