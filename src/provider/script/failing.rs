//! A provider's errors, as scripted.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A provider's error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The status, if it is not the kind's own.
    pub status: Option<u16>,
    /// The message, if it is not the kind's own.
    pub message: Option<String>,
    /// `retry-after`, where it is not the provider's default.
    pub retry_after: Option<Duration>,
}

/// The documented errors; each provider has its own status and body for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it; docs/providers.md has statuses and bodies")]
pub enum FailureKind {
    BadRequest,
    Unauthorized,
    OutOfCredit,
    Forbidden,
    NotFound,
    TooLarge,
    Unprocessable,
    RateLimited,
    SpendLimit,
    ServerError,
    BadGateway,
    Unavailable,
    Timeout,
    Overloaded,
}

impl FailureKind {
    /// Every kind of failure.
    pub const ALL: [Self; 14] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::OutOfCredit,
        Self::Forbidden,
        Self::NotFound,
        Self::TooLarge,
        Self::Unprocessable,
        Self::RateLimited,
        Self::SpendLimit,
        Self::ServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Timeout,
        Self::Overloaded,
    ];

    /// The word used in scenarios.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::OutOfCredit => "out_of_credit",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::Unprocessable => "unprocessable",
            Self::RateLimited => "rate_limited",
            Self::SpendLimit => "spend_limit",
            Self::ServerError => "server_error",
            Self::BadGateway => "bad_gateway",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
        }
    }
}

impl Failing {
    /// A failure as the provider documents it.
    pub fn new(kind: FailureKind) -> Self {
        Self { kind, status: None, message: None, retry_after: None }
    }
}
