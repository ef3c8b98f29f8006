//! What a run came to.

use crate::event::EarlierRounds;
use crate::verdict::case_judgement::CaseJudgement;
use crate::verdict::cause::Cause;
use crate::verdict::hosts::HostJudgement;
use crate::verdict::quarantine::QuarantineJudgement;

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether CI may go on.
    pub gate: Gate,
    /// How sure "nothing was found" is.
    pub evidence: Evidence,
    /// The share of ordered pairs of cases seen, one somewhere before the other, in [0, 1].
    pub pairs_before: f64,
    /// The share of ordered pairs of cases seen, one right before the other, in [0, 1].
    pub pairs_adjacent: f64,
    /// Case by case, in declared order.
    pub cases: Vec<CaseJudgement>,
    /// What the quarantine comes to.
    pub quarantine: QuarantineJudgement,
    /// What the hosts came to, by name; empty where one host did everything.
    pub hosts: Vec<HostJudgement>,
    /// Findings by cause, worst first.
    pub causes: Vec<Cause>,
}

/// Whether CI may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// The plan was completed and nothing was found that counts.
    Passed,
    /// Something was found that counts.
    Failed,
    /// Nothing is wrong, and less was run than was asked for.
    Unproven {
        /// What is missing.
        reason: String,
    },
    /// The subject could not be started, or died and could not be started again.
    Error {
        /// Why it could not be judged.
        reason: String,
    },
    /// The user stopped the run.
    Interrupted,
}

impl Gate {
    /// The word used in `report.json`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Unproven { .. } => "unproven",
            Self::Error { .. } => "error",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How sure "nothing was found" is. It speaks of rounds: a round fails if any case of it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Shuffled rounds of distinct seeds that ran to their end, those of earlier runs that count included. Only these
    /// are trials of the rate.
    pub rounds_counted: u32,
    /// Those of them in which something failed.
    pub rounds_failed: u32,
    /// Those of them that are from earlier runs, in which nothing was other than now.
    pub earlier: Option<EarlierRounds>,
    /// How many cases the quarantine holds back: the bounds are on the others.
    pub held_back: u32,
    /// The confidence, in (0, 1).
    pub confidence: f64,
    /// The rate of failing rounds that is excluded: one-sided upper bound, in [0, 1].
    pub round_rate_upper: f64,
    /// The same bound for a single case when all cases are to hold together (Bonferroni), in [0, 1].
    pub case_rate_upper_corrected: f64,
}
