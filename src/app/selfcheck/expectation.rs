//! What must be seen of a defect.

use crate::model::FindingKind;
use std::fmt;

/// What must be seen of a defect. Patterns are those of `--filter`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// The kind of finding.
    pub kind: FindingKind,
    /// One of these cases must be found, with that kind.
    pub cases: &'static str,
    /// What the failure of that case says, in part.
    pub says: &'static str,
    /// For a finding that depends on the order: one of these, alone, must be named as the polluter.
    pub polluters: Option<&'static str>,
    /// The cases that are run.
    pub selection: &'static str,
    /// What may be found beside it.
    pub also: Option<FindingKind>,
}

impl Expectation {
    /// Cases that fail alone, every time, saying so.
    pub const fn broken(cases: &'static str, says: &'static str, selection: &'static str) -> Self {
        Self { kind: FindingKind::Broken, cases, says, polluters: None, selection, also: None }
    }

    /// Cases that fail sometimes, whatever ran before.
    pub const fn by_chance(cases: &'static str, says: &'static str, selection: &'static str) -> Self {
        Self { kind: FindingKind::Intermittent, cases, says, polluters: None, selection, also: None }
    }

    /// Cases that fail after a polluter.
    pub const fn victims(
        cases: &'static str,
        says: &'static str,
        polluters: &'static str,
        selection: &'static str,
    ) -> Self {
        Self { kind: FindingKind::OrderDependent, cases, says, polluters: Some(polluters), selection, also: None }
    }

    /// Cases that leave more behind with each trial, saying so.
    pub const fn leaks(cases: &'static str, says: &'static str, selection: &'static str) -> Self {
        Self { kind: FindingKind::Leak, cases, says, polluters: None, selection, also: None }
    }

    /// What may be found beside it.
    pub const fn with(self, also: FindingKind) -> Self {
        Self { also: Some(also), ..self }
    }

    /// Whether a case may be found with this kind beside the one that must be: state that lives on can also break a
    /// case by itself, but nothing that fails every time is a matter of chance or order.
    pub(super) fn tolerates(&self, kind: FindingKind) -> bool {
        kind == self.kind
            || Some(kind) == self.also
            // Nothing is claimed of what was not examined to the end.
            || kind == FindingKind::Undiagnosed
            // What one case leaves for another, it may leave for its own second run.
            || (kind == FindingKind::NonIdempotent && self.kind == FindingKind::OrderDependent)
            || (kind == FindingKind::Broken && !matches!(self.kind, FindingKind::Broken | FindingKind::Leak))
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.cases)?;
        self.polluters.map_or(Ok(()), |polluters| write!(f, ", after {polluters}"))
    }
}
