//! Rounds on other machines, by way of a message broker.
//!
//! A coordinator offers rounds and takes in what they came to; workers take a round, run it on an engine of their own and
//! send its facts. To whoever asks for rounds the coordinator is an engine like another ([`crate::engine::Rounds`]).
//!
//! What is decided stands apart from how it travels: [`Coordinator`] and [`play`] speak with a [`Broker`] and a [`Post`],
//! which NATS JetStream implements in `nats`. No worker executes anything that the broker says: orders and numbers of
//! cases travel, never commands.

mod broker;
mod coordinator;
mod error;
mod ledger;
mod messages;
mod metrics;
mod nats;
mod paces;
mod piece;
mod rate;
#[cfg(test)]
mod simulation;
mod worker;

pub use broker::{Broker, Heard, Post, Taken};
pub use coordinator::Coordinator;
pub use error::FleetError;
pub use messages::{Invitation, Key, Offer, Phase, RunState, Told, WorkerName};
pub use metrics::Metrics;
pub use nats::{Address, FleetName, NatsBroker, NatsPost, Role};
pub use piece::Packed;
pub use worker::{Ended, Hands, WorkerSettings, play};
