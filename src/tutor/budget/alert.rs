//! How far the month's budget is used up.

use super::super::usd::Usd;
use serde::Serialize;

/// The share of the limit that settled costs have used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum AlertLevel {
    Green,
    Yellow,
    Orange,
    Red,
    Critical,
}

impl AlertLevel {
    pub(in super::super) fn of(used: Usd, limit: Usd) -> Self {
        let reaches = |percent: i128| i128::from(used.nanos()) * 100 >= i128::from(limit.nanos()) * percent;
        if limit <= Usd::ZERO || reaches(100) {
            Self::Critical
        } else if reaches(90) {
            Self::Red
        } else if reaches(75) {
            Self::Orange
        } else if reaches(50) {
            Self::Yellow
        } else {
            Self::Green
        }
    }

    /// From here on only the local provider is asked.
    pub(in super::super) fn is_local_only(self) -> bool {
        self >= Self::Red
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(used: &str, expected: AlertLevel) {
        let used = Usd::parse(used).expect("an amount");
        assert_eq!(AlertLevel::of(used, Usd::dollars(30)), expected, "{used} of 30");
    }

    #[test]
    fn every_boundary_belongs_to_the_worse_level() {
        check("0", AlertLevel::Green);
        check("14.999999999", AlertLevel::Green);
        check("15", AlertLevel::Yellow);
        check("22.499999999", AlertLevel::Yellow);
        check("22.5", AlertLevel::Orange);
        check("26.999999999", AlertLevel::Orange);
        check("27", AlertLevel::Red);
        check("29.999999999", AlertLevel::Red);
        check("30", AlertLevel::Critical);
        check("31", AlertLevel::Critical);
    }

    #[test]
    fn a_limit_of_zero_is_critical() {
        assert_eq!(AlertLevel::of(Usd::ZERO, Usd::ZERO), AlertLevel::Critical);
    }

    #[test]
    fn only_red_and_critical_are_local_only() {
        assert!(!AlertLevel::Orange.is_local_only());
        assert!(AlertLevel::Red.is_local_only());
        assert!(AlertLevel::Critical.is_local_only());
    }
}
