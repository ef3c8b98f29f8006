//! Where a search ends, whatever it has found.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What a search may spend. Raising a limit lets a search go on where it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// At most so many probes.
    pub probes: u32,
    /// At most so much time, added up over the probes; one that has begun is finished.
    pub time: Duration,
    /// How often the order is run before "does not reproduce" is said. 29 runs miss a rate of 0.1 in less than 5
    /// % of tries.
    pub reproductions: u32,
    /// How many minimal sequences are looked for.
    pub sequences: u32,
    /// How many cleaners are looked for; 0 spares the probe of the whole suite that it takes to begin.
    pub cleaners: u32,
}

impl Default for Limits {
    /// 1,000 probes, ten minutes, 29 reproductions, three sequences, three cleaners.
    fn default() -> Self {
        Self { probes: 1_000, time: Duration::from_secs(600), reproductions: 29, sequences: 3, cleaners: 3 }
    }
}

/// Which limit ended a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The number of probes.
    Probes,
    /// The time is up.
    Time,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Probes => "the number of probes",
            Self::Time => "the time",
        })
    }
}
