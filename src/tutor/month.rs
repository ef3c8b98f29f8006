//! The calendar month of a call, in UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month in which an instant lies.
    pub(super) fn of(instant: Timestamp) -> Self {
        let day = utc_day(instant);
        Self { year: day.year(), month: day.month() }
    }

    /// The month before.
    pub(super) fn previous(self) -> Self {
        match self.month {
            1 => Self { year: self.year - 1, month: 12 },
            month => Self { month: month - 1, ..self },
        }
    }

    /// A number that orders months, such as 202611.
    pub(super) fn key(self) -> i64 {
        i64::from(self.year) * 100 + i64::from(self.month)
    }
}

/// The day of the month, from 1.
pub(super) fn day_of_month(instant: Timestamp) -> i64 {
    i64::from(utc_day(instant).day())
}

/// How many days the month of an instant has.
pub(super) fn days_in_month(instant: Timestamp) -> i64 {
    i64::from(utc_day(instant).days_in_month())
}

fn utc_day(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn the_month_turns_at_midnight_utc() {
        assert_eq!(Month::of(at("2026-11-30T23:59:59.999Z")).key(), 202_611);
        assert_eq!(Month::of(at("2026-12-01T00:00:00Z")).key(), 202_612);
        assert_eq!(Month::of(at("2026-12-01T00:00:00Z")).previous().key(), 202_611);
        assert_eq!(Month::of(at("2027-01-31T00:00:00Z")).previous().key(), 202_612);
        assert_eq!(Month::of(at("2026-12-01T00:30:00+01:00")).key(), 202_611);
    }

    #[test]
    fn a_leap_february_has_29_days() {
        assert_eq!(days_in_month(at("2028-02-10T00:00:00Z")), 29);
        assert_eq!(days_in_month(at("2026-02-10T00:00:00Z")), 28);
        assert_eq!(day_of_month(at("2026-02-10T23:59:59Z")), 10);
    }
}
