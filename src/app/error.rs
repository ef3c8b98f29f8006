//! Why a use case can't be carried out.

use crate::adapter::SubjectProblem;
use crate::app::comment::CommentError;
use crate::diagnose::{DiagnoseError, ReproError};
use crate::disk::{Limit, Refused};
use crate::engine::EngineError;
use crate::event::JournalError;
use crate::fleet::FleetError;
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
    Subject(SubjectProblem),
    /// This machine can't do it.
    #[error("{0}")]
    Limit(String),
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
    /// A fleet can't go on.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// A program can't be started.
    #[error("{0}")]
    Start(String),
    /// A pull request or a webhook can't be told.
    #[error(transparent)]
    Comment(#[from] CommentError),
    /// The history can't be used.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A report can't be written where it was wanted.
    #[error(transparent)]
    Output(#[from] Refused),
    /// A file can't be written or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that could not be used.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

impl From<SubjectProblem> for AppError {
    fn from(problem: SubjectProblem) -> Self {
        match problem {
            SubjectProblem::Io { path, source } => Self::Io { path, source },
            SubjectProblem::Usage(text) => Self::Usage(text),
            SubjectProblem::Start(text) => Self::Start(text),
            problem @ (SubjectProblem::Files(_)
            | SubjectProblem::Suite(_)
            | SubjectProblem::Filter(_)
            | SubjectProblem::OutOfReach(_)
            | SubjectProblem::Unwritable(_)) => Self::Subject(problem),
        }
    }
}

impl From<DiagnoseError> for AppError {
    fn from(error: DiagnoseError) -> Self {
        match error {
            DiagnoseError::Engine(error) => Self::Engine(error),
            DiagnoseError::Io { path, source } => Self::Io { path, source },
            error @ DiagnoseError::Repro(_) => Self::Usage(error.to_string()),
        }
    }
}

impl From<ReproError> for AppError {
    fn from(error: ReproError) -> Self {
        match error {
            ReproError::Io { path, source } => Self::Io { path, source },
            error @ (ReproError::NotARepro { .. } | ReproError::Newer { .. }) => Self::Usage(error.to_string()),
        }
    }
}

impl AppError {
    /// What to do about it, where the message itself does not say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            // Each of these has its own help.
            Self::Limit(_) => Some("raise the limit, or free what it counts, then try again"),
            Self::Subject(_) | Self::Usage(_) | Self::History(_) => None,
            Self::Output(Refused::Io { source, .. }) => Some(of_file(source)),
            Self::Output(Refused::Foreign(_) | Refused::OfARun(_) | Refused::NoFile(_)) => None,
            Self::Journal(error) => match error {
                JournalError::Io { source, .. } => Some(of_file(source)),
                JournalError::NotAFact { .. } => {
                    Some("the journal is damaged: take a whole copy of it, or start a new run")
                }
                JournalError::NoHeader { .. } => {
                    Some("name the folder of a run, or `latest`; `steadfast run` makes one")
                }
                JournalError::Newer { .. } | JournalError::Locked { .. } => None,
                JournalError::Gone { .. } => Some("keep the report folder as it is until the run has ended"),
            },
            Self::Fold(_) => Some("the journal is damaged: take a whole copy of it, or start a new run"),
            Self::Report(_) => Some("the journal is whole: `steadfast report` renders the other formats"),
            Self::Engine(EngineError::Spawn(source) | EngineError::Journal(source)) => Some(of_file(source)),
            Self::Engine(EngineError::Changed { .. }) => None,
            Self::Fleet(error) => match error {
                FleetError::Unreachable { .. } => Some(
                    "look whether a NATS server with JetStream listens there, and whether the credentials are its own",
                ),
                FleetError::NotReady(_) | FleetError::Garbled(_) => None,
                FleetError::Usage(_) | FleetError::Busy(_) | FleetError::Engine(_) => None,
            },
            Self::Comment(CommentError::Status { .. }) => Some(
                "look whether address, project and number are right, and what the token may do; `--dry-run` prints the comment",
            ),
            Self::Comment(CommentError::Unreachable { .. }) => {
                Some("look whether the address is right and can be reached from here; `--dry-run` prints the comment")
            }
            Self::Start(_) => Some("name a program that can be started here, by its path or one in PATH"),
            Self::Io { source, .. } => Some(of_file(source)),
        }
    }

    /// The limit of this machine that it comes from.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Io { source, .. } | Self::Journal(JournalError::Io { source, .. }) => Limit::of(source),
            Self::Engine(EngineError::Spawn(source) | EngineError::Journal(source)) => Limit::of(source),
            Self::Output(Refused::Io { source, .. }) => Limit::of(source),
            Self::History(error) => error.limit(),
            // What a program was asked for, and failed in for want of something.
            Self::Subject(_) | Self::Usage(_) | Self::Start(_) => Limit::said(&self.to_string()),
            _ => None,
        }
    }

    /// Whether the run's folder was taken away under it.
    pub fn is_gone(&self) -> bool {
        let is_gone = |error: &JournalError| matches!(error, JournalError::Gone { .. });
        match self {
            Self::Journal(error) => is_gone(error),
            Self::Io { source, .. } | Self::Engine(EngineError::Journal(source)) => {
                source.get_ref().and_then(|inner| inner.downcast_ref()).is_some_and(is_gone)
            }
            _ => false,
        }
    }

    /// A failure of a file.
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.into(), source }
    }
}

/// What to do where the operating system refuses.
fn of_file(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "look whether the path is right, seen from the project's folder",
        io::ErrorKind::PermissionDenied => {
            "make it readable and writable, or choose another folder (--report-dir, TMPDIR)"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "free some space, then try again; `--resume latest` goes on with a run"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
            "something else stands there: move it, or choose another path (--report-dir)"
        }
        io::ErrorKind::InvalidInput => "name a text file: no folder, no pipe and no device, and none that is too long",
        _ => "look whether the disk, the memory and the number of processes allow it, then try again",
    }
}
