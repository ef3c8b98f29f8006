//! The tutor's money: one limit a calendar month, admission by reservation, settlement exactly once.

mod alert;
mod ledger;
mod status;

pub(super) use alert::AlertLevel;
pub(super) use ledger::{Ledger, Reservation};
pub(super) use status::{Status, percentage};

use super::defect::{Defect, Defects};
use super::usd::Usd;

/// The money of one month at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) limit: Usd,
    /// What settled calls have cost.
    pub(super) used: Usd,
    /// Estimates of calls under way.
    pub(super) reserved: Usd,
    pub(super) defects: Defects,
}

impl Budget {
    /// What is left for calls that have not begun; never below zero, so that what is free always fits.
    pub(super) fn left(&self) -> Usd {
        (self.limit - self.used - self.reserved).max(Usd::ZERO)
    }

    /// Whether a call of this estimated cost may start.
    pub(super) fn fits(&self, estimate: Usd) -> bool {
        if self.defects.has(Defect::LastCentRefused) {
            return estimate < self.left();
        }
        estimate <= self.left()
    }

    /// Reservations don't move the alert.
    pub(super) fn alert(&self) -> AlertLevel {
        if self.defects.has(Defect::FullBudgetIsRed) && self.used == self.limit && self.limit > Usd::ZERO {
            return AlertLevel::Red;
        }
        AlertLevel::of(self.used, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limit: i64, used: i64, reserved: i64) -> Budget {
        Budget {
            limit: Usd::from_nanos(limit),
            used: Usd::from_nanos(used),
            reserved: Usd::from_nanos(reserved),
            defects: Defects::none(),
        }
    }

    #[test]
    fn what_is_exactly_left_fits_and_a_nano_dollar_more_does_not() {
        let budget = budget(100, 60, 30);
        assert!(budget.fits(Usd::from_nanos(10)));
        assert!(!budget.fits(Usd::from_nanos(11)));
    }

    #[test]
    fn what_is_free_fits_an_exceeded_budget() {
        assert!(budget(100, 200, 0).fits(Usd::ZERO));
        assert!(!budget(100, 200, 0).fits(Usd::from_nanos(1)));
    }

    #[test]
    fn reservations_do_not_move_the_alert() {
        assert_eq!(budget(100, 49, 51).alert(), AlertLevel::Green);
    }
}
