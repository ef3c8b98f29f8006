//! Anthropic's Messages, as a wire format.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Auth, Given, Sent};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, QUESTION, SHORT, Said, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::{Told, number_at, text_at};
use http::HeaderMap;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The format of Anthropic's Messages API.
pub(super) struct Anthropic;

const ROUTES: &[Route] = &[Route::model("messages", &["/v1/messages"]), Route::list("models", &["/v1/models"])];

impl Format for Anthropic {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        Environment {
            base_url: Some(("ANTHROPIC_BASE_URL", "")),
            key: Some("ANTHROPIC_API_KEY"),
            home: Some("https://api.anthropic.com"),
        }
    }

    fn key<'a>(&self, sent: &Sent<'a>) -> Option<&'a str> {
        sent.header("x-api-key").or(sent.bearer())
    }

    fn credentials(&self, key: &str) -> Vec<(&'static str, String)> {
        vec![("x-api-key", key.to_owned()), ("anthropic-version", "2023-06-01".to_owned())]
    }

    fn question(&self, model: &str, stream: bool) -> (String, Value) {
        let messages = json!([{"role": "user", "content": QUESTION}]);
        let body = json!({"model": model, "max_tokens": SHORT, "messages": messages, "stream": stream});
        ("/v1/messages".to_owned(), body)
    }

    fn wrong_key(&self, auth: Auth) -> (u16, &'static str) {
        let message = match auth {
            Auth::Missing => "x-api-key header is required",
            Auth::Wrong | Auth::Accepted | Auth::NotNeeded => "invalid x-api-key",
        };
        (401, message)
    }

    fn read(&self, sent: &Sent<'_>, _endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        let unreadable = |error: &serde_json::Error| format!("The request body is not valid JSON: {error}");
        let fields = match fields_of(self, sent, stamp, unreadable) {
            Ok(fields) => fields,
            Err(page) => return (Ask::default(), Some(page)),
        };
        let refused = refusal(&fields, sent.headers).map(|message| plain_error(self, 400, &message, stamp));
        (Ask::conversation(&fields), refused)
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        if answering.ask.stream { stream(self, answering) } else { whole(self, answering) }
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        json!({
            "id": stamp.id("msg_"), "type": "message", "role": "assistant", "model": ask.model,
            "content": [{"type": "text", "text": null}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        })
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        match finish {
            Finish::Stop => Some("end_turn"),
            Finish::Length => Some("max_tokens"),
            Finish::Refusal => Some("refusal"),
            Finish::Absent => None,
        }
    }

    fn builtin(&self, endpoint: &Endpoint, _: &Ask, _: &Installed<'_>, _: &Stamp) -> Option<Page> {
        let model = json!({
            "type": "model", "id": "claude-3-haiku-20240307", "display_name": "Claude Haiku 3",
            "created_at": "2024-03-07T00:00:00Z",
        });
        let models = json!({"data": [model], "has_more": false, "first_id": model["id"], "last_id": model["id"]});
        (endpoint.as_str() == "models").then(|| Page::json(200, &models))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        match kind {
            K::BadRequest => known(400, "invalid_request_error", None, "messages: invalid request"),
            K::Unauthorized => known(401, "authentication_error", None, "invalid x-api-key"),
            K::OutOfCredit => known(
                402,
                "billing_error",
                None,
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
            K::Forbidden => known(
                403,
                "permission_error",
                None,
                "Your API key does not have permission to use the specified resource.",
            ),
            K::NotFound => known(404, "not_found_error", None, "The requested resource could not be found."),
            K::TooLarge => {
                known(413, "request_too_large", None, "Request exceeds the maximum allowed number of bytes.")
            }
            K::RateLimited => known(
                429,
                "rate_limit_error",
                None,
                "This request would exceed your organization's rate limit. Please try again later.",
            ),
            K::SpendLimit => known(
                429,
                "rate_limit_error",
                None,
                "You have reached your specified API usage limits. You will regain access at the start of next month.",
            ),
            K::ServerError => known(500, "api_error", None, "Internal server error"),
            K::Timeout => known(504, "timeout_error", None, "The request timed out while processing."),
            K::Overloaded => known(529, "overloaded_error", None, "Overloaded"),
            K::Unprocessable | K::BadGateway | K::Unavailable => None,
        }
    }

    fn error(&self, said: &Said<'_>, stamp: &Stamp) -> Value {
        let error = json!({"type": said.kind, "message": said.message});
        json!({"type": "error", "error": error, "request_id": stamp.id("req_")})
    }

    fn failure_in_stream(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        // Inside a stream there is no request id: the headers have it.
        json!({"type": "error", "error": {"type": said.kind, "message": said.message}})
    }

    fn told(&self, document: &Value) -> Told {
        // A whole answer, the first event of a stream, or a later one.
        let message = document.get("message").unwrap_or(document);
        let blocks = message.get("content").and_then(Value::as_array);
        let texts: Option<String> =
            blocks.map(|blocks| blocks.iter().filter_map(|block| text_at(block, "/text")).collect());
        Told {
            text: text_at(document, "/delta/text").or(texts),
            input: number_at(message, "/usage/input_tokens"),
            output: number_at(message, "/usage/output_tokens"),
            finish: text_at(document, "/delta/stop_reason").or_else(|| text_at(message, "/stop_reason")),
            ..Told::default()
        }
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        let kind = match status {
            401 => "authentication_error",
            404 => "not_found_error",
            413 => "request_too_large",
            500.. => "api_error",
            _ => "invalid_request_error",
        };
        (kind, None)
    }

    fn sign(&self, page: Page, stamp: &Stamp) -> Page {
        page.with("request-id", stamp.id("req_"))
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn rate_limited(&self, mut page: Page, wait: Duration, stamp: &Stamp) -> Page {
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
        let reset = stamp.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(stamp.now);
        let reset = reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let limits = [("requests", 50), ("tokens", 50_000), ("input-tokens", 40_000), ("output-tokens", 10_000)];
        for (what, limit) in limits {
            let left = if what == "requests" { 0 } else { limit };
            page = page
                .with(&format!("anthropic-ratelimit-{what}-limit"), limit.to_string())
                .with(&format!("anthropic-ratelimit-{what}-remaining"), left.to_string())
                .with(&format!("anthropic-ratelimit-{what}-reset"), reset.clone());
        }
        page
    }
}

/// Why a request is refused, if it is.
fn refusal(fields: &Map<String, Value>, headers: &HeaderMap) -> Option<String> {
    let given = Given::of(fields);
    let tokens = fields.get("max_tokens").and_then(Value::as_i64);
    let roles = fields.get("messages").and_then(Value::as_array).into_iter().flatten();
    let strange = roles
        .filter_map(|message| message.get("role").and_then(Value::as_str))
        .find(|role| !matches!(*role, "user" | "assistant"));
    let message = match () {
        () if !headers.contains_key("anthropic-version") => "anthropic-version: header is required",
        () if !given.model => "model: Field required",
        () if tokens.is_none() => "max_tokens: Field required",
        () if tokens < Some(1) => "max_tokens: must be greater than or equal to 1",
        () if given.messages.is_none() => "messages: Field required",
        () if given.messages == Some(false) => "messages: at least one message is required",
        () => {
            return strange.map(|role| {
                format!("messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\".")
            });
        }
    };
    Some(message.to_owned())
}

fn whole(format: &Anthropic, answering: &Answering<'_>) -> Page {
    let content = json!([{"type": "text", "text": answering.text()}]);
    let mut message = message(format, answering, content, answering.finish);
    if let Some((input, output)) = answering.tokens {
        message.insert("usage".into(), usage(input, output));
    }
    Page::json(200, &Value::Object(message))
}

fn message(format: &Anthropic, answering: &Answering<'_>, content: Value, finish: Finish) -> Map<String, Value> {
    let fields = [
        ("id", answering.stamp.id("msg_").into()),
        ("type", "message".into()),
        ("role", "assistant".into()),
        ("model", answering.model.into()),
        ("content", content),
        ("stop_reason", format.finish_word(finish).into()),
        ("stop_sequence", Value::Null),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn usage(input: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "output_tokens": output,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    })
}

/// Each chunk is a piece; the frames before the first and behind the last text travel with these.
fn stream(format: &Anthropic, answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("text/event-stream; charset=utf-8").with("cache-control", "no-cache");
    let mut start = message(format, answering, json!([]), Finish::Absent);
    if let Some((input, _)) = answering.tokens {
        start.insert("usage".into(), usage(input, 1));
    }
    page.event("message_start", &json!({"type": "message_start", "message": start}));
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    page.event("content_block_start", &block);
    page.event("ping", &json!({"type": "ping"}));
    for (index, chunk) in answering.chunks.iter().enumerate() {
        if index > 0 {
            page.end_piece();
        }
        let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": chunk}});
        page.event("content_block_delta", &delta);
    }
    if let Some(failure) = &answering.then {
        page.end_piece();
        page.event("error", failure);
    } else if answering.finish != Finish::Absent {
        page.event("content_block_stop", &json!({"type": "content_block_stop", "index": 0}));
        let delta = json!({"stop_reason": format.finish_word(answering.finish), "stop_sequence": null});
        let mut last = json!({"type": "message_delta", "delta": delta});
        if let (Some((_, output)), Some(fields)) = (answering.tokens, last.as_object_mut()) {
            fields.insert("usage".into(), json!({"output_tokens": output}));
        }
        page.event("message_delta", &last);
        page.event("message_stop", &json!({"type": "message_stop"}));
    }
    page.end_piece();
    page
}
