//! Why a tutor could not be opened.

use super::store::StoreError;

/// Why a tutor could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store's file can't be opened, or is none.
    #[error("the store can't be opened")]
    Store(#[from] StoreError),
    /// A provider's base URL is none.
    #[error("`{base_url}` is no base URL for {provider}")]
    BaseUrl {
        /// Whose it is.
        provider: &'static str,
        /// As it was given.
        base_url: String,
    },
    /// The HTTP client for the providers can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
}
