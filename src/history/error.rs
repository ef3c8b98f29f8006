//! Why the history can't be used.

use crate::disk::Limit;
use std::path::{Path, PathBuf};

/// Why the history can't be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is none.
    #[error("{}: there is no history: `steadfast run` writes one; --history FILE names another", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "{place}: is a history of version {found}, this program reads up to {known}: use the newer program, or another \
         file with --history FILE. It was left as it is"
    )]
    Newer {
        /// Where the newer version wrote.
        place: String,
        /// The version that stands in it.
        found: i64,
        /// The newest that this program knows.
        known: usize,
    },
    /// It is something else.
    #[error("{}: is no history of steadfast: name another place with --history FILE. It was left as it is", path.display())]
    Foreign {
        /// The file that is no history.
        path: PathBuf,
    },
    /// Another process writes it for too long.
    #[error("{place}: another process has been writing it for too long: try again")]
    Busy {
        /// Where another process writes.
        place: String,
    },
    /// It can't be read or written.
    #[error("{}: {source}: name another file with --history FILE, or do without it with --no-history", path.display())]
    Sqlite {
        /// The file that could not be used.
        path: PathBuf,
        /// What SQLite answered.
        source: rusqlite::Error,
    },
    /// A file of a folder can't be read or written.
    #[error("{}: {source}: name another folder with --history FOLDER/, or do without it with --no-history", path.display())]
    Folder {
        /// The file or the folder.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The database can't be reached, read or written.
    #[error(
        "{place}: {what}: see to the server, name another history with --history, or do without it with --no-history"
    )]
    Postgres {
        /// The URL, without its password.
        place: String,
        /// What went wrong.
        what: String,
    },
    /// What stands in it is not what this program writes.
    #[error("{place}: {what}: the history is damaged; move it away and begin a new one")]
    Damaged {
        /// Where the damaged history lies.
        place: String,
        /// What is wrong.
        what: String,
    },
}

impl HistoryError {
    /// The limit of this machine that it comes from.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => Some(Limit::Disk),
                Some(rusqlite::ErrorCode::OutOfMemory) => Some(Limit::Memory),
                _ => None,
            },
            Self::Folder { source, .. } => Limit::of(source),
            Self::Missing { .. } | Self::Newer { .. } | Self::Foreign { .. } | Self::Busy { .. } => None,
            Self::Postgres { .. } | Self::Damaged { .. } => None,
        }
    }

    /// A failure of SQLite with this file.
    pub(super) fn of(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign { path: path.to_owned() },
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy { place: path.display().to_string() }
            }
            _ => Self::Sqlite { path: path.to_owned(), source },
        }
    }
}
