//! A learner's message and its answer.

mod event;
mod live;
mod request;

pub(super) use event::{ChatEvent, ChatFailure};
pub(super) use live::LiveChat;
pub(super) use request::{Ask, Estimate, Turn};
