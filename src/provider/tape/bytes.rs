//! Bytes in a line of JSON: as text where they are text, else in hexadecimal digits.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::Write;

/// Bytes of a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

/// How bytes are written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Text(String),
    Hex(String),
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match std::str::from_utf8(&self.0) {
            Ok(text) => Written::Text(text.to_owned()),
            Err(_) => Written::Hex(self.0.iter().fold(String::new(), |mut hex, byte| {
                _ = write!(hex, "{byte:02x}");
                hex
            })),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.into_bytes())),
            Written::Hex(hex) => {
                let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
                let digits = digits.filter(|digits| digits.len() % 2 == 0);
                let digits =
                    digits.ok_or_else(|| serde::de::Error::custom("`hex` holds pairs of hexadecimal digits"))?;
                Ok(Self(digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn bytes_survive_their_way_through_a_line(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let line = serde_json::to_string(&Bytes(bytes.clone())).expect("it serialises");
            prop_assert_eq!(serde_json::from_str::<Bytes>(&line).expect("it was written so"), Bytes(bytes));
        }
    }

    #[test]
    fn digits_that_are_none_are_refused() {
        for line in [r#"{"hex": "abc"}"#, r#"{"hex": "zz"}"#, r#"{"hex": "é0"}"#, "{}"] {
            assert!(serde_json::from_str::<Bytes>(line).is_err(), "{line}");
        }
    }
}
