//! The rounds of a plan, dealt out to shards.
//!
//! Every shard computes the whole split by itself, from the plan alone: no clock, no history and no number of an attempt
//! goes into it, so that a shard that is tried again gets the same rounds.

use std::fmt;
use std::str::FromStr;

/// The most shards that there may be.
const MOST: u32 = 10_000;

/// Which part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    index: u32,
    of: u32,
}

/// A text that names no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shard; expected its number and how many there are, such as `2/8`")]
pub struct ShardError(String);

impl Shard {
    /// The shard with this number, from 1.
    ///
    /// # Errors
    /// If there is none, or there are too many.
    pub fn new(index: u32, of: u32) -> Result<Self, ShardError> {
        if (1..=of).contains(&index) && of <= MOST {
            Ok(Self { index, of })
        } else {
            Err(ShardError(format!("{index}/{of}")))
        }
    }

    /// Its number, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Which of the rounds it runs, given what each costs, in ascending order. The longest go first, each to the shard that
    /// has least to do (Graham, 1969: at most a third longer than the best split); ties go by number.
    pub fn share(self, costs: &[u64]) -> Vec<usize> {
        let mut longest: Vec<usize> = (0..costs.len()).collect();
        longest.sort_by_key(|round| (std::cmp::Reverse(costs.get(*round).copied().unwrap_or(0)), *round));
        let mut loads = vec![0_u64; self.of as usize];
        let mut mine = Vec::new();
        for round in longest {
            let Some((shard, load)) = loads.iter_mut().enumerate().min_by_key(|(shard, load)| (**load, *shard)) else {
                break;
            };
            *load += costs.get(round).copied().unwrap_or(0);
            if shard as u32 + 1 == self.index {
                mine.push(round);
            }
        }
        mine.sort_unstable();
        mine
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ShardError(text.to_owned());
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        Self::new(number(index)?, number(of)?).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(costs: &[u64], of: u32) -> Vec<Vec<usize>> {
        (1..=of).map(|index| Shard::new(index, of).expect("a shard").share(costs)).collect()
    }

    #[test]
    fn a_shard_is_written_as_it_is_read() {
        for text in ["1/1", "2/8", "1000/1000"] {
            assert_eq!(text.parse::<Shard>().expect("a shard").to_string(), text);
        }
        for text in ["", "2", "0/8", "9/8", "a/b", "1/0", "1/10001", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_round_falls_to_exactly_one_shard() {
        let costs: Vec<u64> = (0..57).map(|round| 1 + round * 7 % 23).collect();
        for of in [1, 2, 3, 8, 100] {
            let mut all: Vec<usize> = shares(&costs, of).concat();
            all.sort_unstable();
            assert_eq!(all, (0..57).collect::<Vec<_>>(), "{of} shards");
        }
    }

    #[test]
    fn shards_have_about_equally_much_to_do() {
        assert_eq!(shares(&[100, 1, 1, 1, 97], 2), [vec![0], vec![1, 2, 3, 4]]);
        assert_eq!(shares(&[5, 5, 5, 5], 2), [vec![0, 2], vec![1, 3]]);
        assert_eq!(shares(&[5], 3), [vec![0], vec![], vec![]]);
    }
}
