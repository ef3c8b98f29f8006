//! The text by which an answer of a mock provider is told from every other text.
//!
//! A mark is a keyed hash of the round's seed, the trial and the attempt, so that no canned text, no cache of another
//! case and no other provider can carry it by chance. It is plain ASCII, so that it survives JSON, databases and HTML.

use crate::model::{Position, RoundId, Seed, TrialKey};
use serde::{Deserialize, Serialize};
use std::fmt;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const OPEN: &str = "[sf-";
const DIGITS: usize = 10;

/// Text that is unique to one attempt of one trial: ` [sf-k3x7q2m5ab]` at the end of an answer's last text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; DIGITS]);

impl Mark {
    /// The mark of a trial's attempt, counted from 0 over all its model calls.
    pub fn of(seed: Seed, trial: TrialKey, attempt: u32) -> Self {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&trial.round.0.to_le_bytes());
        bytes[4..8].copy_from_slice(&trial.position.0.to_le_bytes());
        bytes[8..].copy_from_slice(&attempt.to_le_bytes());
        let mut hash = seed.derive("mark").hash(&bytes);
        Self(std::array::from_fn(|_| {
            let digit = ALPHABET[(hash & 31) as usize];
            hash >>= 5;
            digit
        }))
    }

    /// The mark of a refusal or an error, which belongs to no trial: its ids only have to differ.
    pub(crate) fn of_nobody(call: u64) -> Self {
        let nobody = TrialKey { round: RoundId(u32::MAX), position: Position(u32::MAX) };
        Self::of(Seed::new(call), nobody, 0)
    }

    /// The ten characters that tell it apart.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text without its marks (and without the blank before each), and the marks in sequence.
    pub fn strip(text: &str) -> (String, Vec<Self>) {
        let mut clean = String::with_capacity(text.len());
        let mut marks = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(OPEN) {
            let (before, from) = rest.split_at(at);
            match Self::read(from) {
                Some(mark) => {
                    clean.push_str(before.strip_suffix(' ').unwrap_or(before));
                    marks.push(mark);
                    rest = &from[OPEN.len() + DIGITS + 1..];
                }
                None => {
                    clean.push_str(before);
                    clean.push_str(OPEN);
                    rest = &from[OPEN.len()..];
                }
            }
        }
        clean.push_str(rest);
        (clean, marks)
    }

    /// The marks of a text.
    pub fn find(text: &str) -> Vec<Self> {
        text.match_indices(OPEN).filter_map(|(at, _)| Self::read(&text[at..])).collect()
    }

    /// Reads a mark at the beginning of a text.
    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(OPEN)?.as_bytes();
        let mark: [u8; DIGITS] = digits.get(..DIGITS)?.try_into().ok()?;
        (digits.get(DIGITS) == Some(&b']') && mark.iter().all(|digit| ALPHABET.contains(digit))).then_some(Self(mark))
    }
}

impl fmt::Display for Mark {
    /// As it stands in a text, without the blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}{}]", self.as_str())
    }
}

impl Serialize for Mark {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("not a mark"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Position, RoundId};
    use proptest::prelude::*;

    fn mark(attempt: u32) -> Mark {
        Mark::of(Seed::new(7), TrialKey { round: RoundId(1), position: Position(2) }, attempt)
    }

    #[test]
    fn each_attempt_has_a_mark_of_its_own_and_the_same_one_again() {
        assert_eq!(mark(0), mark(0));
        assert_ne!(mark(0), mark(1));
        assert_ne!(mark(0), Mark::of(Seed::new(8), TrialKey { round: RoundId(1), position: Position(2) }, 0));
    }

    #[test]
    fn what_only_looks_like_a_mark_stays_in_the_text() {
        for text in ["[sf-", "[sf-short]", "[sf-ABCDEFGHIJ]", "[sf-abcdefghij", "é[sf-é]"] {
            assert_eq!(Mark::strip(text), (text.to_owned(), vec![]));
        }
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn marks_come_out_of_any_text_again(before in "[^\\[]*[^ \\[]", after in "[^\\[]*") {
            let (text, marks) = Mark::strip(&format!("{before} {}{after} {}", mark(0), mark(1)));
            prop_assert_eq!(text, format!("{before}{after}"));
            prop_assert_eq!(marks, vec![mark(0), mark(1)]);
        }

        #[test]
        fn no_text_panics(text in "(\\[sf-)?\\PC*(\\[sf-[a-z2-7]{9,11}\\]?)?\\PC*") {
            let (_, marks) = Mark::strip(&text);
            prop_assert_eq!(marks, Mark::find(&text));
        }
    }
}
