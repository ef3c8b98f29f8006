//! The one number from which all randomness of a run derives.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

/// A seed of 64 bits, written as 16 hex digits. Derived by label, so that what one consumer draws
/// never moves what another one draws.
///
/// ```
/// use steadfast::model::Seed;
///
/// let root: Seed = "c0ffee".parse()?;
/// assert_eq!(root.to_string(), "0000000000c0ffee");
/// assert_eq!(root.derive("round 1"), root.derive("round 1"));
/// assert_ne!(root.derive("round 1"), root.derive("round 2"));
/// # Ok::<(), steadfast::model::SeedError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(u64);

/// Why a text is no seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a seed: up to 16 hex digits are wanted, such as 00c0ffee00c0ffee")]
pub struct SeedError(String);

impl Seed {
    /// A seed from its number.
    pub fn new(value: u64) -> Self {
        Self(value)
    }

    /// The seed as a number.
    pub fn value(self) -> u64 {
        self.0
    }

    /// A seed of its own for `label`: SipHash-2-4 keyed with this one.
    pub fn derive(self, label: &str) -> Self {
        Self(self.hash(label.as_bytes()))
    }

    /// The hash seed (`PYTHONHASHSEED`) of this seed that `label` names.
    pub fn for_hashes(self, label: &str) -> u32 {
        (self.derive(&format!("hash seed {label}")).value() >> 32) as u32
    }

    /// The keyed hash of some bytes. Strong enough that orders sorted by it are uniform, unlike CRC32,
    /// which is affine and reaches few orders.
    pub fn hash(self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.0, 0x7374_6561_6466_6173);
        hasher.write(bytes);
        hasher.finish()
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Self, SeedError> {
        let digits = text.trim().trim_start_matches("0x");
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match u64::from_str_radix(digits, 16) {
            Ok(value) if plain => Ok(Self(value)),
            _ => Err(SeedError(text.to_owned())),
        }
    }
}

impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_give_seeds_of_their_own() {
        let root = Seed::new(1);
        assert_ne!(root.derive("a"), root.derive("b"));
        assert_eq!(root.derive("a"), Seed::new(1).derive("a"));
        assert_ne!(root.derive("a"), Seed::new(2).derive("a"));
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        for text in ["", "xyz", "+1", "11112222333344445", "-1"] {
            assert!(text.parse::<Seed>().is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn text_and_seed_round_trip(value in any::<u64>()) {
            prop_assert_eq!(Seed::new(value).to_string().parse(), Ok(Seed::new(value)));
        }
    }
}
