//! A short name for content: equal content, equal hash, on every machine.

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::fmt;
use std::hash::Hasher;

/// 128 bits of SipHash-2-4 (Aumasson and Bernstein, 2012) with a fixed key, as 32 hex digits.
///
/// It tells content apart; it is no defence against somebody who makes collisions on purpose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    /// Hashes parts in sequence. Each part's length goes in as well, so `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut hasher = SipHasher24::new();
        for part in parts {
            let part = part.as_ref();
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        Self(format!("{:032x}", hasher.finish128().as_u128()))
    }

    /// The hash as hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits, for file names.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_parts_end_is_part_of_the_content() {
        assert_ne!(ContentHash::of(["ab", "c"]), ContentHash::of(["a", "bc"]));
        assert_eq!(ContentHash::of(["ab", "c"]), ContentHash::of(["ab", "c"]));
    }
}
