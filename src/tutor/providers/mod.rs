//! The four model providers as clients see them: what is sent, what comes back, and what can go wrong.

mod answer;
mod body;
mod call;
mod claude;
mod client;
mod completions;
mod deepseek;
mod delivery;
mod failure;
mod in_flight;
mod leaky_pool;
mod mistral;
mod ollama;
mod prompt;
mod speech;
mod transport;

pub(super) use call::Call;
pub(super) use client::Clients;
pub(super) use delivery::Delivery;
pub(super) use failure::CallFailure;
pub(super) use prompt::{Exchange, Prompt};
pub(super) use speech::Heard;
pub(super) use transport::Transport;
