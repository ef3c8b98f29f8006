//! Which rounds a plan has.

use crate::model::statistics::trials_to_exclude;
use crate::model::{CaseId, CaseIndex, RoundId, Seed};
use crate::plan::group::Group;
use crate::plan::permutation::factorial;
use crate::plan::shuffle::shuffled;
use crate::plan::square::orders_for_pairs;
use crate::plan::{
    Alone, Arrangement, GivenOrFixed, MOST_PERMUTED, Orders, PlanError, PlanRequest, PlannedRound, Strategy, Twice,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many rounds of all cases a plan may have.
pub const MOST_ROUNDS: u32 = 1_000_000;

/// Up to how many cases shuffles are compared with each other. Above, even cases in groups have so many orders that
/// two equal ones among [`MOST_ROUNDS`] are not to be expected.
const COMPARED_UP_TO: usize = 32;

/// For each usual round of all cases, so many rounds of those that are looked at more closely: with it, ten.
const MORE_ROUNDS: u32 = 9;

/// How often another seed is tried for a shuffle that repeats an order.
const ATTEMPTS: u32 = 64;

/// Makes the rounds of a plan, kind by kind.
pub(super) struct Rounds<'a> {
    request: &'a PlanRequest,
    ids: &'a [CaseId],
    groups: &'a [Group],
    rounds: Vec<PlannedRound>,
    of_kind: BTreeMap<&'static str, u32>,
    orders: BTreeSet<Vec<CaseIndex>>,
}

/// The rounds of all cases that a request asks for.
struct Whole {
    /// Orders without chance.
    fixed: Vec<Arrangement>,
    /// How many shuffles follow.
    shuffles: u32,
    /// How many rounds there are of them that no bound on a rate asks for.
    usual: u32,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(request: &'a PlanRequest, ids: &'a [CaseId], groups: &'a [Group]) -> Self {
        Self { request, ids, groups, rounds: Vec::new(), of_kind: BTreeMap::new(), orders: BTreeSet::new() }
    }

    pub(super) fn all(mut self) -> Result<Vec<PlannedRound>, PlanError> {
        let cases = CaseIndex::first(self.ids.len());
        let Whole { fixed, shuffles, usual } = self.whole()?;
        if self.ids.len() <= COMPARED_UP_TO && shuffles > 0 {
            self.orders.insert(cases.clone().collect());
            if fixed.contains(&Arrangement::Reverse) {
                self.orders.insert(cases.clone().rev().collect());
            }
        }
        fixed.into_iter().for_each(|arrangement| self.push(arrangement));
        if !self.request.closer.is_empty() {
            (0..usual.saturating_mul(MORE_ROUNDS)).for_each(|_| self.push(Arrangement::Closer));
        }
        if self.request.alone == Alone::EveryCase && self.ids.len() > 1 {
            cases.for_each(|case| self.push(Arrangement::Alone { case }));
            // What finds most comes before what finds the rest by chance.
            (0..self.request.aftermath).for_each(|number| self.push(Arrangement::Aftermath { number }));
        }
        (0..shuffles).for_each(|number| self.push_shuffle(number));
        if let Some(twice) = self.twice() {
            self.push(twice);
        }
        Ok(self.rounds)
    }

    /// How many rounds there are of all cases: those without chance, and shuffles.
    fn whole(&self) -> Result<Whole, PlanError> {
        let cases = self.ids.len();
        if cases == 0 {
            return Err(PlanError::NoCases);
        }
        if self.request.rounds == Some(0) {
            return Err(PlanError::NoRounds);
        }
        let (fixed, usual_shuffles) = match &self.request.orders {
            Orders::Given(order) => return self.repeated(self.checked(order)?, GivenOrFixed::Given),
            Orders::By(fixed @ Strategy::Declared) => {
                return self.repeated(Arrangement::Declared, GivenOrFixed::Fixed(*fixed));
            }
            Orders::By(fixed @ Strategy::Reverse) => {
                return self.repeated(Arrangement::Reverse, GivenOrFixed::Fixed(*fixed));
            }
            Orders::By(Strategy::Mixed) if cases == 1 => (vec![Arrangement::Declared], 3),
            Orders::By(Strategy::Mixed) => (vec![Arrangement::Declared, Arrangement::Reverse], 3),
            Orders::By(Strategy::Shuffle) => (Vec::new(), 5),
            Orders::By(Strategy::Pairs) => (self.pairs(), 0),
            Orders::By(Strategy::All) => (self.permutations()?, 0),
        };
        self.filled_up(fixed, usual_shuffles)
    }

    fn filled_up(&self, mut fixed: Vec<Arrangement>, usual_shuffles: u32) -> Result<Whole, PlanError> {
        let shuffles = match self.request.rounds {
            Some(rounds) => {
                fixed.truncate(rounds as usize);
                rounds - fixed.len() as u32
            }
            None => usual_shuffles,
        };
        let usual = u32::try_from(fixed.len()).unwrap_or(u32::MAX).saturating_add(shuffles);
        let needed = self.request.max_flake_rate.map_or(0, |rate| trials_to_exclude(rate, self.request.confidence));
        let shuffles = shuffles.max(needed);
        within_bounds(fixed.len() as u64 + u64::from(shuffles))?;
        if !self.request.closer.is_empty() {
            within_bounds(u64::from(usual) * u64::from(MORE_ROUNDS))?;
        }
        Ok(Whole { fixed, shuffles, usual })
    }

    fn repeated(&self, arrangement: Arrangement, what: GivenOrFixed) -> Result<Whole, PlanError> {
        if self.request.max_flake_rate.is_some() {
            return Err(PlanError::RateNeedsShuffles(what));
        }
        let rounds = self.request.rounds.unwrap_or(1);
        within_bounds(u64::from(rounds))?;
        Ok(Whole { fixed: vec![arrangement; rounds as usize], shuffles: 0, usual: rounds })
    }

    fn checked(&self, order: &[CaseIndex]) -> Result<Arrangement, PlanError> {
        if order.is_empty() {
            return Err(PlanError::EmptyOrder);
        }
        let cases = self.ids.len();
        match order.iter().find(|case| case.index() >= cases) {
            Some(case) => Err(PlanError::NoSuchCase { case: *case, cases }),
            None => Ok(Arrangement::Given),
        }
    }

    /// As many rows as the largest square needs: that of the groups, or that of a group's cases. Smaller
    /// squares begin again.
    fn pairs(&self) -> Vec<Arrangement> {
        let largest = self.groups.iter().map(|group| group.cases.len()).chain([self.groups.len()]).max();
        let rows = orders_for_pairs(largest.unwrap_or(0)) as u32;
        (0..rows).map(|row| Arrangement::Pairs { row }).collect()
    }

    fn permutations(&self) -> Result<Vec<Arrangement>, PlanError> {
        let cases = self.ids.len();
        if cases > MOST_PERMUTED {
            return Err(PlanError::TooManyToPermute { cases, rounds_for_pairs: self.pairs().len() });
        }
        Ok((0..factorial(cases)).map(|number| Arrangement::Permutation { number }).collect())
    }

    fn twice(&self) -> Option<Arrangement> {
        let is_mixed = self.request.orders == Orders::By(Strategy::Mixed);
        match self.request.twice {
            Twice::WhereMixed => is_mixed.then_some(Arrangement::Twice),
            Twice::InPasses => is_mixed.then_some(Arrangement::Passes),
            Twice::Always => Some(Arrangement::Twice),
            Twice::Never => None,
        }
    }

    fn push(&mut self, arrangement: Arrangement) {
        let kind = arrangement.kind().as_str();
        let number = self.of_kind.entry(kind).or_default();
        let seed = self.request.seed.derive(&format!("round {kind} {number}"));
        *number += 1;
        self.push_seeded(arrangement, seed);
    }

    fn push_shuffle(&mut self, number: u32) {
        let root = self.request.seed;
        let first = root.derive(&format!("round shuffle {number}"));
        let seed = if self.ids.len() <= COMPARED_UP_TO { self.unlike_others(first) } else { first };
        self.push_seeded(Arrangement::Shuffle, seed);
    }

    /// `seed`, or one derived from it, whose order no other round has. Where there is none to be found, all orders
    /// have been used, and they may come again.
    fn unlike_others(&mut self, seed: Seed) -> Seed {
        let mut candidate = seed;
        for attempt in 1..=ATTEMPTS {
            if self.orders.insert(shuffled(candidate, self.groups, self.ids)) {
                return candidate;
            }
            candidate = seed.derive(&format!("another {attempt}"));
        }
        self.orders = BTreeSet::from([shuffled(seed, self.groups, self.ids)]);
        seed
    }

    fn push_seeded(&mut self, arrangement: Arrangement, seed: Seed) {
        let id = RoundId(self.rounds.len() as u32);
        self.rounds.push(PlannedRound { id, seed, arrangement });
    }
}

fn within_bounds(rounds: u64) -> Result<(), PlanError> {
    if rounds <= u64::from(MOST_ROUNDS) { Ok(()) } else { Err(PlanError::TooManyRounds(rounds)) }
}
