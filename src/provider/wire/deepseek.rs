//! DeepSeek: OpenAI's shapes, with cache-hit usage and keep-alives.

use crate::provider::script::failing::{Failing, FailureKind};
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::Auth;
use crate::provider::wire::ask::{Ask, Given, Sent};
use crate::provider::wire::completions::{self, Dialect, StreamUsage};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::{failure, plain_error};
use crate::provider::wire::format::{Answering, Environment, Format, Known, Said, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::Told;
use serde_json::{Map, Value};
use std::time::Duration;

/// The format of DeepSeek's API.
pub(super) struct Deepseek;

const ROUTES: &[Route] = &[
    Route::model("completions", &["/chat/completions", "/v1/chat/completions"]),
    Route::list("models", &["/models", "/v1/models"]),
];

const DIALECT: Dialect =
    Dialect { id: "", tells_tool_calls: false, tells_cache: true, usage: StreamUsage::WithFinishOrApart };

impl Format for Deepseek {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        // It has no SDK of its own, and programs write its address into their code: they get there through the proxy.
        Environment { base_url: None, key: Some("DEEPSEEK_API_KEY"), home: Some("https://api.deepseek.com") }
    }

    fn wrong_key(&self, auth: Auth) -> (u16, &'static str) {
        let message = match auth {
            Auth::Missing => "Authentication Fails (auth header is missing)",
            Auth::Wrong | Auth::Accepted | Auth::NotNeeded => "Authentication Fails, Your api key is invalid",
        };
        (401, message)
    }

    fn read(&self, sent: &Sent<'_>, _endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        match fields_of(self, sent, stamp, |error| format!("Failed to parse the request body as JSON: {error}")) {
            Ok(fields) => (completions::conversation(&fields), refusal(self, &fields, stamp)),
            Err(page) => (Ask::default(), Some(page)),
        }
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        DIALECT.reply(answering)
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        completions::null_reply(ask, stamp)
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        completions::finish_word(finish)
    }

    fn builtin(&self, endpoint: &Endpoint, _: &Ask, _: &Installed<'_>, _: &Stamp) -> Option<Page> {
        (endpoint.as_str() == "models").then(|| completions::models("deepseek-chat", "deepseek"))
    }

    fn keeps_alive_from(&self) -> Option<Duration> {
        Some(Duration::from_millis(400))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        let code = Some("invalid_request_error");
        let busy =
            "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.";
        match kind {
            K::BadRequest => known(400, "invalid_request_error", code, "Invalid request body format"),
            K::Unauthorized => {
                known(401, "authentication_error", code, "Authentication Fails, Your api key is invalid")
            }
            K::OutOfCredit => known(402, "unknown_error", code, "Insufficient Balance"),
            K::Unprocessable => known(422, "invalid_request_error", code, "Invalid parameters"),
            K::RateLimited => known(429, "rate_limit_error", code, "Rate limit reached"),
            K::ServerError => known(500, "server_error", None, "Internal server error"),
            K::Unavailable | K::Overloaded => known(503, "service_unavailable_error", code, busy),
            K::Forbidden | K::NotFound | K::TooLarge | K::SpendLimit | K::BadGateway | K::Timeout => None,
        }
    }

    fn error(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        completions::error(said)
    }

    fn told(&self, document: &Value) -> Told {
        completions::told(document)
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        match status {
            401 => ("authentication_error", Some("invalid_request_error")),
            400..500 => ("invalid_request_error", Some("invalid_request_error")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        }
    }

    fn sign(&self, page: Page, stamp: &Stamp) -> Page {
        page.with("x-ds-trace-id", stamp.id(""))
    }
}

fn refusal(format: &Deepseek, fields: &Map<String, Value>, stamp: &Stamp) -> Option<Page> {
    let given = Given::of(fields);
    let missing = |field: &str| {
        let message = format!("Failed to deserialize the JSON body into the target type: missing field `{field}`");
        let failing = Failing { message: Some(message), ..Failing::new(FailureKind::Unprocessable) };
        Some(failure(format, &failing, stamp))
    };
    match () {
        () if !given.model => missing("model"),
        () if given.messages.is_none() => missing("messages"),
        () if given.messages == Some(false) => Some(plain_error(format, 400, "Empty input messages", stamp)),
        () => None,
    }
}
