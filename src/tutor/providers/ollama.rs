//! Ollama's native API: `/api/generate` for answers, `/api/tags` for what is installed.

use super::super::tokens::Usage;
use super::super::wire::Framing;
use super::answer::{Format, Part};
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::prompt::Prompt;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

#[derive(Debug)]
pub(super) struct Ollama;

#[derive(Deserialize)]
struct Generated {
    #[serde(default)]
    response: Option<String>,
    #[serde(default)]
    done: bool,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// The names of the installed models.
pub(super) fn read_tags(body: &[u8]) -> Result<Vec<String>, CallFailure> {
    let tags: Tags = serde_json::from_slice(body)?;
    Ok(tags.models.into_iter().map(|tag| tag.name).collect())
}

/// The conversation as one text; without one, the learner's message as it is.
fn rendered(prompt: &Prompt) -> String {
    let mut text = String::new();
    for exchange in &prompt.history {
        // Writing to a String can't fail.
        let _ = write!(text, "Learner: {}\n\nTutor: {}\n\n", exchange.question, exchange.answer);
    }
    if !text.is_empty() {
        text.push_str("Learner: ");
    }
    text + &prompt.message
}

impl Format for Ollama {
    fn path(&self) -> &'static str {
        "/api/generate"
    }

    fn authorise(&self, request: RequestBuilder, _key: &str) -> RequestBuilder {
        request
    }

    fn request(&self, prompt: &Prompt, model: &str, delivery: Delivery) -> Value {
        json!({
            "model": model,
            "system": prompt.system,
            "prompt": rendered(prompt),
            "stream": delivery.is_streamed(),
        })
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn read_whole(&self, body: &[u8]) -> Result<Part, CallFailure> {
        let generated: Generated = serde_json::from_slice(body)?;
        if let Some(error) = generated.error {
            return Err(CallFailure::BrokenOff(error));
        }
        let text = generated.response.ok_or(super::failure::Malformed::Content("no response"))?;
        let usage = Usage { input: generated.prompt_eval_count, output: generated.eval_count };
        Ok(Part { text, usage, finishes: generated.done, is_last: generated.done })
    }

    fn read_frame(&self, data: &str) -> Result<Part, CallFailure> {
        self.read_whole(data.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::prompt::Exchange;
    use super::*;

    #[test]
    fn the_message_alone_is_the_prompt_and_a_conversation_is_rendered_before_it() {
        let mut prompt = Prompt { system: String::new(), history: Vec::new(), message: "Hello".into() };
        assert_eq!(rendered(&prompt), "Hello");
        prompt.history.push(Exchange { question: "a".into(), answer: "b".into() });
        assert_eq!(rendered(&prompt), "Learner: a\n\nTutor: b\n\nLearner: Hello");
    }

    #[test]
    fn a_line_is_text_an_end_or_an_error() {
        let end =
            r#"{"model":"m","response":"","done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4}"#;
        let part = Ollama.read_frame(end).expect("a line");
        assert_eq!((part.finishes, part.is_last, part.usage.output), (true, true, Some(4)));
        assert_eq!(Ollama.read_frame(r#"{"response":"a","done":false}"#).expect("a line").text, "a");
        assert!(matches!(Ollama.read_frame(r#"{"error":"busy"}"#), Err(CallFailure::BrokenOff(_))));
        assert!(Ollama.read_frame(r#"{"done":true}"#).is_err());
    }

    #[test]
    fn tags_list_what_is_installed() {
        let body = br#"{"models":[{"name":"mistral:7b","model":"mistral:7b","size":1,"details":{}}]}"#;
        assert_eq!(read_tags(body).expect("tags"), ["mistral:7b"]);
        assert!(read_tags(br#"{"error":"x"}"#).is_err());
    }
}
