//! A fleet on NATS JetStream. A thread of its own owns the event loop: whoever asks stays synchronous.
//!
//! Five streams, whose names are fixed so that permissions can be written down: rounds (a work queue whose leases the
//! server keeps), claims (three a round), results (one a round: the first one counts), pieces (facts too long for one
//! message) and the header (what the fleet is at work on).

mod coordinator;
mod credentials;
mod error;
mod link;
mod names;
mod owner;
mod post;
mod role;
mod sending;
mod streams;

pub use coordinator::NatsBroker;
pub use link::Address;
pub use names::FleetName;
pub use post::NatsPost;
pub use role::Role;
