//! The tutor's HTTP API: reads requests, asks the tutor, writes answers. The rules are elsewhere.

mod accounts;
mod admin;
mod chats;
mod conversations;
mod events;
mod fields;
mod identity;
mod overview;
mod problem;
mod router;
mod speech;

pub(super) use router::router;
