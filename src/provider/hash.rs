//! What tells the bodies of requests apart.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Tells request bodies apart, byte by byte: an SDK's retry has its first attempt's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BodyHash(pub u64);

impl BodyHash {
    /// The hash of a body.
    pub fn of(body: &[u8]) -> Self {
        let mut hasher = SipHasher24::new();
        hasher.write(body);
        Self(hasher.finish())
    }
}
