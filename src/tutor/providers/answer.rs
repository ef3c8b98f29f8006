//! What the wire formats have in common once they are read.

use super::super::tokens::Usage;
use super::super::wire::Framing;
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::prompt::Prompt;
use reqwest::RequestBuilder;
use serde_json::Value;
use std::fmt::Debug;

/// A part of an answer: all of it, or what one frame of a stream adds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) usage: Usage,
    /// It gives the finish reason, without which an answer is truncated.
    pub(super) finishes: bool,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

/// A provider's wire format.
pub(super) trait Format: Debug + Send + Sync {
    /// Where answers are asked for, after the base URL.
    fn path(&self) -> &'static str;

    /// Puts the key where the provider wants it.
    fn authorise(&self, request: RequestBuilder, key: &str) -> RequestBuilder;

    /// The body of a request.
    fn request(&self, prompt: &Prompt, model: &str, delivery: Delivery) -> Value;

    /// How a stream is cut.
    fn framing(&self) -> Framing;

    /// Reads an answer that came as a whole.
    fn read_whole(&self, body: &[u8]) -> Result<Part, CallFailure>;

    /// Reads one frame of a stream.
    fn read_frame(&self, data: &str) -> Result<Part, CallFailure>;
}
