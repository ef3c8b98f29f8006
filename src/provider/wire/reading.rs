//! What every format does with a request before it looks at what is asked.

use crate::provider::wire::ask::{Auth, Sent};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::Format;
use crate::provider::wire::page::{Page, Stamp};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a request's key is worth to a provider that accepts `key`, or any key if there is none.
pub(crate) fn check_key(format: &dyn Format, key: Option<&str>, sent: &Sent<'_>) -> Auth {
    if !format.needs_key() {
        return Auth::NotNeeded;
    }
    let in_query = || format.key_parameter().and_then(|name| sent.parameter(name));
    let carried = format.key(sent).map(Cow::Borrowed).or_else(in_query);
    match carried.as_deref().map(str::trim).filter(|carried| !carried.is_empty()) {
        None => Auth::Missing,
        Some(carried) if key.is_none_or(|key| key == carried) => Auth::Accepted,
        Some(_) => Auth::Wrong,
    }
}

/// The fields of a body of JSON, or the page that refuses it; `unreadable` says what the provider says of a body
/// that is none.
pub(crate) fn fields_of(
    format: &dyn Format,
    sent: &Sent<'_>,
    stamp: &Stamp,
    unreadable: impl FnOnce(&serde_json::Error) -> String,
) -> Result<Map<String, Value>, Page> {
    match serde_json::from_slice(sent.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(plain_error(format, 400, "the request body must be a JSON object", stamp)),
        Err(error) => Err(plain_error(format, 400, &unreadable(&error), stamp)),
    }
}
