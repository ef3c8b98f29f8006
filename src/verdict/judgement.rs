//! What a run came to.

use crate::event::EarlierRounds;
use crate::model::statistics::Tally;
use crate::model::{FindingKind, Verdict};
use crate::record::FailureSeen;
use crate::verdict::{Cause, Leak, QuarantineJudgement};

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
        /// Why.
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
    /// The confidence, in (0, 1).
    pub confidence: f64,
    /// The rate of failing rounds that is excluded: one-sided upper bound, in [0, 1].
    pub round_rate_upper: f64,
    /// The same bound for a single case when all cases are to hold together (Bonferroni), in [0, 1].
    pub case_rate_upper_corrected: f64,
}

/// What a case came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseJudgement {
    /// The case, by its place in the header.
    pub case: u32,
    /// The one word.
    pub verdict: Verdict,
    /// What is wrong with it, worst first.
    pub findings: Vec<FindingKind>,
    /// Failures and trials, in planned rounds.
    pub rate: Tally,
    /// Failures and trials, in shuffled rounds.
    pub shuffled: Tally,
    /// Failures and trials in shuffled rounds of earlier runs that count, because nothing has changed.
    pub earlier: Tally,
    /// The exact interval of its failure rate (Clopper and Pearson, 1934), over shuffled rounds, earlier ones that
    /// count included, if there are any; else over all planned ones.
    pub interval: (f64, f64),
    /// The entry of the quarantine that keeps its findings from failing the gate.
    pub quarantined: Option<usize>,
    /// Order-dependence, if that is what is wrong.
    pub order: Option<Order>,
    /// Failures and trials alone, and in the accused order, where they were counted.
    pub compared: Option<(Tally, Tally)>,
    /// The first failure that was seen.
    pub failure: Option<FailureSeen>,
    /// Why it was skipped; what is missing if it is unproven or undiagnosed; what decides outside the process; what the
    /// suite's own runner says.
    pub reason: Option<String>,
    /// What a reader should know besides.
    pub remarks: Vec<String>,
    /// The case that stands for its cluster of like failures.
    pub cluster: Option<u32>,
    /// Its repro file, relative to the run's folder.
    pub repro: Option<String>,
    /// What it leaves behind that it should not.
    pub leaks: Vec<Leak>,
}

/// In which way a case depends on the order.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Passes alone, fails after a polluter.
    Victim {
        /// Minimal sequences.
        polluters: Vec<Vec<u32>>,
        /// What hides it.
        cleaners: Vec<u32>,
        /// Whether there can be no more sequences.
        complete: bool,
    },
    /// Fails alone, passes after a state-setter.
    Brittle {
        /// Minimal sequences.
        state_setters: Vec<Vec<u32>>,
        /// Whether there can be no more sequences.
        complete: bool,
    },
    /// The search came to no end; the smallest order that showed it, the case itself last.
    NotMinimised {
        /// The order.
        order: Vec<u32>,
    },
}
