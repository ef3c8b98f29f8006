//! What outlives a request, in SQLite.
//!
//! The store is called synchronously and bound to no event loop: a statement takes microseconds, less than handing
//! it to another thread would.

mod budget;
mod conversations;
mod database;
mod learners;

pub(super) use conversations::{ConversationSummary, FinishedTurn, Message};
pub(super) use database::Store;
pub use database::{Place, StoreError};
pub(super) use learners::{Credentials, Session};
