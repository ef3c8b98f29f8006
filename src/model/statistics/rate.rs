//! Numbers between 0 and 1 that mean something: how sure, and how often.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a number is no rate or no confidence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RateError {
    /// Not a number at all.
    #[error("`{0}` is not a number: a share between 0 and 1 is wanted, such as 0.01")]
    NotANumber(String),
    /// Outside the open interval (0, 1).
    #[error("{0} is out of range: it must lie between 0 and 1, both excluded")]
    OutOfRange(f64),
}

/// How sure a statement is: the share of such statements that are true, strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Confidence(f64);

/// How often something fails, strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(f64);

impl Confidence {
    /// The usual confidence: 95 %.
    pub const USUAL: Self = Self(0.95);

    /// A confidence from its share.
    pub fn new(share: f64) -> Result<Self, RateError> {
        inside(share).map(Self)
    }

    /// The share, such as 0.95.
    pub fn share(self) -> f64 {
        self.0
    }

    /// What is left to chance, such as 0.05.
    pub fn risk(self) -> f64 {
        1.0 - self.0
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::USUAL
    }
}

impl Rate {
    /// A rate from its share.
    pub fn new(share: f64) -> Result<Self, RateError> {
        inside(share).map(Self)
    }

    /// The share, such as 0.01.
    pub fn share(self) -> f64 {
        self.0
    }
}

fn inside(share: f64) -> Result<f64, RateError> {
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(RateError::OutOfRange(share)) }
}

macro_rules! text_and_number {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = RateError;

            fn from_str(text: &str) -> Result<Self, RateError> {
                let share = text.trim().parse().map_err(|_| RateError::NotANumber(text.to_owned()))?;
                Self::new(share)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl TryFrom<f64> for $name {
            type Error = RateError;

            fn try_from(share: f64) -> Result<Self, RateError> {
                Self::new(share)
            }
        }

        impl From<$name> for f64 {
            fn from(value: $name) -> f64 {
                value.0
            }
        }
    };
}

text_and_number!(Confidence);
text_and_number!(Rate);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["0", "1", "-0.1", "95", "NaN", "inf", "", "5 %"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
            assert!(text.parse::<Confidence>().is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn text_and_rate_round_trip(share in 1e-9..0.999_999_f64) {
            let rate = Rate::new(share).expect("in range");
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }
    }
}
