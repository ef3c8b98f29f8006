//! Learners' accounts: register, log in, settings.

use super::super::auth::{self, Token};
use super::super::clock::as_text;
use super::super::settings::Settings;
use super::super::state::State as Tutor;
use super::super::store::Credentials;
use super::fields::Fields;
use super::identity::Learner;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

const LONGEST_NAME: usize = 128;
const LONGEST_PASSWORD: usize = 1024;
/// From here on hashing a password would hold up the event loop.
const MANY_ITERATIONS: u32 = 5_000;

/// What a learner gets for a name and a password.
#[derive(Debug, Serialize)]
pub(super) struct Admission {
    learner: String,
    token: String,
    #[serde(serialize_with = "as_text")]
    expires_at: Timestamp,
}

struct NameAndPassword {
    name: String,
    password: String,
}

/// Answers `POST /auth/register`: makes an account.
pub(super) async fn register(
    State(tutor): State<Arc<Tutor>>,
    fields: Fields,
) -> Result<(StatusCode, Json<Admission>), Problem> {
    let NameAndPassword { name, password } = NameAndPassword::read(fields)?;
    let iterations = tutor.password_iterations;
    let credentials = off_the_loop(iterations, move || auth::hash_password(&password, iterations)).await??;
    let (token, expires_at) = new_token(&tutor)?;
    let digest = auth::digest(token.text());
    match tutor.store.add_learner(&name, &credentials, &digest, expires_at.as_millisecond())? {
        Some(_) => Ok((StatusCode::CREATED, Json(Admission::new(name, &token, expires_at)))),
        None => Err(Problem::name_taken(&name)),
    }
}

/// Answers `POST /auth/login`: opens a session.
pub(super) async fn login(State(tutor): State<Arc<Tutor>>, fields: Fields) -> Result<Json<Admission>, Problem> {
    let NameAndPassword { name, password } = NameAndPassword::read(fields)?;
    let refused = || Problem::unauthorised("name or password is wrong");
    let (learner, credentials) = match tutor.store.credentials(&name)? {
        Some((learner, credentials)) => (Some(learner), credentials),
        // An unknown name takes as long as a wrong password.
        None => (None, nobody(tutor.password_iterations)),
    };
    let is_right = off_the_loop(credentials.iterations, move || auth::is_password(&password, &credentials)).await?;
    let learner = learner.filter(|_| is_right).ok_or_else(refused)?;
    let (token, expires_at) = new_token(&tutor)?;
    let now = tutor.now().as_millisecond();
    tutor.store.add_token(learner, &auth::digest(token.text()), expires_at.as_millisecond(), now)?;
    Ok(Json(Admission::new(name, &token, expires_at)))
}

/// Answers `GET /settings`: the learner's settings.
pub(super) async fn settings(Learner(session): Learner) -> Json<Settings> {
    Json(session.settings)
}

/// `PUT /settings`: what is given replaces what was, the rest stays.
pub(super) async fn change_settings(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    fields: Fields,
) -> Result<Json<Settings>, Problem> {
    let current = serde_json::to_value(&session.settings).map_err(|_| Problem::internal())?;
    let settings = merged(current, fields.into_rest())?;
    tutor.store.keep_settings(session.learner, &settings)?;
    Ok(Json(settings))
}

impl NameAndPassword {
    fn read(mut fields: Fields) -> Result<Self, Problem> {
        let name = bounded(&mut fields, "name", LONGEST_NAME)?;
        let password = bounded(&mut fields, "password", LONGEST_PASSWORD)?;
        fields.finish()?;
        Ok(Self { name, password })
    }
}

impl Admission {
    fn new(learner: String, token: &Token, expires_at: Timestamp) -> Self {
        Self { learner, token: token.text().to_owned(), expires_at }
    }
}

fn bounded(fields: &mut Fields, name: &str, longest: usize) -> Result<String, Problem> {
    let text = fields.text(name)?;
    if text.len() > longest {
        return Err(Problem::invalid_field(name, format!("`{name}` has more than {longest} bytes")));
    }
    Ok(text)
}

fn new_token(tutor: &Tutor) -> Result<(Token, Timestamp), Problem> {
    let expires_at = tutor.now().checked_add(tutor.token_lifetime).unwrap_or(Timestamp::MAX);
    Ok((Token::new()?, expires_at))
}

fn nobody(iterations: u32) -> Credentials {
    Credentials { salt: vec![0; 16], hash: Vec::new(), iterations }
}

async fn off_the_loop<T: Send + 'static>(
    iterations: u32,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    if iterations < MANY_ITERATIONS {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
}

/// Merges objects key by key; null takes an entry out, or a setting back to its default.
fn merged(mut settings: Value, changes: Map<String, Value>) -> Result<Settings, Problem> {
    for (name, change) in changes {
        merge(&mut settings, &name, change);
        if let Err(error) = Settings::deserialize(&settings) {
            return Err(Problem::invalid_field(&name, error));
        }
    }
    Settings::deserialize(&settings).map_err(|_| Problem::internal())
}

fn merge(target: &mut Value, name: &str, change: Value) {
    let Value::Object(fields) = target else { return };
    match change {
        Value::Null => {
            fields.shift_remove(name);
        }
        Value::Object(changes) if fields.get(name).is_some_and(Value::is_object) => {
            if let Some(inner) = fields.get_mut(name) {
                for (name, change) in changes {
                    merge(inner, &name, change);
                }
            }
        }
        change => {
            fields.insert(name.to_owned(), change);
        }
    }
}
