//! Time as a value that is handed in, so that nothing below `app` reads the machine's clock by itself.

use jiff::Timestamp;
use std::fmt::Debug;

/// Where "now" comes from.
pub trait Clock: Debug + Send + Sync {
    /// The current instant, UTC.
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
