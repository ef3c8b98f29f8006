//! DeepSeek's chat completions: OpenAI's form.

use super::super::wire::Framing;
use super::answer::{Format, Part};
use super::completions;
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::prompt::Prompt;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct DeepSeek;

impl Format for DeepSeek {
    fn path(&self) -> &'static str {
        "/chat/completions"
    }

    fn authorise(&self, request: RequestBuilder, key: &str) -> RequestBuilder {
        request.bearer_auth(key)
    }

    fn request(&self, prompt: &Prompt, model: &str, delivery: Delivery) -> Value {
        let mut body = completions::request(prompt, model, delivery);
        if delivery.is_streamed() {
            // Without it a stream says nothing of its usage. Mistral refuses the option.
            body["stream_options"] = json!({"include_usage": true});
        }
        body
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
