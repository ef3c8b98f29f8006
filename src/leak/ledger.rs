//! Which thing appeared during which trial.

use crate::leak::{Census, Identity, Item};
use crate::model::{Position, Retained};
use std::collections::{BTreeMap, BTreeSet};

/// The books of a round: what was there before it, and during which trial everything else appeared.
#[derive(Debug, Default)]
pub struct Ledger {
    before: BTreeSet<Identity>,
    born: BTreeMap<Identity, (Position, Item)>,
}

impl Ledger {
    /// Opens the books: what is there now is nobody's fault.
    pub fn open(census: Census) -> Self {
        Self { before: census.into_keys().collect(), born: BTreeMap::new() }
    }

    /// Enters what is there after the trial at `position`: what is new appeared during it, what is gone is forgotten.
    pub fn enter(&mut self, position: Position, census: Census) {
        self.before.retain(|identity| census.contains_key(identity));
        self.born.retain(|identity, _| census.contains_key(identity));
        for (identity, item) in census {
            if !self.before.contains(&identity) {
                self.born.entry(identity).or_insert((position, item));
            }
        }
    }

    /// Looks again without a trial: only what is gone is entered.
    pub fn look_again(&mut self, census: &Census) {
        self.born.retain(|identity, _| census.contains_key(identity));
    }

    /// How many things that appeared during trials are still there.
    pub fn open_entries(&self) -> usize {
        self.born.len()
    }

    /// How many things that appeared during each trial are still there.
    pub fn entries_by_trial(&self) -> BTreeMap<Position, u64> {
        let mut entries = BTreeMap::new();
        for (position, _) in self.born.values() {
            *entries.entry(*position).or_insert(0) += 1;
        }
        entries
    }

    /// What is still there, by the trial during which it appeared. `describe` gets the last word on each thing: it may
    /// know more than was known when the thing was entered, or that it is none of the subject's.
    pub fn close(self, describe: impl Fn(&Identity, Item) -> Option<Item>) -> BTreeMap<Position, Vec<Retained>> {
        let mut told: BTreeMap<Position, Vec<Retained>> = BTreeMap::new();
        for (identity, (position, item)) in self.born {
            let Some(item) = describe(&identity, item) else { continue };
            let of_trial = told.entry(position).or_default();
            match of_trial.iter_mut().find(|retained| retained.kind == item.kind && retained.owner == item.owner) {
                Some(retained) => retained.count += 1,
                None => of_trial.push(Retained { kind: item.kind, owner: item.owner, place: item.place, count: 1 }),
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::leak::{Census, Identity, Item};
    use crate::model::{Position, ResourceKind};

    fn census(threads: &[i32]) -> Census {
        let item = Item { kind: ResourceKind::Thread, owner: "helper".into(), place: None };
        threads.iter().map(|id| (Identity::Thread(1, *id), item.clone())).collect()
    }

    fn closed(ledger: Ledger) -> Vec<(u32, u64)> {
        let told = ledger.close(|_, item| Some(item));
        told.into_iter().map(|(position, retained)| (position.0, retained.iter().map(|one| one.count).sum())).collect()
    }

    #[test]
    fn a_thing_is_blamed_on_the_trial_during_which_it_appeared() {
        let mut ledger = Ledger::open(census(&[1]));
        ledger.enter(Position(0), census(&[1]));
        ledger.enter(Position(1), census(&[1, 2, 3]));
        ledger.enter(Position(2), census(&[1, 2, 3]));
        assert_eq!(closed(ledger), [(1, 2)]);
    }

    #[test]
    fn what_is_gone_by_the_end_is_forgotten() {
        let mut ledger = Ledger::open(census(&[]));
        ledger.enter(Position(0), census(&[7]));
        ledger.enter(Position(1), census(&[7, 8]));
        ledger.look_again(&census(&[8]));
        assert_eq!(closed(ledger), [(1, 1)]);
    }

    #[test]
    fn an_identity_that_comes_back_is_another_thing() {
        let mut ledger = Ledger::open(census(&[5]));
        ledger.enter(Position(0), census(&[]));
        ledger.enter(Position(1), census(&[5]));
        assert_eq!(closed(ledger), [(1, 1)]);
    }
}
