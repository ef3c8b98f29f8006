//! What a learner can look at: budget, models, languages, providers.

use super::super::budget::Status;
use super::super::chat::ChatFailure;
use super::super::defect::Defect;
use super::super::health::Unhealthy;
use super::super::language::{Language, LanguageChoice};
use super::super::local_models;
use super::super::provider::Provider;
use super::super::reason::Reason;
use super::super::routing::candidates;
use super::super::selection::Tried;
use super::super::state::State as Tutor;
use super::super::use_case::UseCase;
use super::identity::Learner;
use super::problem::Problem;
use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The languages with a row of their own in the routing table.
const LISTED: [&str; 11] = ["en", "fr", "zh", "zh-cn", "zh-tw", "es", "de", "it", "pt", "ja", "ko"];

/// Answers `GET /budget`: limit, use and alert level.
pub(super) async fn budget(State(tutor): State<Arc<Tutor>>, _: Learner) -> Result<Response, Problem> {
    let now = tutor.now();
    let status = Status::at(now, &tutor.ledger.budget(tutor.month(now))?);
    if tutor.defects.has(Defect::BudgetFieldRenamed) {
        let mut renamed = json!(status);
        renamed["total_usage"] = renamed["used_budget"].take();
        return Ok(Json(renamed).into_response());
    }
    Ok(Json(status).into_response())
}

/// What `GET /models` may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelQuery {
    language: Option<String>,
    use_case: Option<String>,
}

/// Answers `GET /models?language=&use_case=`: what can answer.
pub(super) async fn models(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    query: Result<Query<ModelQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(query) = query.map_err(|error| Problem::invalid_field("query", error.body_text()))?;
    let given = |value: Option<String>| value.filter(|value| !value.is_empty());
    let language = LanguageChoice::parse(given(query.language).as_deref().unwrap_or("en"))?.language;
    let use_case = given(query.use_case).map(UseCase::new).unwrap_or_default();
    let installed = tutor.installed_models().await.map_err(|failure| ChatFailure::NoProvider {
        reason: Reason::ApiUnavailable,
        tried: vec![Tried::new(Provider::Ollama, failure)],
    })?;
    let selected = local_models::select(&installed, &language, &use_case, &session.settings.models, tutor.defects);
    Ok(Json(json!({
        "language": language,
        "use_case": use_case.name(),
        "models": *installed,
        "selected": selected,
    })))
}

/// Answers `GET /languages`: the languages that are taught.
pub(super) async fn languages(
    State(tutor): State<Arc<Tutor>>,
    learner: Result<Learner, Problem>,
) -> Result<Json<Value>, Problem> {
    if !tutor.defects.has(Defect::LanguagesWithoutToken) {
        learner?;
    }
    let mut listed = Vec::new();
    for tag in LISTED {
        let language = LanguageChoice::parse(tag)?.language;
        listed.push(language_row(&language));
    }
    Ok(Json(json!({"languages": listed})))
}

/// Answers `GET /providers`: who can be asked.
pub(super) async fn providers(State(tutor): State<Arc<Tutor>>, _: Learner) -> Json<Value> {
    let mut providers = Map::new();
    let now = tutor.now();
    for provider in Provider::CLOUD {
        let health = tutor.health.check(provider, now);
        providers.insert(provider.name().to_owned(), provider_row(provider, health));
    }
    let installed = tutor.installed_models().await;
    let health = installed.as_ref().map(|_| ()).map_err(|_| Unhealthy::Unreachable);
    let mut row = provider_row(Provider::Ollama, health);
    row["models"] = installed.map_or(json!([]), |models| json!(*models));
    providers.insert(Provider::Ollama.name().to_owned(), row);
    Json(json!({"providers": providers}))
}

fn language_row(language: &Language) -> Value {
    json!({"language": language, "providers": candidates(language), "local": Provider::Ollama})
}

fn provider_row(provider: Provider, health: Result<(), Unhealthy>) -> Value {
    let mut row = json!({"healthy": health.is_ok()});
    if let Err(why) = health {
        row["reason"] = json!(why.code());
    }
    if let Some(model) = provider.default_model() {
        row["default_model"] = json!(model);
    }
    row
}
