//! Who may spend, and what was spent.
//!
//! A call is admitted and its estimate reserved under one lock, so that two calls can't both take the last cent.
//! A reservation ends exactly once: it is settled with what the call really cost, or released; dropped, it releases
//! itself, or charges what the call was seen to use before its learner hung up. Nothing here waits or needs an event
//! loop, so a reservation ends properly also when the loop that served its request is being torn down.

use super::super::defect::{Defect, Defects};
use super::super::generation::{Generation, Generations};
use super::super::lock;
use super::super::month::Month;
use super::super::store::{FinishedTurn, Store, StoreError};
use super::super::usd::Usd;
use super::Budget;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The book of reservations beside the store's sums.
#[derive(Debug, Clone)]
pub(in super::super) struct Ledger {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Arc<Store>,
    default_limit: Usd,
    generations: Generations,
    defects: Defects,
    reserved: Mutex<BTreeMap<Month, Usd>>,
}

/// Where one call is admitted while all others wait.
#[derive(Debug)]
pub(in super::super) struct Desk<'a> {
    shared: &'a Arc<Shared>,
    reserved: &'a mut BTreeMap<Month, Usd>,
    month: Month,
    budget: Budget,
}

/// The estimate of one call under way.
#[derive(Debug)]
pub(in super::super) struct Reservation {
    shared: Arc<Shared>,
    generation: Generation,
    month: Month,
    estimate: Usd,
    /// What a cancelled call has cost so far; nothing as long as the provider has not begun to answer.
    used_so_far: Usd,
    open: bool,
}

impl Ledger {
    pub(in super::super) fn new(
        store: Arc<Store>,
        default_limit: Usd,
        generations: Generations,
        defects: Defects,
    ) -> Self {
        Self { shared: Arc::new(Shared { store, default_limit, generations, defects, reserved: Mutex::default() }) }
    }

    /// The month's money.
    pub(in super::super) fn budget(&self, month: Month) -> Result<Budget, StoreError> {
        self.shared.budget(month, &lock(&self.shared.reserved))
    }

    /// Lets `choose` look at the month's money and reserve; both under one lock.
    pub(in super::super) fn admit<T>(
        &self,
        month: Month,
        choose: impl FnOnce(&mut Desk<'_>) -> T,
    ) -> Result<T, StoreError> {
        let mut reserved = lock(&self.shared.reserved);
        let budget = self.shared.budget(month, &reserved)?;
        Ok(choose(&mut Desk { shared: &self.shared, reserved: &mut reserved, month, budget }))
    }

    /// Forgets the calls under way; those that end later belong to an earlier generation.
    pub(in super::super) fn reset(&self) {
        lock(&self.shared.reserved).clear();
    }
}

impl Desk<'_> {
    /// The month's money.
    pub(in super::super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Reserves a call's estimate; whether it fits was for the caller to see.
    pub(in super::super) fn reserve(&mut self, estimate: Usd) -> Reservation {
        *self.reserved.entry(self.month).or_default() += estimate;
        Reservation {
            shared: Arc::clone(self.shared),
            generation: self.shared.generations.current(),
            month: self.month,
            estimate,
            used_so_far: Usd::ZERO,
            open: true,
        }
    }
}

impl Shared {
    fn budget(&self, month: Month, reserved: &BTreeMap<Month, Usd>) -> Result<Budget, StoreError> {
        let (limit, used) = self.store.budget(month)?;
        Ok(Budget {
            limit: limit.unwrap_or(self.default_limit),
            used,
            reserved: reserved.get(&month).copied().unwrap_or_default(),
            defects: self.defects,
        })
    }
}

impl Reservation {
    /// Notes what the call has cost so far; charged if the reservation is dropped.
    pub(in super::super) fn note(&mut self, used_so_far: Usd) {
        self.used_so_far = used_so_far;
    }

    /// Charges what the call really cost to the month in which it began, and records its turn with it.
    pub(in super::super) fn settle(mut self, cost: Usd, turn: &FinishedTurn<'_>) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        let again = shared.defects.has(Defect::SettledTwice) && cost > self.estimate;
        self.close(|month| {
            if again {
                shared.store.charge(month, cost)?;
            }
            shared.store.record_turn(turn, Some((month, cost)))
        })
    }

    /// Charges what a call cost that leaves no turn behind.
    pub(in super::super) fn settle_alone(mut self, cost: Usd) -> Result<(), StoreError> {
        let shared = Arc::clone(&self.shared);
        self.close(|month| shared.store.charge(month, cost))
    }

    /// Gives the reservation back, and charges nothing.
    pub(in super::super) fn release(mut self) {
        self.used_so_far = Usd::ZERO;
    }

    /// Gives the estimate back, and books under the same lock what stands in its place.
    fn close(&mut self, book: impl FnOnce(Month) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.open = false;
        let mut reserved = lock(&self.shared.reserved);
        if !self.shared.generations.is_current(self.generation) {
            return Ok(());
        }
        let entry = reserved.entry(self.month).or_default();
        *entry = *entry - self.estimate;
        if *entry == Usd::ZERO {
            reserved.remove(&self.month);
        }
        book(self.month)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let used = self.used_so_far;
        // Nobody is left to tell of an error; the store has logged it.
        let _ = self.close(|month| if used > Usd::ZERO { shared.store.charge(month, used) } else { Ok(()) });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::log::silent;
    use super::super::super::store::Place;
    use super::*;

    const MONTH: &str = "2026-11-10T00:00:00Z";

    fn month(text: &str) -> Month {
        Month::of(text.parse().expect("an instant"))
    }

    fn ledger(limit: i64) -> (Ledger, Arc<Store>, Generations) {
        let store = Arc::new(Store::open(&Place::Memory, silent()).expect("a store"));
        let generations = Generations::default();
        let ledger = Ledger::new(Arc::clone(&store), Usd::from_nanos(limit), generations.clone(), Defects::none());
        (ledger, store, generations)
    }

    fn reserve(ledger: &Ledger, estimate: i64) -> Option<Reservation> {
        let estimate = Usd::from_nanos(estimate);
        let admit = |desk: &mut Desk<'_>| desk.budget().fits(estimate).then(|| desk.reserve(estimate));
        ledger.admit(month(MONTH), admit).expect("a store that works")
    }

    fn figures(ledger: &Ledger) -> (i64, i64) {
        let budget = ledger.budget(month(MONTH)).expect("a store that works");
        (budget.used.nanos(), budget.reserved.nanos())
    }

    #[test]
    fn what_is_reserved_is_not_given_twice() {
        let (ledger, ..) = ledger(100);
        let first = reserve(&ledger, 60);
        assert!(first.is_some() && reserve(&ledger, 41).is_none());
        drop(first);
        assert_eq!(figures(&ledger), (0, 0));
        assert!(reserve(&ledger, 100).is_some());
    }

    #[test]
    fn a_dropped_reservation_charges_what_was_used_and_a_released_one_nothing() {
        let (ledger, ..) = ledger(100);
        let mut reservation = reserve(&ledger, 50).expect("room");
        reservation.note(Usd::from_nanos(7));
        drop(reservation);
        assert_eq!(figures(&ledger), (7, 0));
        let mut reservation = reserve(&ledger, 50).expect("room");
        reservation.note(Usd::from_nanos(7));
        reservation.release();
        assert_eq!(figures(&ledger), (7, 0));
    }

    #[test]
    fn what_is_settled_alone_is_charged_once_in_place_of_its_estimate() {
        let (ledger, ..) = ledger(100);
        reserve(&ledger, 50).expect("room").settle_alone(Usd::from_nanos(60)).expect("a store that works");
        assert_eq!(figures(&ledger), (60, 0));
    }

    #[test]
    fn a_call_is_charged_to_the_month_in_which_it_began() {
        let (ledger, ..) = ledger(100);
        let mut reservation = reserve(&ledger, 50).expect("room");
        reservation.note(Usd::from_nanos(9));
        let december = ledger.budget(month("2026-12-01T00:00:00Z")).expect("a budget");
        assert_eq!(december.reserved, Usd::ZERO);
        drop(reservation);
        assert_eq!(figures(&ledger), (9, 0));
    }

    #[test]
    fn a_call_from_before_a_reset_charges_nothing_after_it() {
        let (ledger, _, generations) = ledger(100);
        let mut late = reserve(&ledger, 50).expect("room");
        late.note(Usd::from_nanos(9));
        generations.advance();
        ledger.reset();
        let open = reserve(&ledger, 30);
        drop(late);
        assert_eq!(figures(&ledger), (0, 30));
        drop(open);
    }

    #[test]
    fn threads_that_race_never_reserve_more_than_the_limit() {
        let (ledger, ..) = ledger(100);
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| reserve(&ledger, 30))).collect();
            threads.into_iter().filter_map(|t| t.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert_eq!(admitted.len(), 3);
        assert_eq!(figures(&ledger), (0, 90));
    }
}
