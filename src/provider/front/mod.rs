//! The front: owns the providers' ports, and decides *how* an answer goes over the wire.
//!
//! One thread with one current-thread runtime serves all providers of a round. A request is read to its end, passed on
//! to the provider's wiremock server, and what comes back is delivered as its internal header says: paced, cut, reset,
//! held, or not at all. Nothing of it is bound to any other runtime.

mod body;
mod deliver;
mod flight;
mod forward;
mod handler;
pub(crate) mod hold;
mod post;
mod raw;
mod socket;
pub(crate) mod thread;
mod upstream;
