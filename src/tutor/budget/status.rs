//! The budget as a learner is shown it.

use super::super::defect::Defect;
use super::super::month::{day_of_month, days_in_month};
use super::super::usd::Usd;
use super::{AlertLevel, Budget};
use jiff::Timestamp;
use serde::Serialize;

/// Answer of `GET /budget`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct Status {
    total_budget: Usd,
    used_budget: Usd,
    remaining_budget: Usd,
    reserved: Usd,
    percentage_used: f64,
    alert_level: AlertLevel,
    days_remaining: i64,
    projected_monthly_cost: Usd,
    is_over_budget: bool,
}

impl Status {
    pub(in super::super) fn at(now: Timestamp, budget: &Budget) -> Self {
        Self {
            total_budget: budget.limit,
            used_budget: budget.used,
            remaining_budget: (budget.limit - budget.used).max(Usd::ZERO),
            reserved: budget.reserved,
            percentage_used: percentage(budget.used, budget.limit),
            alert_level: budget.alert(),
            days_remaining: days_in_month(now) - day_of_month(now),
            projected_monthly_cost: projected(now, budget.used),
            is_over_budget: budget.used > budget.limit
                || budget.defects.has(Defect::OverBudgetAtTheLimit) && budget.used == budget.limit,
        }
    }
}

/// Used over limit in percent, rounded to two places for display; a limit of zero is used up.
pub(in super::super) fn percentage(used: Usd, limit: Usd) -> f64 {
    if limit <= Usd::ZERO {
        return 100.0;
    }
    let hundredths = rounded_quotient(i128::from(used.nanos()) * 10_000, i128::from(limit.nanos()));
    hundredths as f64 / 100.0
}

/// The daily average so far, today included, times the days of the month.
fn projected(now: Timestamp, used: Usd) -> Usd {
    let whole_month = i128::from(used.nanos()) * i128::from(days_in_month(now));
    Usd::from_nanos(rounded_quotient(whole_month, i128::from(day_of_month(now))))
}

fn rounded_quotient(dividend: i128, divisor: i128) -> i64 {
    i64::try_from((dividend + divisor / 2) / divisor).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(now: &str, used: &str) -> Status {
        let used = Usd::parse(used).expect("an amount");
        let budget = Budget { limit: Usd::dollars(30), used, reserved: Usd::dollars(1), defects: Default::default() };
        Status::at(now.parse().expect("an instant"), &budget)
    }

    #[test]
    fn what_remains_is_never_below_zero_and_ignores_reservations() {
        assert_eq!(status("2026-11-10T00:00:00Z", "30.50").remaining_budget, Usd::ZERO);
        assert_eq!(status("2026-11-10T00:00:00Z", "10").remaining_budget, Usd::dollars(20));
    }

    #[test]
    fn over_budget_is_more_than_the_limit() {
        assert!(!status("2026-11-10T00:00:00Z", "30").is_over_budget);
        assert!(status("2026-11-10T00:00:00Z", "30.000000001").is_over_budget);
    }

    #[test]
    fn the_projection_is_the_daily_average_times_the_days_of_the_month() {
        assert_eq!(status("2026-11-10T23:00:00Z", "5").projected_monthly_cost, Usd::dollars(15));
        assert_eq!(status("2026-12-31T23:00:00Z", "5").projected_monthly_cost, Usd::dollars(5));
        assert_eq!(status("2026-12-01T00:00:00Z", "1").projected_monthly_cost, Usd::dollars(31));
    }

    #[test]
    fn days_remaining_are_the_days_after_today() {
        assert_eq!(status("2026-11-01T00:00:00Z", "0").days_remaining, 29);
        assert_eq!(status("2026-11-30T23:59:59Z", "0").days_remaining, 0);
    }

    #[test]
    fn the_percentage_is_rounded_to_two_places() {
        assert_eq!(status("2026-11-10T00:00:00Z", "30.50").percentage_used, 101.67);
        assert_eq!(status("2026-11-10T00:00:00Z", "15").percentage_used, 50.0);
        assert_eq!(percentage(Usd::ZERO, Usd::ZERO), 100.0);
    }
}
