//! Which path leads where.

use super::super::speech::audio::MOST_BYTES;
use super::super::state::State;
use super::problem::Problem;
use super::{accounts, admin, chats, conversations, overview, speech};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use std::sync::Arc;

/// Above the largest recording, so that one that is larger is refused with its own reason.
const LARGEST_UPLOAD: usize = MOST_BYTES + (1 << 20);

/// All handlers over one state.
pub(in super::super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/ready", get(async || StatusCode::OK))
        .route("/auth/register", post(accounts::register))
        .route("/auth/login", post(accounts::login))
        .route("/settings", get(accounts::settings).put(accounts::change_settings))
        .route("/chat", post(chats::chat))
        .route("/estimate", post(chats::estimate))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{id}", get(conversations::show))
        .route("/budget", get(overview::budget))
        .route("/models", get(overview::models))
        .route("/languages", get(overview::languages))
        .route("/providers", get(overview::providers))
        .route("/speech/transcriptions", post(speech::transcribe).layer(DefaultBodyLimit::max(LARGEST_UPLOAD)))
        .route("/speech/synthesis", post(speech::synthesize))
        .route("/speech/voices", get(speech::voices))
        .route("/speech/status", get(speech::status))
        .route("/admin/reset", post(admin::reset))
        .route("/admin/budget", put(admin::budget))
        .route("/admin/clock", put(admin::clock))
        .route("/admin/provider-timeout", put(admin::provider_timeout))
        .route("/admin/health", put(admin::health))
        .fallback(async || Problem::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .with_state(state)
}
