//! Why a subject can't be made.

use crate::adapter::command::CommandError;
use crate::adapter::pytest::PytestError;
use crate::scenario::Problems;
use std::io;
use std::path::PathBuf;

/// Why a suite can't be collected, or its own runner not be asked.
#[derive(Debug, thiserror::Error)]
pub enum SuiteProblem {
    /// What a runner with a profile says.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What a suite of pytest says.
    #[error(transparent)]
    Pytest(#[from] PytestError),
    /// Nobody knows how pytest itself runs tests side by side.
    #[error("--parallel is for runners with a profile; start pytest-xdist yourself for what needs two workers")]
    NoParallelMode,
    /// The subject is no suite: it has no runner of its own.
    #[error("there is no runner to ask")]
    NoRunner,
}

/// Why a subject can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SubjectProblem {
    /// Files are wrong.
    #[error(transparent)]
    Files(#[from] Problems),
    /// A suite can't be collected.
    #[error(transparent)]
    Suite(#[from] SuiteProblem),
    /// The filter is wrong, or leaves nothing.
    #[error("{0}")]
    Filter(String),
    /// The system is somewhere that may not be reached.
    #[error("{0}")]
    OutOfReach(String),
    /// The system can't be started.
    #[error("{0}")]
    Start(String),
    /// An argument is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file or folder can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that could not be read.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// What is to be run can't be written down for workers and the journal.
    #[error("what is to be run can't be written down: {0}; use names of files and folders that are valid Unicode")]
    Unwritable(#[source] serde_json::Error),
}

impl SubjectProblem {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}
