//! Money: integer nano-dollars inside, decimal text outside.

use serde::{Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

/// An amount in nano-dollars (10⁻⁹ USD).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i64);

/// Why a text is no amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal amount of at most nine places")]
pub struct NotAnAmount(String);

const NANOS: i64 = 1_000_000_000;

impl Usd {
    /// No money at all.
    pub const ZERO: Self = Self(0);

    /// An amount in nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// An amount in whole dollars.
    pub const fn dollars(dollars: i32) -> Self {
        Self(dollars as i64 * NANOS)
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Reads `30`, `30.50` or `-0.000000001`; more than nine places are refused, since they can't be kept.
    ///
    /// # Errors
    /// If the text is anything else or out of range.
    pub fn parse(text: &str) -> Result<Self, NotAnAmount> {
        let refuse = || NotAnAmount(text.to_owned());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 9 || !all_digits {
            return Err(refuse());
        }
        let nanos = format!("{whole}{fraction:0<9}").parse::<i64>().map_err(|_| refuse())?;
        Ok(Self(if negative { -nanos } else { nanos }))
    }

    /// The amount that a JSON number stands for: its shortest decimal text, rounded to nine places.
    ///
    /// # Errors
    /// If it is out of range.
    pub fn from_json_number(number: f64) -> Result<Self, NotAnAmount> {
        Self::parse(&number.to_string()).or_else(|_| Self::parse(&format!("{number:.9}")))
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Usd {
    /// Dollars with at least two and at most nine places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let mut fraction = format!("{:09}", nanos % NANOS.unsigned_abs());
        while fraction.len() > 2 && fraction.ends_with('0') {
            fraction.pop();
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{fraction}", nanos / NANOS.unsigned_abs())
    }
}

impl Serialize for Usd {
    /// A JSON number. The nearest double of an amount below eight million dollars prints as exactly that amount.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / NANOS as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_text_is_read_exactly_and_anything_else_is_refused() {
        assert_eq!(Usd::parse("30.50"), Ok(Usd(30_500_000_000)));
        assert_eq!(Usd::parse("-0.000000001"), Ok(Usd(-1)));
        for text in ["", ".", ".5", "1.0000000001", "1e3", "abc", "--1", "99999999999999"] {
            assert!(Usd::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_json_number_is_meant_as_it_is_written() {
        assert_eq!(Usd::from_json_number(0.1 + 0.2), Ok(Usd(300_000_000)));
        assert_eq!(Usd::from_json_number(30.5), Ok(Usd(30_500_000_000)));
        assert!(Usd::from_json_number(f64::INFINITY).is_err());
        assert!(Usd::from_json_number(1e300).is_err());
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn text_and_amount_round_trip(nanos in -9_000_000_000_000_000i64..9_000_000_000_000_000) {
            prop_assert_eq!(Usd::parse(&Usd(nanos).to_string()), Ok(Usd(nanos)));
        }

        #[test]
        fn json_shows_exactly_the_amount(nanos in 0i64..8_000_000_000_000_000) {
            let shown = serde_json::to_string(&Usd(nanos)).expect("a number");
            let read: f64 = shown.parse().expect("a number");
            prop_assert_eq!(Usd::from_json_number(read), Ok(Usd(nanos)));
        }
    }
}
