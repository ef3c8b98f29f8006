//! What a run may cost beyond its plan.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long rounds go on where the plan is not fixed, in times of one declared round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effort(u32);

/// Why a text is no effort.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an effort; expected quick, default, thorough, or a number of suite times such as 25")]
pub struct EffortError(String);

impl Effort {
    /// Nothing beyond the plan.
    pub const QUICK: Self = Self(0);
    /// What a suite is worth on each change.
    pub const DEFAULT: Self = Self(10);
    /// What it is worth in a night.
    pub const THOROUGH: Self = Self(100);

    /// How long rounds go on, counted from the first one: so many times a declared round, and at least so many seconds.
    pub fn budget(self, declared: Duration) -> Duration {
        (declared * self.0).max(Duration::from_secs(u64::from(self.0)))
    }

    /// Whether rounds are added to the plan at all.
    pub fn adds(self) -> bool {
        self.0 > 0
    }
}

impl Default for Effort {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::QUICK => f.pad("quick"),
            Self::DEFAULT => f.pad("default"),
            Self::THOROUGH => f.pad("thorough"),
            Self(times) => f.pad(&times.to_string()),
        }
    }
}

impl FromStr for Effort {
    type Err = EffortError;

    fn from_str(text: &str) -> Result<Self, EffortError> {
        match text {
            "quick" => Ok(Self::QUICK),
            "default" => Ok(Self::DEFAULT),
            "thorough" => Ok(Self::THOROUGH),
            number => match number.parse() {
                Ok(times @ 1..=100_000) => Ok(Self(times)),
                _ => Err(EffortError(text.to_owned())),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_effort_round_trip() {
        for text in ["quick", "default", "thorough", "1", "25"] {
            assert_eq!(text.parse::<Effort>().map(|effort| effort.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "0", "-1", "much", "1.5", "100001"] {
            assert!(text.parse::<Effort>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_suite_that_takes_no_time_gets_seconds() {
        let budget = |millis| Effort::DEFAULT.budget(Duration::from_millis(millis));
        assert_eq!((budget(5), budget(60_000)), (Duration::from_secs(10), Duration::from_secs(600)));
        assert_eq!(Effort::QUICK.budget(Duration::from_secs(5)), Duration::ZERO);
    }
}
