//! A client of Anthropic's Messages API.

use super::super::tokens::Usage;
use super::super::wire::Framing;
use super::answer::{Format, Part};
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::prompt::Prompt;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

const MOST_OUTPUT_TOKENS: u32 = 1024;

#[derive(Debug)]
pub(super) struct Claude;

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Tokens,
}

#[derive(Deserialize)]
struct Block {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize, Default)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockDelta {
        delta: Block,
    },
    MessageDelta {
        delta: Delta,
        #[serde(default)]
        usage: Tokens,
    },
    MessageStop,
    Error {
        error: Value,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Start {
    #[serde(default)]
    usage: Tokens,
}

#[derive(Deserialize)]
struct Delta {
    stop_reason: Option<String>,
}

impl Format for Claude {
    fn path(&self) -> &'static str {
        "/v1/messages"
    }

    fn authorise(&self, request: RequestBuilder, key: &str) -> RequestBuilder {
        request.header("x-api-key", key).header("anthropic-version", "2023-06-01")
    }

    fn request(&self, prompt: &Prompt, model: &str, delivery: Delivery) -> Value {
        let mut messages = Vec::with_capacity(2 * prompt.history.len() + 1);
        for exchange in &prompt.history {
            messages.push(json!({"role": "user", "content": exchange.question}));
            messages.push(json!({"role": "assistant", "content": exchange.answer}));
        }
        messages.push(json!({"role": "user", "content": prompt.message}));
        json!({
            "model": model,
            "max_tokens": MOST_OUTPUT_TOKENS,
            "system": prompt.system,
            "messages": messages,
            "stream": delivery.is_streamed(),
        })
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn read_whole(&self, body: &[u8]) -> Result<Part, CallFailure> {
        let message: Message = serde_json::from_slice(body)?;
        Ok(Part {
            text: message.content.into_iter().map(|block| block.text).collect(),
            usage: Usage { input: message.usage.input_tokens, output: message.usage.output_tokens },
            finishes: message.stop_reason.is_some(),
            is_last: true,
        })
    }

    fn read_frame(&self, data: &str) -> Result<Part, CallFailure> {
        let nothing = Part::default();
        Ok(match serde_json::from_str(data)? {
            // The output tokens here are those of the first token only; message_delta has the sum.
            Event::MessageStart { message: Start { usage } } => {
                Part { usage: Usage { input: usage.input_tokens, output: None }, ..nothing }
            }
            Event::ContentBlockDelta { delta } => Part { text: delta.text, ..nothing },
            Event::MessageDelta { delta, usage } => Part {
                usage: Usage { input: usage.input_tokens, output: usage.output_tokens },
                finishes: delta.stop_reason.is_some(),
                ..nothing
            },
            Event::MessageStop => Part { is_last: true, ..nothing },
            Event::Error { error } => {
                let message = error.get("message").and_then(Value::as_str).unwrap_or("unknown error");
                return Err(CallFailure::BrokenOff(message.to_owned()));
            }
            Event::Other => nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_has_text_usage_and_a_stop_reason() {
        let body = br#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"},
            {"type":"tool_use","id":"t","name":"n","input":{}}],"stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":5}}"#;
        let part = Claude.read_whole(body).expect("an answer");
        assert_eq!((part.text.as_str(), part.finishes), ("Hi", true));
        assert_eq!(part.usage, Usage { input: Some(12), output: Some(5) });
        let unfinished = br#"{"content":[{"type":"text","text":"Hi"}],"stop_reason":null}"#;
        assert!(!Claude.read_whole(unfinished).expect("an answer").finishes);
        assert!(Claude.read_whole(br#"{"type":"message"}"#).is_err());
    }

    #[test]
    fn a_streams_output_tokens_are_those_of_its_end() {
        let start = r#"{"type":"message_start","message":{"content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#;
        assert_eq!(Claude.read_frame(start).expect("a frame").usage, Usage { input: Some(9), output: None });
        let delta = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}"#;
        let part = Claude.read_frame(delta).expect("a frame");
        assert_eq!((part.usage.output, part.finishes), (Some(15), true));
        assert!(Claude.read_frame(r#"{"type":"message_stop"}"#).expect("a frame").is_last);
        assert_eq!(Claude.read_frame(r#"{"type":"ping"}"#).expect("a frame"), Part::default());
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert!(matches!(Claude.read_frame(error), Err(CallFailure::BrokenOff(text)) if text == "Overloaded"));
    }
}
