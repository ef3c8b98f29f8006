//! Noise around rounds, so that rare races show sooner.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The noise that a round is played under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stress {
    /// Threads that are busy beside the round, now and then.
    Cpu,
    /// Providers that answer a little later, each answer as much later as chance wants it, so that answers
    /// overtake each other.
    Latency,
}

/// A word that is no stress.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no stress: cpu or latency is wanted")]
pub struct UnknownStress(String);

impl Stress {
    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Latency => "latency",
        }
    }
}

impl fmt::Display for Stress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Stress {
    type Err = UnknownStress;

    fn from_str(text: &str) -> Result<Self, UnknownStress> {
        [Self::Cpu, Self::Latency]
            .into_iter()
            .find(|stress| stress.as_str() == text)
            .ok_or_else(|| UnknownStress(text.to_owned()))
    }
}
