//! Why a request to the server came to nothing.

/// Why a request to the server came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// No answer came in time.
    #[error("the server does not answer")]
    Silent,
    /// The server refused, or the connection ended.
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    /// What is to be sent can't be written as JSON.
    #[error(transparent)]
    Unwritable(#[from] serde_json::Error),
}

impl RequestError {
    /// For an answer of the client, which has an error type of its own for each kind of request.
    pub fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }
}
