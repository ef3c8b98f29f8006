//! Time as a value that is handed in; nothing in the tutor reads the machine's clock by itself.

use super::lock;
use jiff::Timestamp;
use serde::Serializer;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

/// Where "now" comes from.
pub trait Clock: Debug + Send + Sync {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that an administrator can set. Once set it stands still until it is set again or given back to real time,
/// so that a case about time doesn't depend on how long its requests take.
#[derive(Debug)]
pub(super) struct AdjustableClock {
    real: Arc<dyn Clock>,
    set_to: Mutex<Option<Timestamp>>,
}

impl AdjustableClock {
    pub(super) fn over(real: Arc<dyn Clock>) -> Self {
        Self { real, set_to: Mutex::new(None) }
    }

    pub(super) fn now(&self) -> Timestamp {
        lock(&self.set_to).unwrap_or_else(|| self.real.now())
    }

    /// `None` gives the clock back to real time.
    pub(super) fn set(&self, to: Option<Timestamp>) {
        *lock(&self.set_to) = to;
    }
}

/// Writes an instant as RFC 3339 text.
pub(super) fn as_text<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(instant)
}
