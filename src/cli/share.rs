//! How much of a run is done, for a bar that ends when the run does.

/// What a bar shows as long as the run goes on, of a thousand: it is full at the end alone.
const MOST: u64 = 990;

/// How much of a run is done.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// What the whole run takes, in milliseconds, once there is a forecast.
    expected: Option<u64>,
    /// What was shown last: a bar never goes back.
    shown: u64,
}

impl Share {
    /// There is a forecast of the whole run.
    pub fn expect(&mut self, millis: u64) {
        self.expected = Some(millis);
    }

    /// How much is done after so many milliseconds, of a thousand. Before there is a forecast, the rounds that have ended
    /// tell, of so many.
    pub fn at(&mut self, millis: u64, rounds: (u64, u64)) -> u64 {
        let (part, whole) = match self.expected {
            Some(expected) => (millis, expected),
            // The rounds are not all.
            None => (rounds.0, rounds.1.saturating_mul(2)),
        };
        let share = part.saturating_mul(1000) / whole.max(1);
        self.shown = share.min(MOST).max(self.shown);
        self.shown
    }

    /// How many milliseconds are left, as far as a forecast tells.
    pub fn left(&self, millis: u64) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_with_the_time_and_is_not_full_before_the_end() {
        let mut share = Share::default();
        assert_eq!((share.at(100, (1, 10)), share.left(100)), (50, None));
        share.expect(10_000);
        assert_eq!((share.at(1_000, (3, 10)), share.left(1_000)), (100, Some(9_000)));
        assert_eq!(share.at(5_000, (10, 10)), 500, "rounds that have ended are not the end of the run");
        share.expect(20_000);
        assert_eq!(share.at(6_000, (10, 10)), 500, "it does not go back");
        assert_eq!((share.at(30_000, (10, 10)), share.left(30_000)), (990, Some(0)));
    }
}
