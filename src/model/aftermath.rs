//! The shape of an aftermath round.

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
    pub fn forks(&self, length: u32) -> Vec<Range<u32>> {
        let mut forks = Vec::new();
        let mut begin = self.marking;
        let lengths = self.stretches.iter().copied().chain(std::iter::repeat(1));
        for stretch in lengths {
            if begin >= length {
                break;
            }
            let end = begin.saturating_add(stretch.max(1)).min(length);
            forks.push(begin..end);
            begin = end;
        }
        forks
    }

    /// The place at which the fork of the case at `position` begins; 0 for a case before all forks.
    pub fn fork_of(&self, position: u32, length: u32) -> u32 {
        let forks = self.forks(length);
        forks.into_iter().find(|fork| fork.contains(&position)).map_or(0, |fork| fork.start)
    }

    /// What ran before the case at `position` of an order, and left a state that it sees.
    pub fn before(&self, order: &[u32], position: u32) -> Vec<u32> {
        let length = u32::try_from(order.len()).unwrap_or(u32::MAX);
        let places = |range: Range<u32>| order.get(range.start as usize..range.end as usize).unwrap_or_default();
        match self.fork_of(position, length) {
            0 => places(0..position).to_vec(),
            fork => [places(0..self.marking), places(fork..position)].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_sees_the_marking_cases_and_its_own_fork() {
        let shape = Aftermath { marking: 2, stretches: vec![2] };
        let order = [9, 8, 0, 1, 2, 3];
        assert_eq!(shape.forks(6), [2..4, 4..5, 5..6]);
        let before: Vec<Vec<u32>> = (0..6).map(|position| shape.before(&order, position)).collect();
        assert_eq!(before, [vec![], vec![9], vec![9, 8], vec![9, 8, 0], vec![9, 8], vec![9, 8]]);
    }

    #[test]
    fn a_shape_that_does_not_fit_its_order_is_cut() {
        let shape = Aftermath { marking: 1, stretches: vec![0, u32::MAX] };
        assert_eq!(shape.forks(3), [1..2, 2..3]);
        assert_eq!(Aftermath { marking: 7, ..shape }.before(&[1, 2], 1), [1]);
        assert_eq!(Aftermath::default().before(&[4, 5], 1), Vec::<u32>::new());
    }
}
