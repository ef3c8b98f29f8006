//! How many rounds of a fleet end in a second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Rounds that ended longer ago don't count, as long as there are enough others.
const LATELY: Duration = Duration::from_secs(60);

/// The fewest rounds that tell a pace.
const FEWEST: usize = 5;

/// The most rounds that are remembered.
const MOST: usize = 10_000;

/// When rounds ended.
#[derive(Debug, Default)]
pub(super) struct Rate {
    ended: VecDeque<Instant>,
}

impl Rate {
    /// A round ended.
    pub fn ended(&mut self, at: Instant) {
        self.ended.push_back(at);
        if self.ended.len() > MOST {
            self.ended.pop_front();
        }
        while self.ended.len() > FEWEST && self.ended.front().is_some_and(|first| at.duration_since(*first) > LATELY) {
            self.ended.pop_front();
        }
    }

    /// How many rounds end in a second; `None` while too few have.
    pub fn per_second(&self, now: Instant) -> Option<f64> {
        let first = *self.ended.front().filter(|_| self.ended.len() >= FEWEST)?;
        let seconds = now.duration_since(first).as_secs_f64();
        // The first one began the time that the others took.
        (seconds > 0.0).then(|| (self.ended.len() - 1) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_of_what_happened_lately() {
        let (begun, mut rate) = (Instant::now(), Rate::default());
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        for second in 0..4 {
            rate.ended(at(second));
        }
        assert_eq!(rate.per_second(at(4)), None, "too few");
        rate.ended(at(4));
        assert_eq!(rate.per_second(at(4)), Some(1.0));
        // Nothing ends any more: the pace falls.
        assert_eq!(rate.per_second(at(8)), Some(0.5));
        // Two a second, long after: the first ones don't count.
        for half in 0..200_u64 {
            rate.ended(at(1000) + Duration::from_millis(500 * half));
        }
        let pace = rate.per_second(at(1000) + Duration::from_millis(500 * 199)).expect("a pace");
        assert!((pace - 2.0).abs() < 0.05, "{pace}");
    }
}
