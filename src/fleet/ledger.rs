//! What a coordinator knows of its offers and of its workers. It decides, and does nothing.

use crate::engine::RoundUnit;
use crate::fleet::messages::{Key, WorkerName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How many rounds are offered for each lane of a worker, so that none waits for the next.
const AHEAD: usize = 4;

/// How long a worker that says nothing counts.
const PRESENT: Duration = Duration::from_secs(20);

/// A round that is offered.
#[derive(Debug)]
struct Open {
    unit: RoundUnit,
    /// How often it was offered because what came of it could not be used.
    nth: u32,
    /// Who began it, in sequence.
    taken: Vec<WorkerName>,
}

/// A round that is over.
#[derive(Debug, PartialEq)]
pub(super) struct Settled {
    pub unit: RoundUnit,
    /// How often it was offered because what came of it could not be used.
    pub nth: u32,
    /// Where it was begun and not given back, in sequence.
    pub hosts: Vec<String>,
}

/// A worker that was heard.
#[derive(Debug)]
struct Present {
    lanes: u32,
    heard: Instant,
}

/// The books of a coordinator.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<Key, Open>,
    workers: BTreeMap<WorkerName, Present>,
    refused: BTreeSet<WorkerName>,
}

impl Ledger {
    /// Whether another round is to be offered.
    pub fn wants_more(&self, now: Instant) -> bool {
        self.open.len() < AHEAD * self.lanes(now).max(1)
    }

    /// How many rounds the workers play side by side.
    pub fn lanes(&self, now: Instant) -> usize {
        self.heard(now).map(|(_, worker)| worker.lanes as usize).sum()
    }

    /// The workers that are heard.
    fn heard(&self, now: Instant) -> impl Iterator<Item = (&WorkerName, &Present)> {
        self.workers.iter().filter(move |(_, worker)| now.duration_since(worker.heard) < PRESENT)
    }

    /// How many workers are heard, and how many hosts they run on.
    pub fn present_ones(&self, now: Instant) -> (usize, usize) {
        let hosts: BTreeSet<&str> = self.heard(now).map(|(name, _)| name.host.as_str()).collect();
        (self.heard(now).count(), hosts.len())
    }

    /// How many rounds are offered.
    pub fn offered(&self) -> usize {
        self.open.len()
    }

    /// Notes an offer.
    pub fn offer(&mut self, key: Key, unit: RoundUnit, nth: u32) {
        self.open.insert(key, Open { unit, nth, taken: Vec::new() });
    }

    /// The round that somebody sent a result of, if it is waited for: the first result of a round counts, later ones
    /// and those of rounds that are over are nobody's.
    pub fn settle(&mut self, key: &Key) -> Option<Settled> {
        let Open { unit, nth, taken } = self.open.remove(key)?;
        Some(Settled { unit, nth, hosts: taken.into_iter().map(|worker| worker.host).collect() })
    }

    /// Takes back all offers.
    pub fn withdraw(&mut self) {
        self.open.clear();
    }

    /// A worker says that it is there. Says whether it is new.
    pub fn present(&mut self, worker: &WorkerName, lanes: u32, now: Instant) -> bool {
        let known = self.workers.get_mut(worker);
        let is_new = known.is_none();
        match known {
            Some(known) => (known.lanes, known.heard) = (lanes, now),
            None => _ = self.workers.insert(worker.clone(), Present { lanes, heard: now }),
        }
        is_new
    }

    /// A worker began a round.
    pub fn took(&mut self, key: &Key, worker: WorkerName) {
        if let Some(open) = self.open.get_mut(key) {
            open.taken.push(worker);
        }
    }

    /// A round was given back in good order.
    pub fn gave_back(&mut self, key: &Key) {
        if let Some(open) = self.open.get_mut(key) {
            open.taken.clear();
        }
    }

    /// A worker refuses to take part. Says whether that is new.
    pub fn refused(&mut self, worker: WorkerName) -> bool {
        self.refused.insert(worker)
    }

    /// A worker left.
    pub fn left(&mut self, worker: &WorkerName) {
        self.workers.remove(worker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RoundId, RoundKind, Seed};

    fn unit(round: u32) -> RoundUnit {
        RoundUnit::new(RoundId(round), RoundKind::Shuffle, Seed::new(1), vec![], Duration::from_secs(1))
    }

    fn worker(id: &str) -> WorkerName {
        WorkerName { host: format!("host-{id}"), id: id.to_owned() }
    }

    #[test]
    fn the_first_result_of_a_round_counts_and_no_other() {
        let mut ledger = Ledger::default();
        let key = Key::of(&unit(1), 0);
        ledger.offer(key.clone(), unit(1), 0);
        assert_eq!(ledger.settle(&key), Some(Settled { unit: unit(1), nth: 0, hosts: vec![] }));
        assert_eq!(ledger.settle(&key), None);
        assert_eq!(ledger.settle(&Key::of(&unit(2), 0)), None);
    }

    #[test]
    fn four_rounds_are_offered_for_each_lane_that_is_heard() {
        let (mut ledger, now) = (Ledger::default(), Instant::now());
        let offer = |ledger: &mut Ledger, round| ledger.offer(Key::of(&unit(round), 0), unit(round), 0);
        for round in 0..4 {
            assert!(ledger.wants_more(now), "{round}");
            offer(&mut ledger, round);
        }
        assert!(!ledger.wants_more(now));
        assert!(ledger.present(&worker("a"), 2, now));
        assert!(!ledger.present(&worker("a"), 2, now));
        assert_eq!(ledger.lanes(now), 2);
        assert!(ledger.wants_more(now));
        assert_eq!(ledger.lanes(now + PRESENT), 0);
        ledger.left(&worker("a"));
        assert_eq!(ledger.lanes(now), 0);
    }

    #[test]
    fn hosts_that_a_round_took_down_are_named_unless_they_gave_it_back() {
        let mut ledger = Ledger::default();
        let key = Key::of(&unit(1), 0);
        ledger.offer(key.clone(), unit(1), 0);
        ledger.took(&key, worker("a"));
        ledger.gave_back(&key);
        ledger.took(&key, worker("b"));
        ledger.took(&key, worker("c"));
        assert_eq!(ledger.settle(&key).map(|settled| settled.hosts), Some(vec!["host-b".into(), "host-c".into()]));
    }
}
