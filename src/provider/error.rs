//! Why mock providers can't be served.

use crate::provider::name::ProviderName;

/// Why providers can't be served.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Two have the same name.
    #[error("two providers are called `{0}`")]
    Twice(ProviderName),
    /// A port can't be had.
    #[error("no port for {provider}")]
    Bind {
        /// The provider that could not start.
        provider: ProviderName,
        /// What the system answered.
        #[source]
        source: std::io::Error,
    },
    /// No client can be made for a real provider.
    #[error("no client for the real {provider}")]
    Client {
        /// The provider that was meant.
        provider: ProviderName,
        /// What is wrong.
        #[source]
        source: reqwest::Error,
    },
    /// Their thread could not be started.
    #[error("no thread for the providers")]
    Thread(#[source] std::io::Error),
    /// Their thread panicked.
    #[error("the providers' thread has died")]
    Died,
}
