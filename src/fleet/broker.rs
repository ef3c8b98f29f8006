//! What coordinator and worker ask of a message broker.

use crate::fleet::FleetError;
use crate::fleet::messages::{Key, Offer, ResultHead, RunState, Told};
use crate::fleet::piece::Packed;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a coordinator hears.
#[derive(Debug)]
pub enum Heard {
    /// What a round came to, with its packed facts. Results may come twice, and of rounds that nobody waits for.
    Result(Box<ResultHead>, Vec<u8>),
    /// What a worker tells by the way.
    Told(Told),
    /// Something for the user to read: the connection is lost, or there again.
    Say(String),
    /// Somebody else has the fleet now.
    Overtaken(String),
    /// Somebody woke the coordinator.
    Woken,
}

/// What a coordinator asks of a broker.
pub trait Broker {
    /// Offers a round. It is stored sooner or later, once, whatever becomes of the connection meanwhile.
    fn offer(&mut self, offer: &Offer);

    /// Says anew what the fleet is at work on.
    fn tell_state(&mut self, state: &RunState);

    /// Takes back whatever is offered.
    fn withdraw(&mut self);

    /// Forgets the claims on a round: it was given back.
    fn unclaim(&mut self, key: &Key);

    /// The next that is heard, or nothing when `until` has passed.
    fn hear(&mut self, until: Instant) -> Option<Heard>;

    /// What wakes the coordinator from another thread.
    fn waker(&self) -> Arc<dyn Fn() + Send + Sync>;

    /// Takes away everything of the run that `state` ended, and says so to the workers.
    fn end(self: Box<Self>, state: &RunState);
}

/// A round that a worker has. Its lease is held until it is delivered or given back.
#[derive(Debug)]
pub struct Taken {
    /// The round that is meant.
    pub offer: Offer,
    /// By which the broker knows it.
    pub ticket: u64,
}

/// What a worker asks of a broker. All lanes of a worker share it.
pub trait Post: Sync {
    /// What the fleet is at work on, as far as is known.
    fn state(&self) -> Option<RunState>;

    /// Takes a round; nothing if none is offered for so long.
    fn take(&self, lane: usize, within: Duration) -> Option<Taken>;

    /// Asks for the lane's next round once so much time has passed, while this one is played.
    fn take_next_after(&self, lane: usize, after: Duration);

    /// Gives back what the lane has not begun: it takes no more.
    fn release(&self, lane: usize);

    /// Claims a round before it is played; `refused` is called if it was claimed too often.
    fn claim(&self, taken: &Taken, refused: Box<dyn FnOnce() + Send>);

    /// Sends what a round came to, and lets go of it. It is stored sooner or later, unless somebody was first.
    fn deliver(&self, taken: Taken, head: ResultHead, facts: Packed);

    /// Lets go of a round that is withdrawn.
    fn drop_stale(&self, taken: Taken);

    /// Gives a round back, for others to play.
    fn give_back(&self, taken: Taken);

    /// Tells something by the way.
    fn tell(&self, told: &Told);

    /// Waits until what was delivered is stored.
    fn settle(&self, within: Duration);

    /// Why the worker can't go on, if so.
    fn trouble(&self) -> Option<FleetError>;
}
