//! Mistral: chat completions, with errors of its own.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Given, Sent};
use crate::provider::wire::completions::{self, Dialect, StreamUsage};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, Said, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::Told;
use crate::provider::wire::transcriptions::{self, Missing};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The format of Mistral's API.
pub(super) struct Mistral;

const ROUTES: &[Route] = &[
    Route::model("completions", &["/v1/chat/completions"]),
    Route::model(transcriptions::WORD, &["/v1/audio/transcriptions"]),
    Route::list("models", &["/v1/models"]),
];

const DIALECT: Dialect = Dialect { id: "", tells_tool_calls: true, tells_cache: false, usage: StreamUsage::WithFinish };

impl Format for Mistral {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        // Its SDK reads no variable for the address: programs get to the mock through the proxy.
        Environment { base_url: None, key: Some("MISTRAL_API_KEY"), home: Some("https://api.mistral.ai") }
    }

    fn read(&self, sent: &Sent<'_>, endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        if endpoint.as_str() == transcriptions::WORD {
            let (ask, missing) = transcriptions::read(sent);
            return (ask, missing.map(|missing| lacks(self, missing, stamp)));
        }
        match fields_of(self, sent, stamp, |error| format!("invalid JSON: {error}")) {
            Ok(fields) => (completions::conversation(&fields), refusal(self, &fields, stamp)),
            Err(page) => (Ask::default(), Some(page)),
        }
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        match answering.endpoint.as_str() {
            transcriptions::WORD => transcriptions::reply(answering),
            _ => DIALECT.reply(answering),
        }
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        match ask.audio {
            Some(_) => transcriptions::null_reply(ask),
            None => completions::null_reply(ask, stamp),
        }
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        match finish {
            Finish::Stop | Finish::Length => completions::finish_word(finish),
            Finish::Refusal | Finish::Absent => None,
        }
    }

    fn builtin(&self, endpoint: &Endpoint, _: &Ask, _: &Installed<'_>, _: &Stamp) -> Option<Page> {
        (endpoint.as_str() == "models").then(|| completions::models("mistral-small-latest", "mistralai"))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        match kind {
            K::BadRequest => known(400, "invalid_request_error", Some("3051"), "Invalid request"),
            K::Unauthorized => known(401, "unauthorized", Some("1001"), "Unauthorized"),
            K::OutOfCredit => known(402, "payment_required", Some("1402"), "Payment required"),
            K::Forbidden => known(403, "forbidden", Some("1403"), "Forbidden"),
            K::NotFound => known(404, "not_found", Some("1404"), "Not found"),
            K::Unprocessable => known(422, "value_error", None, "Value error, the request could not be processed"),
            K::RateLimited => known(429, "rate_limited", Some("1300"), "Rate limit exceeded"),
            K::ServerError => known(500, "internal_server_error", Some("1000"), "Internal server error"),
            K::BadGateway => known(502, "bad_gateway", Some("1000"), "Bad gateway"),
            K::Unavailable => known(503, "service_unavailable", Some("1000"), "Service unavailable"),
            K::Timeout => known(504, "gateway_timeout", Some("1000"), "Gateway timeout"),
            K::Overloaded => {
                known(503, "service_unavailable", Some("3505"), "Service tier capacity exceeded for this model")
            }
            K::TooLarge | K::SpendLimit => None,
        }
    }

    fn error(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        json!({"object": "error", "message": said.message, "type": said.kind, "param": null, "code": said.code})
    }

    fn failure(&self, kind: FailureKind, said: &Said<'_>, stamp: &Stamp) -> Value {
        if kind == FailureKind::Unprocessable {
            return json!({"detail": [{"type": said.kind, "loc": ["body"], "msg": said.message, "input": null}]});
        }
        self.error(said, stamp)
    }

    fn told(&self, document: &Value) -> Told {
        if document.get("choices").is_some() { completions::told(document) } else { transcriptions::told(document) }
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        match status {
            401 => ("unauthorized", Some("1001")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        }
    }

    fn sign(&self, page: Page, stamp: &Stamp) -> Page {
        page.with("mistral-correlation-id", stamp.id(""))
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn rate_limited(&self, page: Page, _wait: Duration, _stamp: &Stamp) -> Page {
        page.with("x-ratelimit-limit-req-minute", "60")
            .with("x-ratelimit-remaining-req-minute", "0")
            .with("x-ratelimit-limit-tokens-minute", "500000")
            .with("x-ratelimit-remaining-tokens-minute", "500000")
    }
}

fn refusal(format: &Mistral, fields: &Map<String, Value>, stamp: &Stamp) -> Option<Page> {
    let given = Given::of(fields);
    let missing = |field: &str| Some(unprocessable(format, "missing", field, "Field required", stamp));
    match () {
        () if !given.model => missing("model"),
        () if given.messages.is_none() => missing("messages"),
        () if given.messages == Some(false) => {
            Some(plain_error(format, 400, "Conversation must have at least one message", stamp))
        }
        () if fields.contains_key("stream_options") => {
            let message = "Extra inputs are not permitted";
            Some(unprocessable(format, "extra_forbidden", "stream_options", message, stamp))
        }
        () => None,
    }
}

/// The answer to a transcription that can't be made.
fn lacks(format: &Mistral, missing: Missing, stamp: &Stamp) -> Page {
    match missing {
        Missing::Form | Missing::Model => unprocessable(format, "missing", "model", "Field required", stamp),
        Missing::File => plain_error(format, 400, "One of `file`, `file_url` or `file_id` must be provided", stamp),
    }
}

/// The answer to a body of the wrong shape.
fn unprocessable(format: &Mistral, kind: &str, field: &str, message: &str, stamp: &Stamp) -> Page {
    let detail = json!({"detail": [{"type": kind, "loc": ["body", field], "msg": message, "input": null}]});
    format.sign(Page::json(422, &detail), stamp)
}
