//! What is asked of a plan.

use crate::model::statistics::{Confidence, Rate};
use crate::model::{CaseIndex, Seed};
use crate::plan::{Grouping, Strategy};

/// What a plan is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanRequest {
    /// Which orders are wanted.
    pub orders: Orders,
    /// How many rounds of all cases there are, where the user says so; see [`crate::plan::Plan::new`].
    pub rounds: Option<u32>,
    /// The root seed.
    pub seed: Seed,
    /// Which cases stay together.
    pub grouping: Grouping,
    /// The cases that get ten times the rounds of the others; none where all are alike.
    pub closer: Vec<CaseIndex>,
    /// Which cases also run alone.
    pub alone: Alone,
    /// How many aftermath rounds there are, where each case runs alone before.
    pub aftermath: u32,
    /// Whether there is a round in which every case runs twice.
    pub twice: Twice,
    /// The rate that the shuffled rounds are to exclude, if none of them fails.
    pub max_flake_rate: Option<Rate>,
    /// How sure that exclusion is to be.
    pub confidence: Confidence,
}

/// Which orders are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Orders {
    /// Those of a strategy.
    By(Strategy),
    /// This one, by the cases' numbers in declared order. It may have some cases only, and a case several times.
    Given(Vec<CaseIndex>),
}

/// Which cases run alone, each from a fresh start. That finds every brittle case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alone {
    /// None as planned; suspects run alone later, in the diagnosis. Right where starting anew takes long.
    #[default]
    SuspectsOnly,
    /// Each case, once.
    EveryCase,
}

/// Whether there is a round in which every case runs twice. That finds what breaks on its second run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Twice {
    /// Each twice in a row, where the strategy is [`Strategy::Mixed`].
    #[default]
    WhereMixed,
    /// All of them once and then once more, where the strategy is [`Strategy::Mixed`]: for subjects that take another
    /// process to run a case a second time, so that twice in a row would take as many processes as there are cases.
    InPasses,
    /// Whatever the strategy is.
    Always,
    /// Not at all.
    Never,
}

impl PlanRequest {
    /// The default plan for a seed.
    pub fn new(seed: Seed) -> Self {
        Self {
            orders: Orders::By(Strategy::default()),
            rounds: None,
            seed,
            grouping: Grouping::default(),
            closer: Vec::new(),
            alone: Alone::default(),
            aftermath: 0,
            twice: Twice::default(),
            max_flake_rate: None,
            confidence: Confidence::default(),
        }
    }

    /// The same request with the orders of a strategy.
    pub fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.orders = Orders::By(strategy);
        self
    }
}
