//! What a client has under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a client has done so far, for the log.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) requests: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) in_flight: AtomicU64,
}

/// Counts a call for as long as it lives.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Counters>);

impl InFlight {
    pub(super) fn begin(counters: &Arc<Counters>) -> Self {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        counters.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
