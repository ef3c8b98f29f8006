//! The shape of an aftermath round.

use crate::model::{CaseIndex, Position};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How an aftermath round runs its order: the first cases one after another, then the others in forks of the state that
/// these left. A case in a fork sees nothing of the other forks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Aftermath {
    /// How many cases of the order run first, one after another: those that leave marks.
    pub marking: u32,
    /// How many of the cases that follow share a fork, fork by fork. What this does not cover runs in forks of one case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stretches: Vec<u32>,
}

impl Aftermath {
    /// The places of an order of `length` cases that run in each fork.
    pub fn forks(&self, length: usize) -> Vec<Range<Position>> {
        let mut forks = Vec::new();
        let length = Position::at(length);
        let mut begin = Position(self.marking);
        let lengths = self.stretches.iter().copied().chain(std::iter::repeat(1));
        for stretch in lengths {
            if begin >= length {
                break;
            }
            let end = Position(begin.0.saturating_add(stretch.max(1))).min(length);
            forks.push(begin..end);
            begin = end;
        }
        forks
    }

    /// The position at which the fork of the case at `position` begins; the first for a case before all forks.
    pub fn fork_of(&self, position: Position, length: usize) -> Position {
        let forks = self.forks(length);
        forks.into_iter().find(|fork| fork.contains(&position)).map_or(Position(0), |fork| fork.start)
    }

    /// What ran before the case at `position` of an order, and left a state that it sees.
    pub fn before(&self, order: &[CaseIndex], position: Position) -> Vec<CaseIndex> {
        let places = |range: Range<usize>| order.get(range).unwrap_or_default();
        match self.fork_of(position, order.len()).index() {
            0 => places(0..position.index()).to_vec(),
            fork => [places(0..self.marking as usize), places(fork..position.index())].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fork((start, end): (u32, u32)) -> Range<Position> {
        Position(start)..Position(end)
    }

    #[test]
    fn a_case_sees_the_marking_cases_and_its_own_fork() {
        let shape = Aftermath { marking: 2, stretches: vec![2] };
        let order = CaseIndex::list([9, 8, 0, 1, 2, 3]);
        assert_eq!(shape.forks(6), [(2, 4), (4, 5), (5, 6)].map(fork));
        let before: Vec<Vec<CaseIndex>> = Position::first(6).map(|position| shape.before(&order, position)).collect();
        let expected: [&[u32]; 6] = [&[], &[9], &[9, 8], &[9, 8, 0], &[9, 8], &[9, 8]];
        assert_eq!(before, expected.map(|order| CaseIndex::list(order.iter().copied())));
    }

    #[test]
    fn a_shape_that_does_not_fit_its_order_is_cut() {
        let shape = Aftermath { marking: 1, stretches: vec![0, u32::MAX] };
        assert_eq!(shape.forks(3), [(1, 2), (2, 3)].map(fork));
        let order = CaseIndex::list([1, 2]);
        assert_eq!(Aftermath { marking: 7, ..shape }.before(&order, Position(1)), [CaseIndex(1)]);
        assert_eq!(Aftermath::default().before(&order, Position(1)), []);
    }
}
