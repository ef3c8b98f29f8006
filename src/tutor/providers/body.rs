//! A response body read in pieces, bounded in size and time.

use super::failure::CallFailure;
use bytes::Bytes;
use reqwest::Response;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

const MOST_BYTES: usize = 8 * 1024 * 1024;

/// When a call must be complete.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    timeout: Duration,
}

impl Deadline {
    pub(super) fn after(timeout: Duration) -> Self {
        Self { at: Instant::now() + timeout, timeout }
    }

    /// Waits for `work`, but not beyond the deadline.
    pub(super) async fn bound<T>(self, work: impl Future<Output = Result<T, CallFailure>>) -> Result<T, CallFailure> {
        timeout_at(self.at, work).await.unwrap_or(Err(CallFailure::TimedOut(self.timeout)))
    }
}

/// The body of one answer.
#[derive(Debug)]
pub(super) struct Body {
    response: Response,
    deadline: Deadline,
    received: usize,
}

impl Body {
    pub(super) fn of(response: Response, deadline: Deadline) -> Self {
        Self { response, deadline, received: 0 }
    }

    /// The next piece; `None` at the body's end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, CallFailure> {
        let piece = self.deadline.bound(async { Ok(self.response.chunk().await?) }).await?;
        self.received += piece.as_ref().map_or(0, Bytes::len);
        if self.received > MOST_BYTES { Err(CallFailure::TooLarge(MOST_BYTES)) } else { Ok(piece) }
    }

    /// All that is left. Reading to the end lets the connection serve another call.
    pub(super) async fn rest(mut self) -> Result<Vec<u8>, CallFailure> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}
