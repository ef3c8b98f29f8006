//! Why a use case can't be carried out.

use crate::adapter::SubjectProblem;
use crate::engine::EngineError;
use crate::event::JournalError;
use crate::history::HistoryError;
use crate::record::FoldError;
use crate::report::ReportError;
use std::io;
use std::path::PathBuf;

/// Why a use case can't be carried out.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Files of the user are wrong.
    #[error(transparent)]
    Subject(#[from] SubjectProblem),
    /// An argument is wrong.
    #[error("{0}")]
    Usage(String),
    /// A journal can't be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A journal can't be folded.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A report can't be rendered.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The engine can't go on.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The history can't be used.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A file can't be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl AppError {
    /// A failure of a file.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}
