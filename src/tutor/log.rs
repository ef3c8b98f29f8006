//! The tutor's log: one line of text at a time, into a sink that is handed in.

use super::clock::AdjustableClock;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::sync::Arc;

/// Where log lines go. A line has no line break at its end, and none inside.
pub trait Log: Debug + Send + Sync {
    /// Takes one line.
    fn line(&self, line: &str);
}

/// Lines on standard error, as a served tutor has them.
#[derive(Debug, Clone, Copy, Default)]
pub struct StderrLog;

impl Log for StderrLog {
    fn line(&self, line: &str) {
        // A log that can't be written is no reason to fail a request.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

/// Lines that nobody wants.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn line(&self, _line: &str) {}
}

/// The log as the tutor's parts hold it.
#[derive(Debug, Clone)]
pub(super) struct ErrorLog {
    sink: Arc<dyn Log>,
    clock: Arc<AdjustableClock>,
}

impl ErrorLog {
    pub(super) fn new(sink: Arc<dyn Log>, clock: Arc<AdjustableClock>) -> Self {
        Self { sink, clock }
    }

    /// Begins a line; it is written by [`ErrorLine::write`].
    pub(super) fn error(&self, what: &str) -> ErrorLine<'_> {
        ErrorLine { log: self, text: format!("ERROR {} {what}", self.clock.now()) }
    }
}

/// An ERROR line under construction: `ERROR <time> <what> key="value" …`.
#[derive(Debug)]
pub(super) struct ErrorLine<'a> {
    log: &'a ErrorLog,
    text: String,
}

impl ErrorLine<'_> {
    /// Adds a field; quotes and control characters in its value are escaped.
    pub(super) fn field(mut self, name: &str, value: impl ToString) -> Self {
        // Writing to a String can't fail.
        let _ = write!(self.text, " {name}={:?}", value.to_string());
        self
    }

    /// Adds the error's type and its chain of causes.
    pub(super) fn caused_by(self, kind: &str, error: &dyn std::error::Error) -> Self {
        self.field("error", kind).field("chain", chain(error))
    }

    pub(super) fn write(self) {
        self.log.sink.line(&self.text);
    }
}

/// An error's message and those of its sources, outermost first.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// A log for tests of parts that log nothing.
#[cfg(test)]
pub(super) fn silent() -> ErrorLog {
    let clock = AdjustableClock::over(Arc::new(super::clock::SystemClock));
    ErrorLog::new(Arc::new(NoLog), Arc::new(clock))
}
