//! A subject whose truth is known: for tests and benches of the search, and for trying out limits.

use crate::minimise::{Answer, Oracle, Problem, Question, Reply, Role};
use crate::model::{CaseIndex, Seed};
use std::collections::BTreeSet;
use std::time::Duration;

/// Cases of which one is a victim or brittle, for reasons that are written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// What is true of the simulated suite.
    pub truth: Truth,
    /// What each probe costs, and what each case adds.
    pub costs: (Duration, Duration),
    seed: Seed,
    draws: u64,
}

/// Why the suspect behaves as it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// What it is.
    pub role: Role,
    /// The suspect, by its case index.
    pub suspect: CaseIndex,
    /// Any of these chains does it: pollutes a victim, or sets a brittle case's state.
    pub chains: Vec<Chain>,
    /// Cases that undo what ran before them.
    pub cleaners: BTreeSet<CaseIndex>,
    /// How likely it fails where it can: after polluters, or without its state.
    pub rate: f64,
    /// How likely it fails elsewhere.
    pub background: f64,
}

/// Cases that do it together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// All of them, in any order.
    Together(BTreeSet<CaseIndex>),
    /// All of them, in this order.
    InOrder(Vec<CaseIndex>),
}

impl Truth {
    /// A victim that always fails after any of the chains, and never else.
    pub fn victim(suspect: CaseIndex, chains: Vec<Chain>) -> Self {
        Self { role: Role::Victim, suspect, chains, cleaners: BTreeSet::new(), rate: 1.0, background: 0.0 }
    }

    /// A brittle case that always fails without one of the chains, and never after it.
    pub fn brittle(suspect: CaseIndex, chains: Vec<Chain>) -> Self {
        Self { role: Role::Brittle, ..Self::victim(suspect, chains) }
    }

    /// The same with a rate of failing.
    pub fn with_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// The same with cleaners.
    pub fn with_cleaners(mut self, cleaners: impl IntoIterator<Item = CaseIndex>) -> Self {
        self.cleaners.extend(cleaners);
        self
    }

    /// How likely the suspect fails after these cases.
    pub fn chance_after(&self, cases: &[CaseIndex]) -> f64 {
        let since = cases.iter().rposition(|case| self.cleaners.contains(case)).map_or(0, |place| place + 1);
        let acts = self.chains.iter().any(|chain| chain.acts_in(&cases[since..]));
        match (self.role, acts) {
            (Role::Victim, true) | (Role::Brittle, false) => self.rate,
            (Role::Victim, false) | (Role::Brittle, true) => self.background,
        }
    }
}

impl Chain {
    /// A chain of one.
    pub fn of(case: CaseIndex) -> Self {
        Self::InOrder(vec![case])
    }

    /// The members, in any order.
    pub fn members(&self) -> BTreeSet<CaseIndex> {
        match self {
            Self::Together(members) => members.clone(),
            Self::InOrder(members) => members.iter().copied().collect(),
        }
    }

    fn acts_in(&self, cases: &[CaseIndex]) -> bool {
        match self {
            Self::Together(members) => members.iter().all(|member| cases.contains(member)),
            Self::InOrder(members) => {
                let mut left = cases.iter();
                members.iter().all(|member| left.any(|case| case == member))
            }
        }
    }
}

impl Simulated {
    /// A subject whose chance is drawn from a seed.
    pub fn new(truth: Truth, seed: Seed) -> Self {
        Self { truth, costs: (Duration::from_secs(1), Duration::ZERO), seed, draws: 0 }
    }

    /// The problem of the suspect after all the cases before it, from 0.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.truth.suspect, CaseIndex::first(self.truth.suspect.index()));
        let (overhead, each) = self.costs;
        problem.costs.overhead = overhead;
        if !each.is_zero() {
            problem.costs.cases = CaseIndex::first(self.truth.suspect.index() + 1).map(|case| (case, each)).collect();
        }
        problem
    }

    /// A number in [0, 1) from the seed.
    fn draw(&mut self) -> f64 {
        self.draws += 1;
        (self.seed.hash(&self.draws.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Oracle for Simulated {
    fn probe(&mut self, question: &Question) -> Reply {
        let cases = question.order.split_last().map_or(&[][..], |(_, before)| before);
        let chance = self.truth.chance_after(cases);
        let answer = if self.draw() < chance { Answer::Fails } else { Answer::Passes };
        let (overhead, each) = self.costs;
        Reply::new(answer, overhead + each * question.order.len() as u32)
    }
}
