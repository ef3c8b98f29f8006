//! A scalar as written, and what it is by YAML 1.2's core schema.

/// A scalar as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// Its text, escapes resolved. Money is read from this, never from a float.
    pub(crate) text: String,
    /// Whether it can be something else than a text: quoted and block scalars can't.
    pub(crate) plain: bool,
}

/// What a scalar is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Typed {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text,
}

impl Scalar {
    /// A scalar without quotes.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), plain: true }
    }

    /// What it is. `no`, `on` and the like are texts: `language: no` is Norwegian.
    pub(crate) fn typed(&self) -> Typed {
        if !self.plain {
            return Typed::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Typed::Null,
            "true" | "True" | "TRUE" => Typed::Boolean(true),
            "false" | "False" | "FALSE" => Typed::Boolean(false),
            text => number(text),
        }
    }
}

impl Typed {
    /// What it is, for a message.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text => "a text",
        }
    }
}

/// An integer within 64 bits, a finite float, or else a text.
fn number(text: &str) -> Typed {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0x") {
        return integer(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return integer(digits, 8);
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        if let Some(value) =
            text.parse::<i128>().ok().filter(|v| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(v))
        {
            return Typed::Integer(value);
        }
    } else if !looks_like_a_float(unsigned) {
        return Typed::Text;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Typed::Float(value),
        _ => Typed::Text,
    }
}

fn integer(digits: &str, radix: u32) -> Typed {
    match u64::from_str_radix(digits, radix) {
        Ok(value) if !digits.starts_with('+') => Typed::Integer(i128::from(value)),
        _ => Typed::Text,
    }
}

/// `[0-9]*.?[0-9]*([eE][-+]?[0-9]+)?` with a digit before the exponent.
fn looks_like_a_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Typed) {
        assert_eq!(Scalar::plain(text).typed(), expected, "{text}");
    }

    #[test]
    fn a_scalar_is_what_the_core_schema_says() {
        check("", Typed::Null);
        check("~", Typed::Null);
        check("True", Typed::Boolean(true));
        check("no", Typed::Text);
        check("+10", Typed::Integer(10));
        check("-3", Typed::Integer(-3));
        check("0x1F", Typed::Integer(31));
        check("30.50", Typed::Float(30.5));
        check("1e3", Typed::Float(1000.0));
        check(".5", Typed::Float(0.5));
        check("1e999", Typed::Text);
        check(".inf", Typed::Text);
        check("inf", Typed::Text);
        check("1.2.3", Typed::Text);
        check("e5", Typed::Text);
        check("18446744073709551615", Typed::Integer(18_446_744_073_709_551_615));
        check("99999999999999999999999", Typed::Float(1e23));
        assert_eq!(Scalar { text: "5".into(), plain: false }.typed(), Typed::Text);
    }
}
