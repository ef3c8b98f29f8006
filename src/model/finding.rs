//! What can be wrong with a case, and the one word that sums it up.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Something wrong with a case, with evidence. A case can have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Fails alone from a fresh start, every time.
    Broken,
    /// Its failure rate differs between orders, or between an order and alone.
    OrderDependent,
    /// Fails sometimes, and no order makes a difference that can be told.
    Intermittent,
    /// Leaves a resource behind that is bound to an event loop that has ended.
    LoopBound,
    /// Leaves a resource behind that grows with each trial.
    Leak,
}

impl FindingKind {
    /// The word used in reports and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OrderDependent => "order_dependent",
            Self::Intermittent => "intermittent",
            Self::LoopBound => "loop_bound",
            Self::Leak => "leak",
        }
    }

    /// The verdict of a case whose worst finding this is.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Broken => Verdict::Broken,
            Self::OrderDependent => Verdict::OrderDependent,
            Self::Intermittent => Verdict::Intermittent,
            Self::LoopBound | Self::Leak => Verdict::Leaky,
        }
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One word for a case, worst first in the order of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// See [`FindingKind::Broken`].
    Broken,
    /// See [`FindingKind::OrderDependent`].
    OrderDependent,
    /// See [`FindingKind::Intermittent`].
    Intermittent,
    /// See [`FindingKind::LoopBound`] and [`FindingKind::Leak`].
    Leaky,
    /// Evidence was asked for and is too thin, or trials were planned and never ran.
    Unproven,
    /// Did not run, with the reason.
    Skipped,
    /// Nothing was found.
    Stable,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::OrderDependent,
        Self::Intermittent,
        Self::Leaky,
        Self::Unproven,
        Self::Skipped,
        Self::Stable,
    ];

    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OrderDependent => "order_dependent",
            Self::Intermittent => "intermittent",
            Self::Leaky => "leaky",
            Self::Unproven => "unproven",
            Self::Skipped => "skipped",
            Self::Stable => "stable",
        }
    }

    /// Whether the verdict says that something is wrong with the case.
    pub fn is_finding(self) -> bool {
        match self {
            Self::Broken | Self::OrderDependent | Self::Intermittent | Self::Leaky => true,
            Self::Unproven | Self::Skipped | Self::Stable => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
