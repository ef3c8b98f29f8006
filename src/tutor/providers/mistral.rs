//! Mistral's chat completions.

use super::super::wire::Framing;
use super::answer::{Format, Part};
use super::completions;
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::prompt::Prompt;
use reqwest::RequestBuilder;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Mistral;

impl Format for Mistral {
    fn path(&self) -> &'static str {
        "/v1/chat/completions"
    }

    fn authorise(&self, request: RequestBuilder, key: &str) -> RequestBuilder {
        request.bearer_auth(key)
    }

    fn request(&self, prompt: &Prompt, model: &str, delivery: Delivery) -> Value {
        completions::request(prompt, model, delivery)
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn read_whole(&self, body: &[u8]) -> Result<Part, CallFailure> {
        completions::read_whole(body)
    }

    fn read_frame(&self, data: &str) -> Result<Part, CallFailure> {
        completions::read_frame(data)
    }
}
