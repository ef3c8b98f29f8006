//! How a run is stopped from outside, and why it ended.

use crate::engine::worker_process::{FromWorker, Heard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

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
#[derive(Debug, Clone)]
pub struct StopHandle {
    flag: Arc<AtomicBool>,
    wake: Sender<FromWorker>,
}

impl StopHandle {
    /// A handle that nobody has used; `wake` is where the engine listens.
    pub(super) fn new(wake: Sender<FromWorker>) -> Self {
        Self { flag: Arc::default(), wake }
    }

    /// Asks the engine to stop: no round is begun any more, and the running ones end after their present trial.
    pub fn interrupt(&self) {
        self.flag.store(true, Ordering::SeqCst);
        let _ = self.wake.send(FromWorker { worker: 0, message: Heard::Silence(None) });
    }

    /// Whether somebody asked.
    pub fn is_interrupted(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }
}
