//! Why the store could not answer.

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("the store failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A row is not what this program writes.
    #[error("the store holds unreadable settings")]
    Settings(#[from] serde_json::Error),
}
