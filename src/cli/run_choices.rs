//! Words that arguments of `steadfast run` choose among.

use crate::model::FindingKind;
use crate::report::JunitDetail;
use clap::ValueEnum;

/// How long an event loop lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EventLoops {
    Case,
    Round,
    Both,
}

/// How far a system that is started is kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SandboxKind {
    Tmp,
    Full,
}

/// A finding that can fail the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum FailOn {
    Broken,
    OrderDependent,
    EnvironmentDependent,
    Intermittent,
    Undiagnosed,
    Disagrees,
    NonIdempotent,
    LoopBound,
    Leak,
    Skipped,
}

/// What a testcase of JUnit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Detail {
    Case,
    Trial,
}

/// A service that shows annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Annotations {
    Github,
}

impl Detail {
    pub fn meant(self) -> JunitDetail {
        match self {
            Self::Case => JunitDetail::Case,
            Self::Trial => JunitDetail::Trial,
        }
    }
}

impl FailOn {
    pub fn kind(self) -> FindingKind {
        match self {
            Self::Broken => FindingKind::Broken,
            Self::OrderDependent => FindingKind::OrderDependent,
            Self::EnvironmentDependent => FindingKind::EnvironmentDependent,
            Self::Intermittent => FindingKind::Intermittent,
            Self::Undiagnosed => FindingKind::Undiagnosed,
            Self::Disagrees => FindingKind::Disagrees,
            Self::NonIdempotent => FindingKind::NonIdempotent,
            Self::LoopBound => FindingKind::LoopBound,
            Self::Leak => FindingKind::Leak,
            Self::Skipped => FindingKind::Skipped,
        }
    }
}
