//! Anthropic Messages.

use crate::provider::Finish;
use crate::provider::format::Page;
use crate::provider::format::reply::Answering;
use serde_json::{Map, Value, json};

pub(crate) fn answer(answering: &Answering<'_>) -> Page {
    if answering.ask.stream { stream(answering) } else { whole(answering) }
}

fn stop_reason(finish: Finish) -> Value {
    match finish {
        Finish::Stop => "end_turn".into(),
        Finish::Length => "max_tokens".into(),
        Finish::Absent => Value::Null,
    }
}

fn whole(answering: &Answering<'_>) -> Page {
    let mut message = message(answering, json!([{"type": "text", "text": answering.text()}]), answering.finish);
    if let Some((input, output)) = answering.tokens {
        message.insert("usage".into(), usage(input, output));
    }
    Page::json(200, &Value::Object(message))
}

fn message(answering: &Answering<'_>, content: Value, finish: Finish) -> Map<String, Value> {
    let fields = [
        ("id", answering.stamp.id("msg_").into()),
        ("type", "message".into()),
        ("role", "assistant".into()),
        ("model", answering.model.into()),
        ("content", content),
        ("stop_reason", stop_reason(finish)),
        ("stop_sequence", Value::Null),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn usage(input: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "output_tokens": output,
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    })
}

/// Each chunk is a piece; the frames before the first and behind the last text travel with these.
fn stream(answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("text/event-stream; charset=utf-8").with("cache-control", "no-cache");
    let mut start = message(answering, json!([]), Finish::Absent);
    if let Some((input, _)) = answering.tokens {
        start.insert("usage".into(), usage(input, 1));
    }
    page.event("message_start", &json!({"type": "message_start", "message": start}));
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    page.event("content_block_start", &block);
    page.event("ping", &json!({"type": "ping"}));
    for (index, chunk) in answering.chunks.iter().enumerate() {
        if index > 0 {
            page.end_piece();
        }
        let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": chunk}});
        page.event("content_block_delta", &delta);
    }
    if let Some(failure) = &answering.then {
        page.end_piece();
        page.event("error", failure);
    } else if answering.finish != Finish::Absent {
        page.event("content_block_stop", &json!({"type": "content_block_stop", "index": 0}));
        let delta = json!({"stop_reason": stop_reason(answering.finish), "stop_sequence": null});
        let mut last = json!({"type": "message_delta", "delta": delta});
        if let (Some((_, output)), Some(fields)) = (answering.tokens, last.as_object_mut()) {
            fields.insert("usage".into(), json!({"output_tokens": output}));
        }
        page.event("message_delta", &last);
        page.event("message_stop", &json!({"type": "message_stop"}));
    }
    page.end_piece();
    page
}
