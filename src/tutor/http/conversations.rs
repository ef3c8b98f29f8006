//! A learner's conversations.

use super::super::state::State as Tutor;
use super::super::store::{ConversationSummary, Message};
use super::identity::Learner;
use super::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use std::sync::Arc;

#[derive(Debug, Serialize)]
pub(super) struct List {
    conversations: Vec<ConversationSummary>,
}

#[derive(Debug, Serialize)]
pub(super) struct Conversation {
    conversation: String,
    messages: Vec<Message>,
}

/// Answers `GET /conversations`: the learner's conversations.
pub(super) async fn list(State(tutor): State<Arc<Tutor>>, Learner(session): Learner) -> Result<Json<List>, Problem> {
    Ok(Json(List { conversations: tutor.store.conversations(session.learner)? }))
}

/// `GET /conversations/{id}`. Somebody else's is not found, like one that doesn't exist.
pub(super) async fn show(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    Path(id): Path<String>,
) -> Result<Json<Conversation>, Problem> {
    let messages = tutor.store.conversation(session.learner, &id, tutor.defects)?;
    let messages = messages.ok_or_else(|| Problem::not_found("there is no such conversation of yours"))?;
    Ok(Json(Conversation { conversation: id, messages }))
}
