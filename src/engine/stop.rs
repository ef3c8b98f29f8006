//! How a run is stopped from outside, and why it ended.

use crate::engine::Outlook;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Why rounds were not run to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// They were run to their end.
    Not,
    /// Somebody asked for it.
    Asked(Stop),
    /// The subject could not be started.
    SubjectFailed(String),
}

/// Why somebody asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The user wants it.
    Interrupt,
    /// Time is up.
    TimeLimit,
    /// Whoever hears of the run has heard enough: see [`crate::engine::Outlook::wants_more`].
    Enough,
}

/// Stops an engine from another thread.
#[derive(Clone)]
pub struct StopHandle {
    flag: Arc<AtomicBool>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").field("flag", &self.flag).finish_non_exhaustive()
    }
}

impl StopHandle {
    /// A handle that nobody has used; `wake` lets whoever it stops look at it.
    pub fn waking(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { flag: Arc::default(), wake: Arc::new(wake) }
    }

    /// Asks the engine to stop: no round is begun any more, and the running ones end after their present trial.
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::SeqCst);
        (self.wake)();
    }

    /// Whether somebody asked.
    pub fn is_interrupted(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// Why rounds are to stop now, if they are: it was asked, `until` has passed, or whoever hears of them has enough.
    pub fn asked(&self, until: Option<Instant>, outlook: &dyn Outlook) -> Option<Stop> {
        if self.is_interrupted() {
            Some(Stop::Interrupt)
        } else if until.is_some_and(|until| Instant::now() >= until) {
            Some(Stop::TimeLimit)
        } else if !outlook.wants_more() {
            Some(Stop::Enough)
        } else {
            None
        }
    }
}
