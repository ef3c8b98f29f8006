//! What is answered when a request can't be fulfilled: `{"error": {"type", "message", …}}`.

use super::super::auth::NoRandomness;
use super::super::chat::ChatFailure;
use super::super::language::LanguageError;
use super::super::provider::{Provider, UnknownProvider};
use super::super::reason::Reason;
use super::super::speech::failure::SpeechFailure;
use super::super::store::StoreError;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A status and its body.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    body: Value,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, message: impl ToString) -> Self {
        Self { status, body: json!({"error": {"type": kind, "message": message.to_string()}}) }
    }

    /// Adds a detail to the error.
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body["error"][name] = value.into();
        self
    }

    /// Adds a field beside the error, where a successful answer would have it too.
    fn beside(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body[name] = value.into();
        self
    }

    pub(super) fn unauthorised(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path has other methods")
    }

    pub(super) fn name_taken(name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "name_taken", format!("there is a learner `{name}` already"))
    }

    /// A body that is no JSON object.
    pub(super) fn malformed_body(message: impl ToString) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_body", message)
    }

    /// A body that could not be read at all.
    pub(super) fn unreadable_body(status: StatusCode, message: impl ToString) -> Self {
        Self::new(status, "unreadable_body", message)
    }

    /// A field that is missing, unknown or not what it should be.
    pub(super) fn invalid_field(field: &str, message: impl ToString) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message).with("field", field)
    }

    /// A language that is not one of those that are known.
    pub(super) fn unknown_language(message: impl ToString, known: &[&str]) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_language", message)
            .with("field", "language")
            .with("known", known.to_vec())
    }

    /// Speech that was not heard or spoken.
    pub(super) fn of_speech(failure: &SpeechFailure) -> Self {
        match failure {
            SpeechFailure::Unusable(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unusable_audio", failure).with("field", "file")
            }
            SpeechFailure::LocalOnly => {
                Self::new(StatusCode::FORBIDDEN, "local_only", failure).beside("reason", Reason::UserPreference.name())
            }
            SpeechFailure::BudgetExceeded(warning) => {
                Self::new(StatusCode::PAYMENT_REQUIRED, "budget_exceeded", failure)
                    .beside("reason", Reason::BudgetExceeded.name())
                    .beside("warning", json!(warning))
            }
            SpeechFailure::Unavailable { provider, reason, why } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_provider", failure)
                    .with("tried", json!([{"provider": provider, "why": why}]))
                    .beside("reason", reason.name())
            }
            SpeechFailure::NoVoice(_) => Self::new(StatusCode::NOT_FOUND, "no_voice", failure),
            SpeechFailure::UnlikePieces => Self::new(StatusCode::BAD_GATEWAY, "unlike_pieces", failure),
            SpeechFailure::Store(_) => Self::internal(),
        }
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the tutor failed; its log says why")
    }

    /// The body, for the stream of a chat that has begun.
    pub(super) fn into_body(self) -> Value {
        self.body
    }

    fn unavailable(kind: &str, failure: &ChatFailure, reason: Reason, tried: Value) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, failure).with("tried", tried).beside("reason", reason.name())
    }
}

impl From<UnknownProvider> for Problem {
    fn from(error: UnknownProvider) -> Self {
        let known: Vec<&str> = Provider::ALL.iter().map(|provider| provider.name()).collect();
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_provider", &error).with("known", known);
        match error.hint {
            Some(hint) => problem.with("hint", hint.name()),
            None => problem,
        }
    }
}

impl From<LanguageError> for Problem {
    fn from(error: LanguageError) -> Self {
        match error {
            LanguageError::UnknownProvider(error) => error.into(),
            LanguageError::Malformed(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed_language", error).with("field", "language")
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        // The store has logged it.
        Self::internal()
    }
}

impl From<NoRandomness> for Problem {
    fn from(_: NoRandomness) -> Self {
        Self::internal()
    }
}

impl From<ChatFailure> for Problem {
    fn from(failure: ChatFailure) -> Self {
        match &failure {
            ChatFailure::BudgetExceeded(warning) => {
                Self::new(StatusCode::PAYMENT_REQUIRED, "budget_exceeded", &failure)
                    .beside("reason", Reason::BudgetExceeded.name())
                    .beside("warning", json!(warning))
            }
            ChatFailure::NoProvider { reason, tried } => {
                Self::unavailable("no_provider", &failure, *reason, json!(tried))
            }
            ChatFailure::NoLocalModel { reason, tried } => {
                Self::unavailable("no_local_model", &failure, *reason, json!(tried))
            }
            ChatFailure::Store(_) | ChatFailure::Randomness(_) => Self::internal(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            return ([(WWW_AUTHENTICATE, "Bearer")], response).into_response();
        }
        response
    }
}
