//! What a case came to.

use crate::event::{HashSeeds, RunnerLine};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, FindingKind, Verdict};
use crate::record::FailureSeen;
use crate::verdict::leaks::Leak;

/// What a case came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseJudgement {
    /// The case, by its place in the header.
    pub case: CaseIndex,
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
    /// The hash seeds that decide, where they do.
    pub hash_seeds: Option<HashSeeds>,
    /// What a reader should know besides.
    pub remarks: Vec<String>,
    /// The line with which the suite's own runner was seen to show it; the remarks tell it too.
    pub runner_line: Option<RunnerLine>,
    /// The case that stands for its cluster of like failures.
    pub cluster: Option<CaseIndex>,
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
        /// The minimal sequences after which it fails.
        polluters: Vec<Vec<CaseIndex>>,
        /// What hides it.
        cleaners: Vec<CaseIndex>,
        /// Whether there can be no more sequences.
        complete: bool,
    },
    /// Fails alone, passes after a state-setter.
    Brittle {
        /// The minimal sequences after which it passes.
        state_setters: Vec<Vec<CaseIndex>>,
        /// Whether there can be no more sequences.
        complete: bool,
    },
    /// The search came to no end; the smallest order that showed it, the case itself last.
    NotMinimised {
        /// The order that shows it.
        order: Vec<CaseIndex>,
    },
}
