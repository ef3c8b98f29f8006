//! What the engine can run: anything whose cases can be run in an order.

use crate::engine::{Owned, Prepare, Prepared, RoundUnit};
use crate::event::{Note, RoundEnd, TrialReport};
use crate::model::Position;
use std::time::Duration;

/// Anything whose cases can be run in an order: a tutoring system under scenarios, or a test suite.
pub trait Subject {
    /// How many cases it has, and the hash of what they mean.
    fn prepared(&self) -> Prepared;

    /// Runs one round: the cases of the unit from `unit.from` on, in order, inside one isolation boundary. Reports each
    /// trial as it begins and ends. A subject that dies ends the round with [`RoundEnd::Died`] after it has reported the
    /// case that it died under; the engine sends the rest as another attempt.
    fn run(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd;

    /// Ends what lives on from round to round, in the way that it asks for. What is not shut down is killed.
    fn shutdown(&mut self) {}
}

/// Where a subject reports to.
pub trait Reports {
    /// The trial at this place of the order begins and must end within `deadline`.
    fn started(&mut self, position: Position, deadline: Duration);
    /// The trial at this position ended.
    fn finished(&mut self, position: Position, report: TrialReport);
    /// Something to know.
    fn note(&mut self, note: Note);
    /// A process group was started that must not outlive the worker.
    fn owns(&mut self, owned: Owned);
    /// Whether the round is to end before its next trial.
    fn stop_wanted(&self) -> bool;
}

/// The folder below a worker's own that is its TMPDIR.
pub const TEMPORARY: &str = "tmp";

/// Why a subject can't be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SubjectError(pub String);

impl SubjectError {
    /// What a worker tells of an error: it crosses a pipe, as a text.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Makes a subject from what the engine was told to hand on.
pub type MakeSubject<'a> = &'a mut dyn FnMut(Prepare) -> Result<Box<dyn Subject>, SubjectError>;
