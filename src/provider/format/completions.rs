//! Chat completions, as Mistral, DeepSeek and OpenAI speak them.

use crate::provider::format::Page;
use crate::provider::format::reply::Answering;
use crate::provider::{Finish, Wire};
use serde_json::{Value, json};

pub(crate) fn answer(answering: &Answering<'_>) -> Page {
    if answering.ask.stream { stream(answering) } else { whole(answering) }
}

fn finish_reason(finish: Finish) -> Value {
    match finish {
        Finish::Stop => "stop".into(),
        Finish::Length => "length".into(),
        Finish::Absent => Value::Null,
    }
}

fn usage(wire: Wire, (input, output): (u64, u64)) -> Value {
    let mut usage = json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input.saturating_add(output),
    });
    if let (Wire::Deepseek, Some(fields)) = (wire, usage.as_object_mut()) {
        fields.insert("prompt_cache_hit_tokens".into(), 0.into());
        fields.insert("prompt_cache_miss_tokens".into(), input.into());
    }
    usage
}

fn id(answering: &Answering<'_>) -> String {
    match answering.wire {
        Wire::Openai => answering.stamp.id("chatcmpl-"),
        Wire::Anthropic | Wire::Mistral | Wire::Deepseek | Wire::Ollama => answering.stamp.id(""),
    }
}

fn whole(answering: &Answering<'_>) -> Page {
    let mut message = json!({"role": "assistant", "content": answering.text()});
    if let (Wire::Mistral, Some(fields)) = (answering.wire, message.as_object_mut()) {
        fields.insert("tool_calls".into(), Value::Null);
    }
    let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason(answering.finish)});
    let mut body = json!({
        "id": id(answering), "object": "chat.completion", "created": answering.stamp.now.as_second(),
        "model": answering.model, "choices": [choice],
    });
    if let (Some(tokens), Some(fields)) = (answering.tokens, body.as_object_mut()) {
        fields.insert("usage".into(), usage(answering.wire, tokens));
    }
    Page::json(200, &body)
}

/// Each chunk is a piece. Mistral and DeepSeek say the usage with the finish reason; OpenAI, and DeepSeek if it is
/// asked for it, in a chunk of its own without a choice.
fn stream(answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("text/event-stream; charset=utf-8").with("cache-control", "no-cache");
    let own_chunk = answering.wire != Wire::Mistral && answering.ask.include_usage;
    let with_finish = match answering.wire {
        Wire::Mistral => true,
        Wire::Deepseek => !own_chunk,
        Wire::Openai | Wire::Anthropic | Wire::Ollama => false,
    };
    let frame = |choices: Value, tokens: Option<(u64, u64)>| {
        let mut frame = json!({
            "id": id(answering), "object": "chat.completion.chunk", "created": answering.stamp.now.as_second(),
            "model": answering.model, "choices": choices,
        });
        if let Some(fields) = frame.as_object_mut() {
            match tokens {
                Some(tokens) => _ = fields.insert("usage".into(), usage(answering.wire, tokens)),
                None if own_chunk => _ = fields.insert("usage".into(), Value::Null),
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
        let last = choice(json!({"content": ""}), finish_reason(answering.finish));
        page.data(&frame(last, answering.tokens.filter(|_| with_finish)));
        if let (true, Some(tokens)) = (own_chunk, answering.tokens) {
            page.data(&frame(json!([]), Some(tokens)));
        }
        page.body.extend_from_slice(b"data: [DONE]\n\n");
    }
    page.end_piece();
    page
}
