//! How much of "what ran before what" some rounds have shown.

use crate::model::{Aftermath, CaseIndex, Position, Seed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The share of ordered pairs of different cases that rounds have run, in two relations. Without a pair to cover
/// both are 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The first case ran somewhere before the second, in one round.
    pub before: f64,
    /// The first case ran directly before the second.
    pub adjacent: f64,
    /// How the shares were counted.
    pub method: CoverageMethod,
}

/// How coverage was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageMethod {
    /// Every pair was looked at.
    Exact,
    /// A fixed sample was looked at.
    Sampled {
        /// How many pairs, drawn with repetition.
        pairs: u32,
    },
}

/// Counts pairs as orders go by.
///
/// Up to [`PairCoverage::EXACT_UP_TO`] cases every pair is a bit in memory, at most 4 MiB in all. Above, 65,536 pairs
/// are drawn from a fixed seed, and the shares are estimates with a standard error of at most 0.002.
#[derive(Debug, Clone)]
pub struct PairCoverage {
    cases: usize,
    relations: Relations,
}

#[derive(Debug, Clone)]
enum Relations {
    Exact { before: Bits, adjacent: Bits, seen: Vec<u64> },
    Sampled(Vec<SampledPair>),
}

#[derive(Debug, Clone)]
struct SampledPair {
    first: CaseIndex,
    second: CaseIndex,
    before: bool,
    adjacent: bool,
}

/// One row of bits for each case: which cases ran before it.
#[derive(Debug, Clone)]
struct Bits {
    words: Vec<u64>,
    per_row: usize,
}

impl PairCoverage {
    /// Up to how many cases every pair is looked at.
    pub const EXACT_UP_TO: usize = 4_096;

    const SAMPLE: u32 = 65_536;

    /// Nothing covered yet, for cases numbered from 0.
    pub fn new(cases: usize) -> Self {
        let relations = if cases <= Self::EXACT_UP_TO {
            let per_row = cases.div_ceil(64);
            let bits = Bits { words: vec![0; per_row * cases], per_row };
            Relations::Exact { before: bits.clone(), adjacent: bits, seen: vec![0; per_row] }
        } else {
            Relations::Sampled((0..Self::SAMPLE).map(|draw| SampledPair::draw(draw, cases as u64)).collect())
        };
        Self { cases, relations }
    }

    /// Counts the cases that a round really ran, in the order in which they ran. A case may be there several times;
    /// numbers that no case has are passed over.
    pub fn add(&mut self, order: &[CaseIndex]) {
        let cases = self.cases;
        let known = |case: &&CaseIndex| case.index() < cases;
        match &mut self.relations {
            Relations::Exact { before, adjacent, seen } => {
                seen.fill(0);
                let mut last = None;
                for case in order.iter().filter(known).map(|case| case.index()) {
                    before.add_all(case, seen);
                    if let Some(last) = last {
                        adjacent.add(case, last);
                    }
                    seen[case / 64] |= 1 << (case % 64);
                    last = Some(case);
                }
            }
            Relations::Sampled(pairs) => {
                let places = Places::of(order.iter().filter(known), cases);
                pairs.iter_mut().for_each(|pair| pair.look(&places));
            }
        }
    }

    /// Counts the cases of an aftermath: those that ran in a fork did not see those of other forks.
    pub fn add_aftermath(&mut self, order: &[CaseIndex], shape: &Aftermath) {
        let marking = order.get(..shape.marking as usize).unwrap_or(order);
        self.add(marking);
        let forks = shape.forks(order.len());
        let forks = forks.iter().filter_map(|fork| order.get(fork.start.index()..fork.end.index()));
        let cases = self.cases;
        let known = |case: &&CaseIndex| case.index() < cases;
        let marking: Vec<CaseIndex> = marking.iter().filter(known).copied().collect();
        match &mut self.relations {
            Relations::Exact { before, adjacent, .. } => {
                let mut left = vec![0; before.per_row];
                marking.iter().for_each(|case| left[case.index() / 64] |= 1 << (case.index() % 64));
                for fork in forks {
                    let (mut seen, mut last) = (left.clone(), marking.last().copied());
                    for case in fork.iter().filter(known) {
                        before.add_all(case.index(), &seen);
                        if let Some(last) = last.replace(*case) {
                            adjacent.add(case.index(), last.index());
                        }
                        seen[case.index() / 64] |= 1 << (case.index() % 64);
                    }
                }
            }
            Relations::Sampled(pairs) => {
                let marked: BTreeSet<CaseIndex> = marking.iter().copied().collect();
                let mut begins: BTreeSet<CaseIndex> = BTreeSet::new();
                let mut follows: BTreeMap<CaseIndex, &[CaseIndex]> = BTreeMap::new();
                for fork in forks {
                    begins.extend(fork.first());
                    follows.extend((0..).zip(fork).map(|(place, case)| (*case, &fork[..place])));
                }
                for pair in pairs {
                    let Some(earlier) = follows.get(&pair.second) else { continue };
                    pair.before |= marked.contains(&pair.first) || earlier.contains(&pair.first);
                    let is_first = begins.contains(&pair.second) && marking.last() == Some(&pair.first);
                    pair.adjacent |= is_first || earlier.last() == Some(&pair.first);
                }
            }
        }
    }

    /// The shares reached so far.
    pub fn coverage(&self) -> Coverage {
        let all = self.cases.saturating_mul(self.cases.saturating_sub(1));
        if all == 0 {
            return Coverage { before: 1.0, adjacent: 1.0, method: CoverageMethod::Exact };
        }
        match &self.relations {
            Relations::Exact { before, adjacent, .. } => Coverage {
                before: before.pairs() as f64 / all as f64,
                adjacent: adjacent.pairs() as f64 / all as f64,
                method: CoverageMethod::Exact,
            },
            Relations::Sampled(pairs) => {
                let share = |covered: fn(&SampledPair) -> bool| {
                    pairs.iter().filter(|pair| covered(pair)).count() as f64 / pairs.len() as f64
                };
                Coverage {
                    before: share(|pair| pair.before),
                    adjacent: share(|pair| pair.adjacent),
                    method: CoverageMethod::Sampled { pairs: Self::SAMPLE },
                }
            }
        }
    }
}

impl Bits {
    fn add(&mut self, row: usize, column: usize) {
        self.words[row * self.per_row + column / 64] |= 1 << (column % 64);
    }

    fn add_all(&mut self, row: usize, columns: &[u64]) {
        let start = row * self.per_row;
        self.words[start..start + self.per_row].iter_mut().zip(columns).for_each(|(word, more)| *word |= more);
    }

    /// The bits that are set, but for those of a case and itself.
    fn pairs(&self) -> u64 {
        let all: u64 = self.words.iter().map(|word| u64::from(word.count_ones())).sum();
        let rows = self.words.len().checked_div(self.per_row).unwrap_or(0);
        let own = (0..rows).filter(|row| self.words[row * self.per_row + row / 64] >> (row % 64) & 1 == 1).count();
        all - own as u64
    }
}

/// Where each case stands in an order: first and last, and what ran directly before.
struct Places {
    first: Vec<Position>,
    last: Vec<Position>,
    follows: Vec<(CaseIndex, CaseIndex)>,
}

impl Places {
    const NOWHERE: Position = Position(u32::MAX);

    fn of<'a>(order: impl Iterator<Item = &'a CaseIndex>, cases: usize) -> Self {
        let mut places =
            Self { first: vec![Self::NOWHERE; cases], last: vec![Self::NOWHERE; cases], follows: Vec::new() };
        let mut previous = None;
        for (place, case) in Position::all().zip(order) {
            let index = case.index();
            if places.first[index] == Self::NOWHERE {
                places.first[index] = place;
            }
            places.last[index] = place;
            if let Some(previous) = previous {
                places.follows.push((previous, *case));
            }
            previous = Some(*case);
        }
        places.follows.sort_unstable();
        places
    }
}

impl SampledPair {
    fn draw(number: u32, cases: u64) -> Self {
        let seed = Seed::new(0x7061_6972_7300_0000).derive("coverage");
        let hash = seed.hash(&number.to_le_bytes());
        let first = hash % cases;
        // Any of the others: a step of 1 to n − 1 from the first.
        let second = (first + 1 + (hash >> 32) % (cases - 1)) % cases;
        Self { first: CaseIndex(first as u32), second: CaseIndex(second as u32), before: false, adjacent: false }
    }

    fn look(&mut self, places: &Places) {
        let (first, second) = (places.first[self.first.index()], places.last[self.second.index()]);
        self.before |= first != Places::NOWHERE && second != Places::NOWHERE && first < second;
        self.adjacent = self.adjacent || places.follows.binary_search(&(self.first, self.second)).is_ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares(cases: usize, orders: &[Vec<CaseIndex>]) -> (f64, f64) {
        let mut coverage = PairCoverage::new(cases);
        orders.iter().for_each(|order| coverage.add(order));
        let reached = coverage.coverage();
        (reached.before, reached.adjacent)
    }

    #[test]
    fn declared_and_reverse_put_every_case_before_every_other() {
        let declared: Vec<CaseIndex> = CaseIndex::first(100).collect();
        let reverse: Vec<CaseIndex> = CaseIndex::first(100).rev().collect();
        assert_eq!(shares(100, &[declared, reverse]), (1.0, 198.0 / 9_900.0));
    }

    #[test]
    fn one_case_has_no_pair_to_cover() {
        assert_eq!(shares(1, &[]), (1.0, 1.0));
        assert_eq!(shares(0, &[]), (1.0, 1.0));
        assert_eq!(shares(2, &[CaseIndex::list([0, 0, 7])]), (0.0, 0.0));
    }

    #[test]
    fn a_sample_estimates_what_is_too_large_to_count() {
        let cases = 5_000;
        let order: Vec<CaseIndex> = CaseIndex::first(cases).collect();
        let (before, adjacent) = shares(cases, std::slice::from_ref(&order));
        assert!((before - 0.5).abs() < 0.01, "{before}");
        assert!(adjacent < 0.001, "{adjacent}");
        let (before, _) = shares(cases, &[order.iter().rev().copied().collect(), order]);
        assert_eq!(before, 1.0);
    }

    #[test]
    fn a_case_in_a_fork_comes_after_the_marking_cases_and_after_none_of_another_fork() {
        let shape = Aftermath { marking: 2, stretches: vec![2] };
        let mut coverage = PairCoverage::new(5);
        coverage.add_aftermath(&CaseIndex::list(0..5), &shape);
        let reached = coverage.coverage();
        // Before: 0-1, 0-2, 1-2, 0-3, 1-3, 2-3, 0-4, 1-4. Directly before: 0-1, 1-2, 2-3, 1-4.
        assert_eq!((reached.before, reached.adjacent), (8.0 / 20.0, 4.0 / 20.0));
    }

    #[test]
    fn an_aftermath_of_many_cases_is_estimated() {
        let cases = 5_000;
        let order: Vec<CaseIndex> = CaseIndex::first(cases).collect();
        let mut coverage = PairCoverage::new(cases);
        coverage.add_aftermath(&order, &Aftermath { marking: 500, stretches: Vec::new() });
        let reached = coverage.coverage();
        let expected = (500.0 * 499.0 / 2.0 + 500.0 * 4_500.0) / (5_000.0 * 4_999.0);
        assert!((reached.before - expected).abs() < 0.01, "{reached:?}");
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn bits_agree_with_counting_pairs(
            orders in proptest::collection::vec(proptest::collection::vec(0_u32..70, 0..40), 0..4)
        ) {
            let (mut before, mut adjacent) = (BTreeSet::new(), BTreeSet::new());
            for order in &orders {
                for (place, second) in order.iter().enumerate() {
                    before.extend(order[..place].iter().filter(|first| *first != second).map(|first| (*first, *second)));
                }
                adjacent.extend(order.windows(2).filter(|pair| pair[0] != pair[1]).map(|pair| (pair[0], pair[1])));
            }
            let all = (70 * 69) as f64;
            let orders: Vec<Vec<CaseIndex>> = orders.into_iter().map(CaseIndex::list).collect();
            prop_assert_eq!(shares(70, &orders), (before.len() as f64 / all, adjacent.len() as f64 / all));
        }
    }
}
