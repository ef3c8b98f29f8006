//! Why the history can't be used.

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
        "{}: is a history of version {found}, this program reads up to {known}: use the newer program, or another \
         file with --history FILE. It was left as it is",
        path.display()
    )]
    Newer {
        /// The file that a newer version wrote.
        path: PathBuf,
        /// The version that stands in it.
        found: i64,
        /// The newest that this program knows.
        known: usize,
    },
    /// It is something else.
    #[error("{}: is no history of steadfast: name another file with --history FILE. It was left as it is", path.display())]
    Foreign {
        /// The file that is no history.
        path: PathBuf,
    },
    /// Another process writes it for too long.
    #[error("{}: another process has been writing it for too long: try again", path.display())]
    Busy {
        /// The file that another process writes.
        path: PathBuf,
    },
    /// It can't be read or written.
    #[error("{}: {source}: name another file with --history FILE, or do without it with --no-history", path.display())]
    Sqlite {
        /// The file that could not be used.
        path: PathBuf,
        /// What SQLite answered.
        source: rusqlite::Error,
    },
    /// What stands in it is not what this program writes.
    #[error("{}: {what}: the file is damaged; move it away and begin a new one", path.display())]
    Damaged {
        /// The file that is damaged.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl HistoryError {
    /// A failure of SQLite with this file.
    pub(super) fn of(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign { path: path.to_owned() },
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy { path: path.to_owned() }
            }
            _ => Self::Sqlite { path: path.to_owned(), source },
        }
    }
}
