//! The reference tutor as its learners and its administrator meet it: over HTTP, with providers on loopback.

mod api;
mod bench;
mod budget;
mod fake;
mod fallback;
mod loops;
mod speech;
mod streams;
