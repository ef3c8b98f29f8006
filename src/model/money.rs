//! Money as expectations and journals compare it: an integer, read from decimal text.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An amount in nano-dollars (10⁻⁹ USD).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `-?digits(.digits)?`, with an optional exponent.
    #[error("`{0}` is not a decimal number")]
    NotDecimal(String),
    /// More than nine billion dollars either way.
    #[error("`{0}` is out of range")]
    OutOfRange(String),
}

const NANO: i128 = 1_000_000_000;

impl Money {
    /// An amount in nano-dollars.
    pub fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount in nano-dollars.
    pub fn nanos(self) -> i64 {
        self.0
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads decimal text, exponents included; what lies beyond nine places is rounded half away from zero.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::NotDecimal(text.to_owned());
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| bad())?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() || !whole.chars().chain(fraction.chars()).all(|c| c.is_ascii_digit())
        {
            return Err(bad());
        }
        let out_of_range = || MoneyError::OutOfRange(text.to_owned());
        let mut value: i128 = 0;
        let mut places: i32 = 0;
        for (index, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
            // Thirty digits are far beyond what counts; the rest only moves the point.
            if value < 10_i128.pow(30) {
                value = value * 10 + i128::from(digit - b'0');
                places += i32::from(index >= whole.len());
            } else {
                places -= i32::from(index < whole.len());
            }
        }
        let shift = i64::from(9 - places) + i64::from(exponent);
        let nanos = if value == 0 {
            0
        } else if shift >= 0 {
            let factor = u32::try_from(shift).ok().filter(|s| *s <= 18).ok_or_else(out_of_range)?;
            value.checked_mul(10_i128.pow(factor)).ok_or_else(out_of_range)?
        } else {
            match u32::try_from(-shift).ok().filter(|s| *s <= 36) {
                Some(places) => {
                    let divisor = 10_i128.pow(places);
                    (value + divisor / 2) / divisor
                }
                None => 0,
            }
        };
        let nanos = i64::try_from(if negative { -nanos } else { nanos }).map_err(|_| out_of_range())?;
        Ok(Self(nanos))
    }
}

impl fmt::Display for Money {
    /// Decimal dollars without trailing zeros beyond cents: `30.50`, `0.000125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = i128::from(self.0);
        let sign = if value < 0 { "-" } else { "" };
        let (whole, fraction) = (value.abs() / NANO, value.abs() % NANO);
        let mut fraction = format!("{fraction:09}");
        while fraction.len() > 2 && fraction.ends_with('0') {
            fraction.pop();
        }
        f.pad(&format!("{sign}{whole}.{fraction}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, nanos: i64) {
        assert_eq!(text.parse(), Ok(Money::from_nanos(nanos)), "{text}");
    }

    #[test]
    fn decimal_text_is_read_exactly() {
        check("30.50", 30_500_000_000);
        check("-0.000000001", -1);
        check("1e-9", 1);
        check("1.5E3", 1_500_000_000_000);
        check("0.30000000000000004", 300_000_000);
        check(".5", 500_000_000);
        check("0e99", 0);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "abc", "1.2.3", "1e", "--1", "1_000", "١"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
        assert!(matches!("1e30".parse::<Money>(), Err(MoneyError::OutOfRange(_))));
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn text_and_amount_round_trip(nanos in any::<i64>()) {
            let money = Money::from_nanos(nanos);
            prop_assert_eq!(money.to_string().parse(), Ok(money));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE]{0,80}") {
            let _ = text.parse::<Money>();
        }
    }
}
