//! Why a diagnosis can't go on.

use crate::engine::EngineError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a diagnosis can't go on.
#[derive(Debug, thiserror::Error)]
pub enum DiagnoseError {
    /// The engine can't.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file can't be written, the journal's say.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A repro can't be written as JSON.
    #[error("a repro can't be written: {0}")]
    Repro(#[source] serde_json::Error),
}

impl DiagnoseError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
