//! What can be wrong with a case, and the one word that sums it up.
//!
//! The words, their ranks and what they do to the gate stand in one table each: [`FindingKind::ALL`] and
//! [`Verdict::ALL`]. `docs/verdicts.md` shows both to users, and a test compares it with these.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Something wrong with a case, with evidence. A case can have several. Worst first in the order of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Fails alone from a fresh start, every time, and passed nowhere in the run.
    Broken,
    /// Its failure rate differs between orders, or between an order and alone.
    OrderDependent,
    /// Fails because of something outside the process: a file, a port, a clock or a time zone.
    EnvironmentDependent,
    /// Fails sometimes, and no order makes a difference that can be told.
    Intermittent,
    /// Failed, and was not examined to the end.
    Undiagnosed,
    /// The suite's own runner, started without us, comes to another result.
    Disagrees,
    /// Fails only where a case runs twice in one process.
    NonIdempotent,
    /// Leaves a resource behind that is bound to an event loop that has ended.
    LoopBound,
    /// Leaves a resource behind that grows with each trial.
    Leak,
    /// Skipped in some orders only.
    Skipped,
}

/// What a finding does to the gate where nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateDefault {
    /// It fails the gate.
    Fails,
    /// It fails the gate of scenarios, and warns in a suite, whose code is not ours to judge.
    FailsScenarios,
    /// It is told, and the gate does not look at it.
    Warns,
    /// The gate is unproven: whether something is wrong can't be said.
    Unproven,
    /// It is told as a remark, and is a finding only for whoever asks for it.
    Remark,
}

impl FindingKind {
    /// Every kind, worst first.
    pub const ALL: [Self; 10] = [
        Self::Broken,
        Self::OrderDependent,
        Self::EnvironmentDependent,
        Self::Intermittent,
        Self::Undiagnosed,
        Self::Disagrees,
        Self::NonIdempotent,
        Self::LoopBound,
        Self::Leak,
        Self::Skipped,
    ];

    /// The word used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OrderDependent => "order_dependent",
            Self::EnvironmentDependent => "environment_dependent",
            Self::Intermittent => "intermittent",
            Self::Undiagnosed => "undiagnosed",
            Self::Disagrees => "disagrees",
            Self::NonIdempotent => "non_idempotent",
            Self::LoopBound => "loop_bound",
            Self::Leak => "leak",
            Self::Skipped => "skipped",
        }
    }

    /// The kind of a word; `None` for one that this version does not know.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The verdict of a case whose worst finding this is.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Broken => Verdict::Broken,
            // What is skipped in some orders has a result that depends on the order.
            Self::OrderDependent | Self::Skipped => Verdict::OrderDependent,
            Self::EnvironmentDependent => Verdict::EnvironmentDependent,
            Self::Intermittent => Verdict::Intermittent,
            Self::Undiagnosed => Verdict::Undiagnosed,
            Self::Disagrees => Verdict::Disagrees,
            Self::NonIdempotent => Verdict::NonIdempotent,
            Self::LoopBound | Self::Leak => Verdict::Leaky,
        }
    }

    /// What it does to the gate where nobody says.
    pub fn gate_default(self) -> GateDefault {
        match self {
            Self::Broken
            | Self::OrderDependent
            | Self::EnvironmentDependent
            | Self::Intermittent
            | Self::Undiagnosed
            | Self::LoopBound => GateDefault::Fails,
            Self::Leak => GateDefault::FailsScenarios,
            Self::NonIdempotent => GateDefault::Warns,
            Self::Disagrees => GateDefault::Unproven,
            Self::Skipped => GateDefault::Remark,
        }
    }

    /// Whether it fails a gate that fails on these kinds. What is undiagnosed may be any kind of failure, so it fails
    /// wherever one of these does; and files from before there was a word for what depends on the environment mean
    /// it by `intermittent`.
    pub fn fails(self, fail_on: &BTreeSet<Self>) -> bool {
        let any = |kinds: &[Self]| kinds.iter().any(|kind| fail_on.contains(kind));
        match self {
            Self::Undiagnosed => any(&[
                Self::Undiagnosed,
                Self::Broken,
                Self::OrderDependent,
                Self::EnvironmentDependent,
                Self::Intermittent,
            ]),
            Self::EnvironmentDependent => any(&[Self::EnvironmentDependent, Self::Intermittent]),
            Self::Broken
            | Self::OrderDependent
            | Self::Intermittent
            | Self::Disagrees
            | Self::NonIdempotent
            | Self::LoopBound
            | Self::Leak
            | Self::Skipped => fail_on.contains(&self),
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
    /// As [`FindingKind::Broken`] has it.
    Broken,
    /// As [`FindingKind::OrderDependent`] has it.
    OrderDependent,
    /// As [`FindingKind::EnvironmentDependent`] has it.
    EnvironmentDependent,
    /// As [`FindingKind::Intermittent`] has it.
    Intermittent,
    /// As [`FindingKind::Undiagnosed`] has it.
    Undiagnosed,
    /// As [`FindingKind::Disagrees`] has it.
    Disagrees,
    /// As [`FindingKind::NonIdempotent`] has it.
    NonIdempotent,
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
    pub const ALL: [Self; 11] = [
        Self::Broken,
        Self::OrderDependent,
        Self::EnvironmentDependent,
        Self::Intermittent,
        Self::Undiagnosed,
        Self::Disagrees,
        Self::NonIdempotent,
        Self::Leaky,
        Self::Unproven,
        Self::Skipped,
        Self::Stable,
    ];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::OrderDependent => "order_dependent",
            Self::EnvironmentDependent => "environment_dependent",
            Self::Intermittent => "intermittent",
            Self::Undiagnosed => "undiagnosed",
            Self::Disagrees => "disagrees",
            Self::NonIdempotent => "non_idempotent",
            Self::Leaky => "leaky",
            Self::Unproven => "unproven",
            Self::Skipped => "skipped",
            Self::Stable => "stable",
        }
    }

    /// Whether the verdict says that something is wrong with the case, or may be.
    pub fn is_finding(self) -> bool {
        match self {
            Self::Broken
            | Self::OrderDependent
            | Self::EnvironmentDependent
            | Self::Intermittent
            | Self::Undiagnosed
            | Self::Disagrees
            | Self::NonIdempotent
            | Self::Leaky => true,
            Self::Unproven | Self::Skipped | Self::Stable => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ranks_are_those_of_the_types() {
        assert!(FindingKind::ALL.is_sorted());
        assert!(Verdict::ALL.is_sorted());
        for kind in FindingKind::ALL {
            assert_eq!(FindingKind::from_word(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("a word"), kind.as_str());
        }
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).expect("a word"), verdict.as_str());
        }
        assert_eq!(FindingKind::from_word("flaky"), None);
    }

    #[test]
    fn what_is_undiagnosed_fails_wherever_a_failure_does() {
        assert!(FindingKind::Undiagnosed.fails(&[FindingKind::Broken].into()));
        assert!(!FindingKind::Undiagnosed.fails(&[FindingKind::Leak].into()));
        assert!(FindingKind::EnvironmentDependent.fails(&[FindingKind::Intermittent].into()));
        assert!(!FindingKind::NonIdempotent.fails(&[FindingKind::OrderDependent].into()));
    }
}
