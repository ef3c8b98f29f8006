//! What a call costs, and what it may cost at most.

use crate::model::Money;
use serde::{Deserialize, Serialize};

/// The price of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Of a thousand tokens of the prompt.
    pub input: Money,
    /// Of a thousand tokens of the answer.
    pub output: Money,
    /// Of a minute of audio.
    #[serde(default)]
    pub minute: Money,
    /// The most tokens that the model answers with where a request sets no limit.
    #[serde(default)]
    pub most_output: Option<u64>,
}

/// What a request can cause, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes of the request: no token is shorter than a byte.
    pub(crate) bytes: u64,
    /// Tokens that all answers together may have; `None` if the request sets no limit.
    pub(crate) output: Option<u64>,
    /// How many answers are asked for.
    pub(crate) answers: u64,
    /// Milliseconds of audio in it.
    pub(crate) audio_ms: u64,
}

/// Tokens that a provider adds to a request by itself: roles, separators, a system prompt of its own.
const FRAME_TOKENS: u64 = 1_000;

impl Price {
    /// The most that a call can cost; `None` if nothing bounds it.
    pub(crate) fn worst(&self, extent: &Extent) -> Option<Money> {
        let answers = extent.answers.max(1);
        let output = match extent.output.or(self.most_output) {
            Some(most) => most.saturating_mul(answers),
            None if self.output.nanos() == 0 => 0,
            None => return None,
        };
        Some(self.cost(extent.bytes.saturating_add(FRAME_TOKENS), output, extent.audio_ms))
    }

    /// What so many tokens and milliseconds cost, rounded up.
    pub(crate) fn cost(&self, input: u64, output: u64, audio_ms: u64) -> Money {
        let part = |amount: Money, count: u64, per: i128| {
            (i128::from(amount.nanos()) * i128::from(count) + per - 1).div_euclid(per)
        };
        let sum =
            part(self.input, input, 1_000) + part(self.output, output, 1_000) + part(self.minute, audio_ms, 60_000);
        Money::from_nanos(i64::try_from(sum).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn haiku() -> Price {
        let dollars = |text: &str| text.parse().expect("an amount");
        Price { input: dollars("0.00025"), output: dollars("0.00125"), ..Price::default() }
    }

    #[test]
    fn the_cost_is_rounded_up() {
        assert_eq!(haiku().cost(1000, 1000, 0).nanos(), 1_500_000);
        assert_eq!(haiku().cost(1, 0, 0).nanos(), 250);
        let odd = Price { minute: Money::from_nanos(1_000_000), ..Price::default() };
        assert_eq!(odd.cost(0, 0, 1).nanos(), 17);
    }

    #[test]
    fn the_worst_case_needs_a_bound() {
        let extent = Extent { bytes: 1000, output: Some(100), answers: 2, audio_ms: 0 };
        assert_eq!(haiku().worst(&extent), Some(haiku().cost(2000, 200, 0)));
        assert_eq!(haiku().worst(&Extent { output: None, ..extent }), None);
        let bounded = Price { most_output: Some(50), ..haiku() };
        assert_eq!(bounded.worst(&Extent { output: None, ..extent }), Some(haiku().cost(2000, 100, 0)));
        assert_eq!(Price::default().worst(&Extent { output: None, ..extent }), Some(Money::default()));
    }
}
