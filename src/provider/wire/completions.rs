//! Chat completions: what Mistral, DeepSeek and OpenAI share. How they differ is a [`Dialect`].

use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, text_of};
use crate::provider::wire::format::{Answering, Said};
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::told::{Told, number_at, text_at};
use serde_json::{Map, Value, json};

/// How one provider speaks them.
pub(super) struct Dialect {
    /// What its ids begin with.
    pub(super) id: &'static str,
    /// Whether a whole answer says that there are no tool calls.
    pub(super) tells_tool_calls: bool,
    /// Whether the usage tells what came from a cache.
    pub(super) tells_cache: bool,
    /// Where a stream tells the usage.
    pub(super) usage: StreamUsage,
}

/// Where a stream tells the usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamUsage {
    /// With the finish reason.
    WithFinish,
    /// In a chunk of its own without a choice if `stream_options.include_usage` asks for it, else with the finish reason.
    WithFinishOrApart,
    /// In a chunk of its own if it is asked for, else nowhere.
    Apart,
}

/// The form of a stream that tells the usage in a chunk of its own: `stream_options.include_usage`.
const USAGE_APART: &str = "include_usage";

/// What a request asks.
pub(super) fn conversation(fields: &Map<String, Value>) -> Ask {
    let options = fields.get("stream_options");
    let apart = options.and_then(|options| options.get(USAGE_APART)) == Some(&Value::Bool(true));
    Ask { form: if apart { USAGE_APART } else { "" }, ..Ask::conversation(fields) }
}

/// What a whole answer or a chunk says.
pub(super) fn told(document: &Value) -> Told {
    let choice = document.pointer("/choices/0").unwrap_or(&Value::Null);
    let content = choice.pointer("/message/content").or_else(|| choice.pointer("/delta/content"));
    Told {
        text: content.map(text_of),
        input: number_at(document, "/usage/prompt_tokens"),
        output: number_at(document, "/usage/completion_tokens"),
        finish: text_at(choice, "/finish_reason"),
        ..Told::default()
    }
}

/// The word for the end of an answer.
pub(super) fn finish_word(finish: Finish) -> Option<&'static str> {
    match finish {
        Finish::Stop => Some("stop"),
        Finish::Length => Some("length"),
        Finish::Refusal => Some("content_filter"),
        Finish::Absent => None,
    }
}

/// An error as DeepSeek and OpenAI write it.
pub(super) fn error(said: &Said<'_>) -> Value {
    json!({"error": {"message": said.message, "type": said.kind, "param": null, "code": said.code}})
}

/// The list of models, with one in it.
pub(super) fn models(id: &str, owner: &str) -> Page {
    let model = json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": owner});
    Page::json(200, &json!({"object": "list", "data": [model]}))
}

/// An answer in which the text is null.
pub(super) fn null_reply(ask: &Ask, stamp: &Stamp) -> Value {
    json!({
        "id": stamp.id("cmpl-"), "object": "chat.completion", "created": stamp.now.as_second(), "model": ask.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": null}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
}

impl Dialect {
    /// A model's answer.
    pub(super) fn reply(&self, answering: &Answering<'_>) -> Page {
        if answering.ask.stream { self.stream(answering) } else { self.whole(answering) }
    }

    fn usage(&self, (input, output): (u64, u64)) -> Value {
        let mut usage = json!({
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input.saturating_add(output),
        });
        if let (true, Some(fields)) = (self.tells_cache, usage.as_object_mut()) {
            fields.insert("prompt_cache_hit_tokens".into(), 0.into());
            fields.insert("prompt_cache_miss_tokens".into(), input.into());
        }
        usage
    }

    fn whole(&self, answering: &Answering<'_>) -> Page {
        let mut message = json!({"role": "assistant", "content": answering.text()});
        if let (true, Some(fields)) = (self.tells_tool_calls, message.as_object_mut()) {
            fields.insert("tool_calls".into(), Value::Null);
        }
        let choice = json!({"index": 0, "message": message, "finish_reason": finish_word(answering.finish)});
        let mut body = json!({
            "id": answering.stamp.id(self.id), "object": "chat.completion",
            "created": answering.stamp.now.as_second(), "model": answering.model, "choices": [choice],
        });
        if let (Some(tokens), Some(fields)) = (answering.tokens, body.as_object_mut()) {
            fields.insert("usage".into(), self.usage(tokens));
        }
        Page::json(200, &body)
    }

    /// Each chunk is a piece.
    fn stream(&self, answering: &Answering<'_>) -> Page {
        let mut page = Page::stream("text/event-stream; charset=utf-8").with("cache-control", "no-cache");
        let asked = answering.ask.form == USAGE_APART;
        let (with_finish, apart) = match self.usage {
            StreamUsage::WithFinish => (true, false),
            StreamUsage::WithFinishOrApart => (!asked, asked),
            StreamUsage::Apart => (false, asked),
        };
        let frame = |choices: Value, tokens: Option<(u64, u64)>| {
            let mut frame = json!({
                "id": answering.stamp.id(self.id), "object": "chat.completion.chunk",
                "created": answering.stamp.now.as_second(), "model": answering.model, "choices": choices,
            });
            if let Some(fields) = frame.as_object_mut() {
                match tokens {
                    Some(tokens) => _ = fields.insert("usage".into(), self.usage(tokens)),
                    None if apart => _ = fields.insert("usage".into(), Value::Null),
                    None => {}
                }
            }
            frame
        };
        let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
        page.data(&frame(choice(json!({"role": "assistant", "content": ""}), Value::Null), None));
        for (index, chunk) in answering.chunks.iter().enumerate() {
            if index > 0 {
                page.end_piece();
            }
            page.data(&frame(choice(json!({"content": chunk}), Value::Null), None));
        }
        if let Some(failure) = &answering.then {
            page.end_piece();
            page.data(failure);
        } else if answering.finish != Finish::Absent {
            let last = choice(json!({"content": ""}), finish_word(answering.finish).into());
            page.data(&frame(last, answering.tokens.filter(|_| with_finish)));
            if let (true, Some(tokens)) = (apart, answering.tokens) {
                page.data(&frame(json!([]), Some(tokens)));
            }
            page.body.extend_from_slice(b"data: [DONE]\n\n");
        }
        page.end_piece();
        page
    }
}
