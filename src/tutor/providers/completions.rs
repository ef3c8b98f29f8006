//! Chat completions, the form that Mistral and DeepSeek share.

use super::super::tokens::Usage;
use super::answer::Part;
use super::delivery::Delivery;
use super::failure::{CallFailure, Malformed};
use super::prompt::Prompt;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(alias = "delta")]
    message: Content,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    content: Option<Text>,
}

/// Mistral may give text in chunks instead of one string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Chunks(Vec<Chunk>),
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Text {
    fn joined(self) -> String {
        match self {
            Self::Plain(text) => text,
            Self::Chunks(chunks) => chunks.into_iter().map(|chunk| chunk.text).collect(),
        }
    }
}

pub(super) fn request(prompt: &Prompt, model: &str, delivery: Delivery) -> Value {
    let mut messages = vec![json!({"role": "system", "content": prompt.system})];
    for exchange in &prompt.history {
        messages.push(json!({"role": "user", "content": exchange.question}));
        messages.push(json!({"role": "assistant", "content": exchange.answer}));
    }
    messages.push(json!({"role": "user", "content": prompt.message}));
    json!({"model": model, "messages": messages, "stream": delivery.is_streamed()})
}

pub(super) fn read_whole(body: &[u8]) -> Result<Part, CallFailure> {
    let completion: Completion = serde_json::from_slice(body)?;
    let choice = completion.choices.into_iter().next().ok_or(Malformed::Content("no choice"))?;
    let text = choice.message.content.ok_or(Malformed::Content("no text"))?.joined();
    Ok(Part { text, usage: usage(completion.usage), finishes: finishes(choice.finish_reason)?, is_last: true })
}

pub(super) fn read_frame(data: &str) -> Result<Part, CallFailure> {
    if data.trim() == "[DONE]" {
        return Ok(Part { is_last: true, ..Part::default() });
    }
    let value: Value = serde_json::from_str(data)?;
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        return Err(CallFailure::BrokenOff(super::failure::said(error.to_string().as_bytes())));
    }
    let chunk: Completion = serde_json::from_value(value)?;
    let usage = usage(chunk.usage);
    // A chunk without a choice only gives usage.
    let Some(choice) = chunk.choices.into_iter().next() else { return Ok(Part { usage, ..Part::default() }) };
    let text = choice.message.content.map(Text::joined).unwrap_or_default();
    Ok(Part { text, usage, finishes: finishes(choice.finish_reason)?, is_last: false })
}

fn usage(tokens: Option<Tokens>) -> Usage {
    tokens.map_or_else(Usage::default, |tokens| Usage { input: tokens.prompt_tokens, output: tokens.completion_tokens })
}

fn finishes(reason: Option<String>) -> Result<bool, CallFailure> {
    match reason.as_deref() {
        Some("error") => Err(CallFailure::BrokenOff("finish reason `error`".to_owned())),
        reason => Ok(reason.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_answer_has_text_usage_and_a_finish_reason() {
        let body = b"\n\n {\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Salut\"},\"finish_reason\":\"stop\"}],
            \"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}";
        let part = read_whole(body).expect("an answer");
        assert_eq!((part.text.as_str(), part.finishes), ("Salut", true));
        assert_eq!(part.usage, Usage { input: Some(3), output: Some(4) });
        assert!(read_whole(br#"{"choices":[]}"#).is_err());
        assert!(read_whole(br#"{"choices":[{"message":{"content":null},"finish_reason":"tool_calls"}]}"#).is_err());
        assert!(read_whole(br#"{"choices":[{"message":{"content":"a"},"finish_reason":"error"}]}"#).is_err());
        let truncated = br#"{"choices":[{"message":{"content":"a"},"finish_reason":null}]}"#;
        assert!(!read_whole(truncated).expect("an answer").finishes);
    }

    #[test]
    fn a_stream_ends_with_done_and_may_give_usage_apart() {
        let chunk =
            r#"{"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"a"}]},"finish_reason":null}]}"#;
        assert_eq!(read_frame(chunk).expect("a frame").text, "a");
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        assert_eq!(read_frame(usage).expect("a frame").usage, Usage { input: Some(1), output: Some(2) });
        assert!(read_frame("[DONE]").expect("a frame").is_last);
        assert!(matches!(read_frame(r#"{"error":{"message":"x"}}"#), Err(CallFailure::BrokenOff(_))));
    }
}
