//! What an answer says, whoever gave it: read from its bytes, as a client reads it.

use crate::provider::wire::format::Format;
use serde_json::Value;

/// A document of an answer: the whole of it, or a frame of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// The name of the event, in streams that name them.
    pub(crate) event: Option<String>,
    pub(crate) value: Value,
}

/// What an answer says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ParsedAnswer {
    pub(crate) documents: Vec<Document>,
    /// The pieces of the text.
    pub(crate) pieces: Vec<String>,
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) audio_seconds: Option<u64>,
    pub(crate) finish: Option<String>,
    /// Whether a stream said by itself that it is over.
    pub(crate) is_done: bool,
}

impl ParsedAnswer {
    /// The whole text, if there is one.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.pieces.is_empty()).then(|| self.pieces.concat())
    }

    /// Tokens of prompt and answer, if both are told.
    pub(crate) fn tokens(&self) -> Option<(u64, u64)> {
        Some((self.input?, self.output?))
    }
}

/// Reads an answer.
pub(crate) fn parse_answer(format: &dyn Format, content_type: &str, body: &[u8]) -> ParsedAnswer {
    let (documents, is_done) = documents(content_type, body);
    let mut heard = ParsedAnswer { is_done, ..ParsedAnswer::default() };
    for document in &documents {
        let told = format.told(&document.value);
        heard.pieces.extend(told.text.filter(|text| !text.is_empty()));
        heard.input = told.input.or(heard.input);
        heard.output = told.output.or(heard.output);
        heard.audio_seconds = told.audio_seconds.or(heard.audio_seconds);
        heard.finish = told.finish.or(heard.finish);
    }
    heard.documents = documents;
    heard
}

/// The end of an event stream of chat completions.
const DONE: &str = "[DONE]";

/// The documents of a body, and whether it says that it is over.
fn documents(content_type: &str, body: &[u8]) -> (Vec<Document>, bool) {
    let text = String::from_utf8_lossy(body);
    let plain = |value| Document { event: None, value };
    if content_type.starts_with("text/event-stream") {
        return frames(&text);
    }
    match serde_json::from_str::<Value>(&text) {
        // A list of documents, of which each came when it was ready.
        Ok(Value::Array(values)) => (values.into_iter().map(plain).collect(), true),
        Ok(value) => (vec![plain(value)], true),
        Err(_) => (text.lines().filter_map(|line| serde_json::from_str(line).ok()).map(plain).collect(), false),
    }
}

/// The frames of an event stream: a blank line ends each.
fn frames(text: &str) -> (Vec<Document>, bool) {
    let mut found = Vec::new();
    let mut is_done = false;
    let text = text.replace("\r\n", "\n");
    for frame in text.split("\n\n") {
        let field = |name: &str| {
            let values = frame.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            values.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>()
        };
        let data = field("data").join("\n");
        if data.trim() == DONE {
            is_done = true;
        } else if let Ok(value) = serde_json::from_str(&data) {
            found.push(Document { event: field("event").first().map(|event| (*event).to_owned()), value });
        }
    }
    (found, is_done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::wire::table::Wire;

    #[track_caller]
    fn check(wire: Wire, content_type: &str, body: &str, text: &str, tokens: Option<(u64, u64)>, finish: &str) {
        let heard = parse_answer(wire.format(), content_type, body.as_bytes());
        assert_eq!(heard.text().as_deref(), Some(text));
        assert_eq!(heard.tokens(), tokens);
        assert_eq!(heard.finish.as_deref(), Some(finish));
    }

    #[test]
    fn whole_answers_are_read() {
        let json = "application/json";
        let body = r#"{"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":4}}"#;
        check(Wire::Anthropic, json, body, "Hi", Some((3, 4)), "end_turn");
        let body = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
        for wire in [Wire::Mistral, Wire::Deepseek, Wire::Openai] {
            check(wire, json, body, "Hi", Some((3, 4)), "stop");
        }
        let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}"#;
        check(Wire::Gemini, json, body, "Hi", Some((3, 4)), "STOP");
        let body =
            r#"{"message":{"content":"Hi"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4}"#;
        check(Wire::Ollama, json, body, "Hi", Some((3, 4)), "stop");
    }

    #[test]
    fn streams_are_read_frame_by_frame() {
        let sse = "text/event-stream; charset=utf-8";
        let body = "event: message_start\r\ndata: {\"message\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\r\n\r\n\
                    event: content_block_delta\r\ndata: {\"delta\":{\"text\":\"H\"}}\r\n\r\n\
                    event: content_block_delta\r\ndata: {\"delta\":{\"text\":\"i\"}}\r\n\r\n\
                    event: message_delta\r\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\r\n\r\n";
        check(Wire::Anthropic, sse, body, "Hi", Some((3, 4)), "end_turn");
        let body = "data: {\"choices\":[{\"delta\":{\"content\":\"H\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"i\"},\
                    \"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
        check(Wire::Openai, sse, body, "Hi", Some((3, 4)), "stop");
        let body = "{\"message\":{\"content\":\"H\"},\"done\":false}\n{\"message\":{\"content\":\"i\"},\"done\":true,\
                    \"done_reason\":\"stop\",\"prompt_eval_count\":3,\"eval_count\":4}\n";
        check(Wire::Ollama, "application/x-ndjson", body, "Hi", Some((3, 4)), "stop");
    }

    #[test]
    fn what_is_no_answer_says_nothing() {
        for body in ["", "<html>", "null", "data: {", "[1, 2]"] {
            for wire in Wire::ALL {
                assert_eq!(parse_answer(wire.format(), "application/json", body.as_bytes()).text(), None);
                assert_eq!(parse_answer(wire.format(), "text/event-stream", body.as_bytes()).tokens(), None);
            }
        }
    }
}
