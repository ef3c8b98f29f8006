//! Why a provider gave no complete answer.

use super::super::defect::{Defect, Defects};
use super::super::reason::Reason;
use serde_json::Value;
use std::time::Duration;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum CallFailure {
    #[error("no complete answer within {0:?}")]
    TimedOut(Duration),
    #[error("the connection failed")]
    Connection(#[from] reqwest::Error),
    #[error("the client's event loop is closed")]
    LoopClosed,
    #[error("status {status}: {message}")]
    Status { status: u16, message: String },
    #[error("the answer is malformed")]
    Malformed(#[from] Malformed),
    #[error("the answer ended without a finish reason")]
    Truncated,
    #[error("the answer exceeds {0} bytes")]
    TooLarge(usize),
    #[error("the provider broke off: {0}")]
    BrokenOff(String),
}

/// What is wrong with an answer's form.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Malformed {
    #[error("not the expected JSON")]
    Json(#[from] serde_json::Error),
    #[error("not UTF-8")]
    Text(#[from] std::str::Utf8Error),
    #[error("{0}")]
    Content(&'static str),
}

impl From<serde_json::Error> for CallFailure {
    fn from(error: serde_json::Error) -> Self {
        Malformed::from(error).into()
    }
}

impl From<std::str::Utf8Error> for CallFailure {
    fn from(error: std::str::Utf8Error) -> Self {
        Malformed::from(error).into()
    }
}

impl CallFailure {
    /// The failure that a status other than success is, with the provider's own words.
    pub(super) fn of_status(status: u16, body: &[u8]) -> Self {
        Self::Status { status, message: said(body) }
    }

    /// Its type, for the log.
    pub(in super::super) fn kind(&self) -> &'static str {
        match self {
            Self::TimedOut(_) => "TimedOut",
            Self::Connection(_) => "Connection",
            Self::LoopClosed => "LoopClosed",
            Self::Status { .. } => "Status",
            Self::Malformed(_) => "Malformed",
            Self::Truncated => "Truncated",
            Self::TooLarge(_) => "TooLarge",
            Self::BrokenOff(_) => "BrokenOff",
        }
    }

    /// The reason of the answer that a fallback gives instead.
    pub(in super::super) fn fallback_reason(&self, defects: Defects) -> Reason {
        match self {
            Self::Status { status: 429.., .. } if defects.has(Defect::OverloadTakenForRateLimit) => Reason::RateLimited,
            Self::Status { status: 429, .. } => Reason::RateLimited,
            _ => Reason::ApiUnavailable,
        }
    }
}

/// What an error body says: its message where its form is known, else how it begins.
pub(super) fn said(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let known = json.as_ref().and_then(|json| {
        let message = json.pointer("/error/message").or_else(|| json.get("message")).or_else(|| json.get("error"));
        message.and_then(Value::as_str)
    });
    let text = known.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
    text.trim().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_429_is_a_rate_limit() {
        for (status, reason) in
            [(429, Reason::RateLimited), (529, Reason::ApiUnavailable), (402, Reason::ApiUnavailable)]
        {
            assert_eq!(CallFailure::of_status(status, b"").fallback_reason(Defects::none()), reason);
        }
        assert_eq!(CallFailure::Truncated.fallback_reason(Defects::none()), Reason::ApiUnavailable);
    }

    #[test]
    fn every_providers_error_body_gives_its_message() {
        assert_eq!(
            said(br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
            "Overloaded"
        );
        assert_eq!(said(br#"{"object":"error","message":"Rate limit exceeded","code":"1300"}"#), "Rate limit exceeded");
        assert_eq!(said(br#"{"error":"model 'x' not found"}"#), "model 'x' not found");
        assert_eq!(said(b" upstream down "), "upstream down");
        assert_eq!(said(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
    }
}
