//! Indices that are not to be taken for each other: of a case among all cases, and of a trial within its round.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The index of a case: its place in declared order, as the run's header lists the cases, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseIndex(pub u32);

/// A place in the order of a round, from 0. An order may name a case twice: then two positions have one case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u32);

impl CaseIndex {
    /// The index of what stands at a place of a list of all cases.
    pub fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The place in a list of all cases.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The indices of so many cases, in declared order.
    pub fn first(cases: usize) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (0..Self::at(cases).0).map(Self)
    }

    /// All indices there can be, in declared order: to be zipped with a list of all cases.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u32::MAX).map(Self)
    }

    /// Cases by their numbers.
    pub fn list(numbers: impl IntoIterator<Item = u32>) -> Vec<Self> {
        numbers.into_iter().map(Self).collect()
    }
}

impl Position {
    /// The position of what stands at a place of an order.
    pub fn at(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The place in a list that has an element for each position of the order.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The position that follows.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The positions of an order of so many cases.
    pub fn first(cases: usize) -> impl DoubleEndedIterator<Item = Self> + Clone {
        (0..Self::at(cases).0).map(Self)
    }

    /// All positions there can be: to be zipped with an order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u32::MAX).map(Self)
    }
}

/// As the bare number: a plan's hash is made of it.
impl fmt::Debug for CaseIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// As the bare number, as a case's index.
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for CaseIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Journals and repros of earlier versions have bare numbers, and the hashes of their plans are of bare numbers.
    #[test]
    fn indices_are_written_as_bare_numbers() {
        let map = BTreeMap::from([(Position(3), CaseIndex::list([7, 8]))]);
        let text = serde_json::to_string(&map).expect("plain data");
        assert_eq!(text, r#"{"3":[7,8]}"#);
        assert_eq!(serde_json::from_str::<BTreeMap<Position, Vec<CaseIndex>>>(&text).expect("its own text"), map);
        assert_eq!(format!("{map:?} {}", CaseIndex(9)), "{3: [7, 8]} 9");
    }

    #[test]
    fn places_beyond_what_can_be_counted_are_the_last_one() {
        assert_eq!(CaseIndex::at(usize::MAX), CaseIndex(u32::MAX));
        assert_eq!(Position(u32::MAX).next(), Position(u32::MAX));
    }
}
