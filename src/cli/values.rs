//! Values of arguments that are more than words: durations, shares, days.

use crate::model::{Money, MoneyError};
use jiff::civil::Date;
use std::time::Duration;

/// Why a text is no value of its argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error("`{0}` is no duration: write 500ms, 90s, 10m or 2h")]
    Duration(String),
    #[error("`{0}` is no time at all")]
    ZeroDuration(String),
    #[error("`{0}` is no share: a number between 0 and 1 is wanted, such as 0.01")]
    Share(String),
    #[error("`{0}` is no day: write 2026-12-31")]
    Day(String),
    #[error("`{0}` is no provider: write a name, or NAME=URL")]
    Provider(String),
    #[error("`{0}` names no model: write NAME=MODEL")]
    Model(String),
    #[error("`{0}` is not an address; expected a port, or one such as `10.0.0.5:9464`")]
    Address(String),
    #[error("`{0}` is less than nothing")]
    BelowZero(String),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// A duration such as `500ms`, `90s`, `10m` or `2h`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, ValueError> {
    let wanted = || ValueError::Duration(text.to_owned());
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wanted)?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wanted())?;
    let seconds = match unit.trim() {
        "ms" => number / 1e3,
        "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wanted()),
    };
    match Duration::try_from_secs_f64(seconds) {
        Ok(Duration::ZERO) => Err(ValueError::ZeroDuration(text.to_owned())),
        Ok(duration) => Ok(duration),
        Err(_) => Err(wanted()),
    }
}

/// A number between 0 and 1, without these.
pub(super) fn parse_share(text: &str) -> Result<f64, ValueError> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err(ValueError::Share(text.to_owned())),
    }
}

/// A day such as `2026-12-31`.
pub(super) fn parse_day(text: &str) -> Result<Date, ValueError> {
    text.parse().map_err(|_| ValueError::Day(text.to_owned()))
}

/// A provider that is real, and where it is.
pub(super) fn parse_live(text: &str) -> Result<(String, Option<String>), ValueError> {
    let (name, url) = match text.split_once('=') {
        Some((name, url)) => (name, Some(url.trim().to_owned())),
        None => (text, None),
    };
    if name.trim().is_empty() || url.as_deref() == Some("") {
        return Err(ValueError::Provider(text.to_owned()));
    }
    Ok((name.trim().to_owned(), url))
}

/// A provider and one of its models.
pub(super) fn parse_model(text: &str) -> Result<(String, String), ValueError> {
    match text.split_once('=').map(|(name, model)| (name.trim(), model.trim())) {
        Some((name, model)) if !name.is_empty() && !model.is_empty() => Ok((name.to_owned(), model.to_owned())),
        _ => Err(ValueError::Model(text.to_owned())),
    }
}

/// An amount of money that is none below zero.
pub(super) fn parse_money(text: &str) -> Result<Money, ValueError> {
    let money: Money = text.parse()?;
    if money >= Money::default() { Ok(money) } else { Err(ValueError::BelowZero(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("10m"), Ok(Duration::from_secs(600)));
        for text in ["", "10", "m", "1d", "-1s", "0s", "1e400h", "s10"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_lie_between_nothing_and_all() {
        assert_eq!(parse_share("0.01"), Ok(0.01));
        for text in ["0", "1", "-0.1", "nan", "x"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }
}
