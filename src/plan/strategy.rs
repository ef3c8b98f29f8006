//! Which orders a run tries.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A way to choose orders, as `--orders` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Declared, reverse, shuffles, every case twice, and each case alone where that is cheap.
    #[default]
    Mixed,
    /// Nothing but shuffled orders.
    Shuffle,
    /// The declared order from its end.
    Reverse,
    /// The order in which the cases were loaded.
    Declared,
    /// Every case directly after every other, in as few orders as is known.
    Pairs,
    /// Every order of a few cases.
    All,
}

/// Why a text names no strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no way to choose orders: mixed, shuffle, reverse, declared, pairs and all are known")]
pub struct StrategyError(String);

impl Strategy {
    /// Every strategy that can be asked for.
    pub const ALL: [Self; 6] = [Self::Mixed, Self::Shuffle, Self::Reverse, Self::Declared, Self::Pairs, Self::All];

    /// The word used on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Shuffle => "shuffle",
            Self::Reverse => "reverse",
            Self::Declared => "declared",
            Self::Pairs => "pairs",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Strategy {
    type Err = StrategyError;

    fn from_str(text: &str) -> Result<Self, StrategyError> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| StrategyError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_strategy_round_trip() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
        }
        assert!("random".parse::<Strategy>().is_err());
    }
}
