//! What a run is expected to take: its rounds, the diagnosis of what fails, the look for leaks, and its own runner.

use crate::app::Effort;
use crate::record::Record;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What the diagnosis of one way of failing takes, beside half a round of all cases. Measured with
/// the suites of `fixtures/suites`.
const EXAMINED: Duration = Duration::from_millis(1_500);

/// What the look for leaks takes, beside a round of all cases.
const LEAKS: Duration = Duration::from_secs(3);

/// What a round takes beside its cases, where each is a fork of a runner.
const FORK: Duration = Duration::from_millis(30);

/// What is needed for a forecast.
#[derive(Debug)]
pub(super) struct Forecast {
    /// The cases of one whole round.
    pub cases: usize,
    /// The trials of the whole plan.
    pub trials: usize,
    /// The rounds of the plan.
    pub rounds: u32,
    /// Rounds side by side.
    pub jobs: usize,
    /// How long rounds are added to the plan.
    pub effort: Effort,
    /// Whether each round is a fork of a runner that has collected the suite.
    pub forks: bool,
    /// How often the subject is started again for the plan's rounds; starting it takes no time where this is 0.
    pub starts: u32,
    /// Whether leaks are looked for.
    pub accounts: bool,
    /// Whether the subject's own runner is asked at the end.
    pub asks_own_runner: bool,
    /// When the run ends whatever is left.
    pub max_time: Option<Duration>,
    /// When it began.
    pub begun: Instant,
    /// What the first round took, and the start before it; once known.
    pub first: Option<First>,
}

/// What the first round of all cases showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub round: Duration,
    pub start: Duration,
}

impl Forecast {
    /// For a session that plans nothing.
    pub fn none() -> Self {
        Self {
            cases: 0,
            trials: 0,
            rounds: 0,
            jobs: 1,
            effort: Effort::QUICK,
            forks: false,
            starts: 0,
            accounts: false,
            asks_own_runner: false,
            max_time: None,
            begun: Instant::now(),
            first: None,
        }
    }

    /// Whether a first round of so many cases tells something that is not known yet.
    pub fn awaits(&self, cases: usize) -> bool {
        self.first.is_none() && self.rounds > 1 && cases >= self.cases
    }

    /// What the whole run takes, once a round of all cases took `round`.
    pub fn after_first(&mut self, round: Duration, record: &Record) -> Duration {
        let start = if self.starts == 0 { Duration::ZERO } else { self.begun.elapsed().saturating_sub(round) };
        let first = First { round, start };
        self.first = Some(first);
        let cases = u32::try_from(self.cases.max(1)).unwrap_or(u32::MAX);
        let around = if self.forks { FORK * self.rounds } else { Duration::ZERO };
        let trials = round.mul_f64(self.trials as f64 / f64::from(cases));
        let plan = (trials + around).div_f64(self.jobs.max(1) as f64) + start * self.starts;
        self.limited(start + plan.max(self.effort.budget(round)) + self.rest(first, record))
    }

    /// What the whole run takes, once its rounds have ended; `None` where no round of all cases did.
    pub fn after_rounds(&self, record: &Record) -> Option<Duration> {
        self.first.map(|first| self.limited(self.begun.elapsed() + self.rest(first, record)))
    }

    /// What follows the rounds.
    fn rest(&self, first: First, record: &Record) -> Duration {
        let failures = record.failures.values().filter_map(|seen| seen.first()?.outcome.failure());
        // Cases that fail alike are examined once.
        let ways: BTreeSet<&str> = failures.map(|failure| failure.fingerprint.as_str()).collect();
        let diagnosis = (EXAMINED + first.round / 2) * u32::try_from(ways.len()).unwrap_or(u32::MAX);
        let leaks = if self.accounts { first.round + LEAKS } else { Duration::ZERO };
        let own = if self.asks_own_runner { first.start + first.round } else { Duration::ZERO };
        diagnosis + leaks + own
    }

    fn limited(&self, whole: Duration) -> Duration {
        self.max_time.map_or(whole, |limit| whole.min(limit))
    }
}
