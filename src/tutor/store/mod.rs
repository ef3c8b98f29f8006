//! What outlives a request, in SQLite.
//!
//! The store is called synchronously and bound to no event loop: a statement takes microseconds, less than handing
//! it to another thread would.

mod budget;
mod conversations;
mod database;
mod error;
mod figures;
mod learners;

pub(super) use conversations::{ConversationSummary, FinishedTurn, Message};
pub use database::Place;
pub(super) use database::Store;
pub use error::StoreError;
pub(super) use learners::{Credentials, Session};
