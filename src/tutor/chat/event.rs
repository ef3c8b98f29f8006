//! What a chat tells its learner.

use super::super::auth::NoRandomness;
use super::super::provider::Provider;
use super::super::reason::Reason;
use super::super::selection::{Tried, Warning};
use super::super::store::StoreError;
use super::super::tokens::Tokens;
use super::super::usd::Usd;
use serde::Serialize;

/// One event of a streamed chat.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum ChatEvent {
    Start(Announcement),
    Delta(String),
    Restart(Announcement),
    Done(Box<Reply>),
}

/// Who is answering.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct Announcement {
    pub(super) conversation: String,
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) reason: Reason,
    pub(super) requires_budget_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) warning: Option<Warning>,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct Reply {
    pub(super) conversation: String,
    pub(super) text: String,
    pub(super) provider: Provider,
    pub(super) model: String,
    pub(super) reason: Reason,
    pub(super) cost: Usd,
    pub(super) cached: bool,
    pub(super) language: String,
    pub(super) use_case: String,
    pub(super) requires_budget_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) warning: Option<Warning>,
    pub(super) usage: Tokens,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum ChatFailure {
    #[error("{requested} is beyond the budget", requested = .0.requested_provider())]
    BudgetExceeded(Warning),
    #[error("no provider could answer")]
    NoProvider { reason: Reason, tried: Vec<Tried> },
    #[error("no local model is installed")]
    NoLocalModel { reason: Reason, tried: Vec<Tried> },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}
