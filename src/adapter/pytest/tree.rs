//! A look at the suite's tree after its rounds: what tests leave beside themselves would meet the tests of later rounds.

use crate::adapter::pytest::KeptTree;
use crate::adapter::shared::kept::Kept;
use crate::engine::{Owned, Reports};
use crate::event::{Note, TrialReport};
use crate::model::{OutcomeKind, Position};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Looks may take this share of the time that rounds take: one over it.
const ONE_PART_IN: u32 = 20;

/// Looks at the tree now and then.
#[derive(Debug)]
pub(super) struct TreeWatch {
    kept: Kept,
    /// What the last look took.
    look: Duration,
    /// How long rounds have run since.
    since: Duration,
}

impl TreeWatch {
    /// Watches a tree of which there is a copy.
    pub fn over(tree: &KeptTree) -> Self {
        Self { kept: Kept::made(tree), look: Duration::ZERO, since: Duration::ZERO }
    }

    /// A round took so long. What it, or one since the last look, left other than it was, if it is time for a look.
    pub fn changed_after(&mut self, round: Duration) -> Option<String> {
        self.since += round;
        if self.since < self.look * ONE_PART_IN {
            return None;
        }
        let begun = Instant::now();
        let changed = self.kept.changed();
        (self.look, self.since) = (begun.elapsed(), Duration::ZERO);
        changed
    }
}

/// Remembers how trials end, and passes on what is reported, or nothing of it.
pub(super) struct Seen<'r> {
    reports: &'r mut dyn Reports,
    is_quiet: bool,
    /// How the trial at each place ended.
    pub outcomes: BTreeMap<Position, OutcomeKind>,
}

impl<'r> Seen<'r> {
    /// Passes everything on.
    pub fn telling(reports: &'r mut dyn Reports) -> Self {
        Self { reports, is_quiet: false, outcomes: BTreeMap::new() }
    }

    /// Passes on which processes are ours, and nothing of what they do.
    pub fn quiet(reports: &'r mut dyn Reports) -> Self {
        Self { reports, is_quiet: true, outcomes: BTreeMap::new() }
    }
}

impl Reports for Seen<'_> {
    fn started(&mut self, position: Position, deadline: Duration) {
        if !self.is_quiet {
            self.reports.started(position, deadline);
        }
    }

    fn finished(&mut self, position: Position, report: TrialReport) {
        self.outcomes.insert(position, report.outcome.kind());
        if !self.is_quiet {
            self.reports.finished(position, report);
        }
    }

    fn note(&mut self, note: Note) {
        if !self.is_quiet {
            self.reports.note(note);
        }
    }

    fn owns(&mut self, owned: Owned) {
        self.reports.owns(owned);
    }

    fn stop_wanted(&self) -> bool {
        self.reports.stop_wanted()
    }
}
