//! What a diagnosis works with.

use crate::adapter::LoadedSubject;
use crate::diagnose::{DiagnoseError, ReproFile};
use crate::engine::Outlook;
use crate::event::Header;
use crate::record::Record;
use std::path::Path;
use std::time::{Duration, Instant};

/// Hears the facts of a run, and knows what they come to.
pub trait RunLog: Outlook {
    /// The record so far.
    fn record(&self) -> Record;

    /// The time by the clock of the run.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// Keeps a repro file below the run's folder, and names it relative to that.
    ///
    /// # Errors
    /// If it can't be written.
    fn keep(&mut self, folder: &Path, repro: &ReproFile) -> Result<String, DiagnoseError> {
        repro.write_below(folder)
    }
}

/// What a diagnosis works with, besides the engine and the log.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The run's header.
    pub header: &'a Header,
    /// What is run.
    pub subject: &'a dyn LoadedSubject,
    /// Rounds side by side.
    pub jobs: usize,
    /// The deadline of a case that has none of its own.
    pub case_timeout: Duration,
    /// The run's folder.
    pub folder: &'a Path,
}

/// The share of what is left after the planned rounds that goes into the diagnosis where leaks are looked for as well.
const DIAGNOSIS_SHARE: f64 = 0.75;

/// When a run must stop beginning rounds, and when it must stop altogether.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// When planned rounds must have ended.
    pub rounds: Option<Instant>,
    /// When the diagnosis must have ended.
    pub diagnosis: Option<Instant>,
    /// Whatever comes after it.
    pub all: Option<Instant>,
}

impl Deadlines {
    /// Leaves some of the time that the diagnosis had to what comes after it.
    pub fn leaving_some(self) -> Self {
        let now = Instant::now();
        let share = |until: Instant| now + until.saturating_duration_since(now).mul_f64(DIAGNOSIS_SHARE);
        Self { diagnosis: self.diagnosis.map(share), ..self }
    }
}
