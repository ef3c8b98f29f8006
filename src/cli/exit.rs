//! How the program ends.

use crate::app::{AppError, Matrix, ShardRun};
use crate::engine::EngineError;
use crate::event::RunEnd;
use crate::fleet::FleetError;
use crate::verdict::Gate;
use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The plan was completed and nothing was found that counts.
    Good,
    /// Something was found.
    Found,
    /// Wrong usage, or invalid input.
    Usage,
    /// Nothing is wrong, and less was run than was asked for.
    Unproven,
    /// The subject could not be started, or died and could not be started again.
    Subject,
    /// `repro --bisect`: this revision can't be tested.
    CannotTell,
    /// The user stopped it.
    Interrupted,
}

impl Exit {
    /// Every way to end.
    const ALL: [Self; 7] =
        [Self::Good, Self::Found, Self::Usage, Self::Unproven, Self::Subject, Self::CannotTell, Self::Interrupted];

    /// The way that a code stands for; one that stands for none tells of a program that did not do its work.
    pub(super) fn of_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Subject)
    }

    /// The code that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Unproven => 3,
            Self::Subject => 4,
            Self::CannotTell => 125,
            Self::Interrupted => 130,
        }
    }
}

impl From<&Gate> for Exit {
    fn from(gate: &Gate) -> Self {
        match gate {
            Gate::Passed => Self::Good,
            Gate::Failed => Self::Found,
            Gate::Unproven { .. } => Self::Unproven,
            Gate::Error { .. } => Self::Subject,
            Gate::Interrupted => Self::Interrupted,
        }
    }
}

/// A shard that ran its rounds is well, whatever they came to: `merge` judges.
impl From<&ShardRun> for Exit {
    fn from(ran: &ShardRun) -> Self {
        match ran.end {
            RunEnd::Interrupted => Self::Interrupted,
            _ if ran.completed == ran.rounds => Self::Good,
            _ => Self::Subject,
        }
    }
}

impl From<&AppError> for Exit {
    fn from(error: &AppError) -> Self {
        if error.limit().is_some() || error.is_gone() {
            return Self::Subject;
        }
        match error {
            AppError::Subject(_) | AppError::Usage(_) | AppError::Journal(_) | AppError::Fold(_) => Self::Usage,
            AppError::Io { .. } | AppError::Report(_) | AppError::History(_) | AppError::Output(_) => Self::Usage,
            AppError::Limit(_) | AppError::Engine(_) | AppError::Start(_) | AppError::Comment(_) => Self::Subject,
            AppError::Fleet(FleetError::Usage(_) | FleetError::Engine(EngineError::Changed { .. })) => Self::Usage,
            AppError::Fleet(_) => Self::Subject,
        }
    }
}

impl From<&Matrix> for Exit {
    fn from(matrix: &Matrix) -> Self {
        match () {
            () if matrix.interrupted => Self::Interrupted,
            () if matrix.holds() => Self::Good,
            () => Self::Found,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
