//! Why a fleet can't go on.

/// Why a fleet can't go on.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The server can't be reached, or refuses.
    #[error("{url}: {reason}")]
    Unreachable {
        /// The server that was asked.
        url: String,
        /// What the client says.
        reason: String,
    },
    /// An argument is wrong.
    #[error("{0}")]
    Usage(String),
    /// Another run has the fleet.
    #[error(
        "another coordinator has the fleet: {0}; wait for it, or give this run a fleet of its own with --fleet NAME"
    )]
    Busy(String),
    /// What came over the broker is not understood.
    #[error("what came over the broker is not understood: {0}")]
    Garbled(String),
    /// A worker can't get ready.
    #[error("{0}")]
    NotReady(String),
    /// The worker's engine can't go on.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
}
