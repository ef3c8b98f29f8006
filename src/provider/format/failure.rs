//! Each provider's errors in its own words: status, body, headers. `docs/providers.md` has them as a table.

use crate::provider::format::{Page, Stamp};
use crate::provider::{Failing, FailureKind, Wire};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;

/// One documented error: its status, the word for its kind, its code, its message.
struct Known {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: &'static str,
}

const fn known(status: u16, kind: &'static str, code: Option<&'static str>, message: &'static str) -> Option<Known> {
    Some(Known { status, kind, code, message })
}

/// Whether a provider documents such an error.
pub fn supports(wire: Wire, kind: FailureKind) -> bool {
    documented(wire, kind).is_some()
}

fn documented(wire: Wire, kind: FailureKind) -> Option<Known> {
    match wire {
        Wire::Anthropic => anthropic(kind),
        Wire::Mistral => mistral(kind),
        Wire::Deepseek => deepseek(kind),
        Wire::Openai => openai(kind),
        Wire::Ollama => ollama(kind),
    }
}

fn anthropic(kind: FailureKind) -> Option<Known> {
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
        K::Forbidden => {
            known(403, "permission_error", None, "Your API key does not have permission to use the specified resource.")
        }
        K::NotFound => known(404, "not_found_error", None, "The requested resource could not be found."),
        K::TooLarge => known(413, "request_too_large", None, "Request exceeds the maximum allowed number of bytes."),
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

fn mistral(kind: FailureKind) -> Option<Known> {
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

fn deepseek(kind: FailureKind) -> Option<Known> {
    use FailureKind as K;
    let code = Some("invalid_request_error");
    let busy = "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.";
    match kind {
        K::BadRequest => known(400, "invalid_request_error", code, "Invalid request body format"),
        K::Unauthorized => known(401, "authentication_error", code, "Authentication Fails, Your api key is invalid"),
        K::OutOfCredit => known(402, "unknown_error", code, "Insufficient Balance"),
        K::Unprocessable => known(422, "invalid_request_error", code, "Invalid parameters"),
        K::RateLimited => known(429, "rate_limit_error", code, "Rate limit reached"),
        K::ServerError => known(500, "server_error", None, "Internal server error"),
        K::Unavailable | K::Overloaded => known(503, "service_unavailable_error", code, busy),
        K::Forbidden | K::NotFound | K::TooLarge | K::SpendLimit | K::BadGateway | K::Timeout => None,
    }
}

fn openai(kind: FailureKind) -> Option<Known> {
    use FailureKind as K;
    match kind {
        K::BadRequest => known(400, "invalid_request_error", None, "Invalid request"),
        K::Unauthorized => known(401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided."),
        K::OutOfCredit => known(
            429,
            "insufficient_quota",
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        K::Forbidden => known(
            403,
            "request_forbidden",
            Some("unsupported_country_region_territory"),
            "Country, region, or territory not supported",
        ),
        K::NotFound => known(
            404,
            "invalid_request_error",
            Some("model_not_found"),
            "The model does not exist or you do not have access to it.",
        ),
        K::RateLimited => known(429, "requests", Some("rate_limit_exceeded"), "Rate limit reached for requests"),
        K::ServerError => {
            known(500, "server_error", None, "The server had an error while processing your request. Sorry about that!")
        }
        K::Unavailable => known(503, "server_error", None, "Slow Down"),
        K::Overloaded => known(503, "server_error", None, "The engine is currently overloaded, please try again later"),
        K::TooLarge | K::Unprocessable | K::SpendLimit | K::BadGateway | K::Timeout => None,
    }
}

fn ollama(kind: FailureKind) -> Option<Known> {
    use FailureKind as K;
    let busy = "server busy, please try again.  maximum pending requests exceeded";
    match kind {
        K::BadRequest => known(400, "", None, "invalid request"),
        K::NotFound => known(404, "", None, "model not found"),
        K::ServerError => known(500, "", None, "llama runner process has terminated: signal: killed"),
        K::Unavailable | K::Overloaded => known(503, "", None, busy),
        K::Unauthorized
        | K::OutOfCredit
        | K::Forbidden
        | K::TooLarge
        | K::Unprocessable
        | K::RateLimited
        | K::SpendLimit
        | K::BadGateway
        | K::Timeout => None,
    }
}

/// The status of errors that a provider does not document, where a script insists on them.
fn fallback(kind: FailureKind) -> Known {
    use FailureKind as K;
    let (status, message) = match kind {
        K::BadRequest => (400, "bad request"),
        K::Unauthorized => (401, "unauthorized"),
        K::OutOfCredit => (402, "payment required"),
        K::Forbidden => (403, "forbidden"),
        K::NotFound => (404, "not found"),
        K::TooLarge => (413, "request too large"),
        K::Unprocessable => (422, "unprocessable"),
        K::RateLimited | K::SpendLimit => (429, "too many requests"),
        K::ServerError => (500, "internal server error"),
        K::BadGateway => (502, "bad gateway"),
        K::Unavailable | K::Overloaded => (503, "service unavailable"),
        K::Timeout => (504, "gateway timeout"),
    };
    Known { status, kind: "error", code: None, message }
}

/// The answer that says a failure.
pub(crate) fn failure(wire: Wire, failing: &Failing, stamp: &Stamp) -> Page {
    let error = documented(wire, failing.kind).unwrap_or_else(|| fallback(failing.kind));
    let status = failing.status.unwrap_or(error.status);
    let message = failing.message.as_deref().unwrap_or(error.message);
    let body = match (wire, failing.kind) {
        (Wire::Mistral, FailureKind::Unprocessable) => {
            json!({"detail": [{"type": error.kind, "loc": ["body"], "msg": message, "input": null}]})
        }
        _ => body(wire, error.kind, error.code, message, stamp),
    };
    let page = with_ids(wire, Page::json(status, &body), stamp);
    if failing.kind == FailureKind::RateLimited {
        limited(wire, page, failing.retry_after, stamp)
    } else {
        later(page, failing.retry_after)
    }
}

/// The failure as it stands inside a stream that had begun.
pub(crate) fn failure_value(wire: Wire, failing: &Failing, stamp: &Stamp) -> Value {
    let error = documented(wire, failing.kind).unwrap_or_else(|| fallback(failing.kind));
    let message = failing.message.as_deref().unwrap_or(error.message);
    match wire {
        // Inside a stream there is no request id: the headers have it.
        Wire::Anthropic => json!({"type": "error", "error": {"type": error.kind, "message": message}}),
        Wire::Mistral | Wire::Deepseek | Wire::Openai | Wire::Ollama => {
            body(wire, error.kind, error.code, message, stamp)
        }
    }
}

/// An error of a given status in the provider's shape, with a message of ours.
pub(crate) fn plain_error(wire: Wire, status: u16, message: &str, stamp: &Stamp) -> Page {
    let kind = match (wire, status) {
        (Wire::Anthropic, 401) | (Wire::Deepseek, 401) => "authentication_error",
        (Wire::Anthropic, 404) => "not_found_error",
        (Wire::Anthropic, 413) => "request_too_large",
        (Wire::Anthropic, 500..) => "api_error",
        (Wire::Mistral, 401) => "unauthorized",
        (_, 500..) => "server_error",
        _ => "invalid_request_error",
    };
    let code = match (wire, status) {
        (Wire::Openai, 401) => Some("invalid_api_key"),
        (Wire::Deepseek, 400..500) => Some("invalid_request_error"),
        (Wire::Mistral, 401) => Some("1001"),
        _ => None,
    };
    with_ids(wire, Page::json(status, &body(wire, kind, code, message, stamp)), stamp)
}

fn body(wire: Wire, kind: &str, code: Option<&str>, message: &str, stamp: &Stamp) -> Value {
    match wire {
        Wire::Anthropic => {
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": stamp.id("req_")})
        }
        Wire::Mistral => json!({"object": "error", "message": message, "type": kind, "param": null, "code": code}),
        Wire::Deepseek | Wire::Openai => {
            json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
        }
        Wire::Ollama => json!({"error": message}),
    }
}

/// The headers by which a provider names its answers.
pub(crate) fn with_ids(wire: Wire, page: Page, stamp: &Stamp) -> Page {
    match wire {
        Wire::Anthropic => page.with("request-id", stamp.id("req_")),
        Wire::Mistral => page.with("mistral-correlation-id", stamp.id("")),
        Wire::Deepseek => page.with("x-ds-trace-id", stamp.id("")),
        Wire::Openai => page.with("x-request-id", stamp.id("req_")),
        Wire::Ollama => page,
    }
}

/// The headers of a rate limit that was reached.
fn limited(wire: Wire, mut page: Page, retry_after: Option<Duration>, stamp: &Stamp) -> Page {
    let default = match wire {
        Wire::Anthropic | Wire::Mistral | Wire::Openai => Some(Duration::from_secs(1)),
        Wire::Deepseek | Wire::Ollama => None,
    };
    let wait = retry_after.or(default);
    match wire {
        Wire::Anthropic => {
            let seconds = i64::try_from(wait.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
            let reset = stamp.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(stamp.now);
            let reset = reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            for (what, limit) in
                [("requests", 50), ("tokens", 50_000), ("input-tokens", 40_000), ("output-tokens", 10_000)]
            {
                let left = if what == "requests" { 0 } else { limit };
                page = page
                    .with(&format!("anthropic-ratelimit-{what}-limit"), limit.to_string())
                    .with(&format!("anthropic-ratelimit-{what}-remaining"), left.to_string())
                    .with(&format!("anthropic-ratelimit-{what}-reset"), reset.clone());
            }
        }
        Wire::Mistral => {
            page = page
                .with("x-ratelimit-limit-req-minute", "60")
                .with("x-ratelimit-remaining-req-minute", "0")
                .with("x-ratelimit-limit-tokens-minute", "500000")
                .with("x-ratelimit-remaining-tokens-minute", "500000");
        }
        Wire::Openai => {
            page = page
                .with("x-ratelimit-limit-requests", "60")
                .with("x-ratelimit-remaining-requests", "0")
                .with("x-ratelimit-reset-requests", format!("{}s", wait.unwrap_or_default().as_secs_f64()));
        }
        Wire::Deepseek | Wire::Ollama => {}
    }
    later(page, wait)
}

/// Says when to try again: whole seconds, and milliseconds as well where they are no whole seconds.
fn later(page: Page, wait: Option<Duration>) -> Page {
    let Some(wait) = wait else { return page };
    let page = page.with("retry-after", wait.as_millis().div_ceil(1000).to_string());
    if wait.subsec_millis() > 0 { page.with("retry-after-ms", wait.as_millis().to_string()) } else { page }
}
