//! Errors: what a provider says where it does not answer. Each format has the words; here is what they share.

use crate::provider::script::failing::{Failing, FailureKind};
use crate::provider::wire::format::{Format, Known, Said};
use crate::provider::wire::page::{Page, Stamp};
use serde_json::Value;
use std::time::Duration;

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

/// A failure in the provider's words, but for what the script says.
fn said<'a>(format: &dyn Format, failing: &'a Failing) -> Said<'a> {
    let error = format.documented(failing.kind).unwrap_or_else(|| fallback(failing.kind));
    Said {
        status: failing.status.unwrap_or(error.status),
        kind: error.kind,
        code: error.code,
        message: failing.message.as_deref().unwrap_or(error.message),
    }
}

/// The answer that says a failure.
pub(crate) fn failure(format: &dyn Format, failing: &Failing, stamp: &Stamp) -> Page {
    let said = said(format, failing);
    let page = format.page(said.status, &format.failure(failing.kind, &said, stamp));
    let page = format.sign(page, stamp);
    if failing.kind == FailureKind::RateLimited {
        let wait = failing.retry_after.or(format.retry_after());
        later(format.rate_limited(page, wait.unwrap_or_default(), stamp), wait)
    } else {
        later(page, failing.retry_after)
    }
}

/// The failure as it stands inside a stream that had begun.
pub(crate) fn failure_in_stream(format: &dyn Format, failing: &Failing, stamp: &Stamp) -> Value {
    format.failure_in_stream(&said(format, failing), stamp)
}

/// An error of a given status in the provider's shape, with a message of ours.
pub(crate) fn plain_error(format: &dyn Format, status: u16, message: &str, stamp: &Stamp) -> Page {
    let (kind, code) = format.kind_of(status);
    let body = format.error(&Said { status, kind, code, message }, stamp);
    format.sign(format.page(status, &body), stamp)
}

/// Says when to try again: whole seconds, and milliseconds as well where they are no whole seconds.
fn later(page: Page, wait: Option<Duration>) -> Page {
    let Some(wait) = wait else { return page };
    let page = page.with("retry-after", wait.as_millis().div_ceil(1000).to_string());
    if wait.subsec_millis() > 0 { page.with("retry-after-ms", wait.as_millis().to_string()) } else { page }
}
