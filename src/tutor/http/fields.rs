//! A request's body, field by field, so that every mistake names its field.

use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use serde_json::{Map, Value};

/// The fields that have not been read yet. Whoever has read all it knows calls [`Fields::finish`].
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let message = rejection.body_text();
            Problem::unreadable_body(rejection.into_response().status(), message)
        })?;
        Self::parse(&bytes)
    }
}

impl Fields {
    /// Reads a JSON object; nothing at all is an empty one.
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Problem::malformed_body("the body is no JSON object")),
            Err(error) => Err(Problem::malformed_body(format!("the body is not JSON: {error}"))),
        }
    }

    /// A field that may be missing or null.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Option<T>,
        what: &str,
    ) -> Result<Option<T>, Problem> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(&value) {
                Some(value) => Ok(Some(value)),
                None => Err(Problem::invalid_field(name, format!("`{name}` must be {what}"))),
            },
        }
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        self.optional(name, |value| value.as_str().map(str::to_owned), "a string")
    }

    /// Text that must be there, and not be blank.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Problem> {
        match self.optional_text(name)? {
            Some(text) if text.trim().is_empty() => {
                Err(Problem::invalid_field(name, format!("`{name}` must not be empty")))
            }
            Some(text) => Ok(text),
            None => Err(Problem::invalid_field(name, format!("`{name}` is missing"))),
        }
    }

    /// A switch that is off where it is missing.
    pub(super) fn switch(&mut self, name: &str) -> Result<bool, Problem> {
        Ok(self.optional(name, Value::as_bool, "true or false")?.unwrap_or(false))
    }

    /// Whether a field is there, be it null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What has not been read yet.
    pub(super) fn into_rest(self) -> Map<String, Value> {
        self.0
    }

    /// Refuses what nobody has read.
    pub(super) fn finish(self) -> Result<(), Problem> {
        match self.0.keys().next() {
            Some(name) => Err(Problem::invalid_field(name, format!("`{name}` is no field of this request"))),
            None => Ok(()),
        }
    }
}
