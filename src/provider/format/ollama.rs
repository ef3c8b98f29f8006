//! Ollama's generate and chat.

use crate::provider::format::Page;
use crate::provider::format::reply::Answering;
use crate::provider::{Endpoint, Finish};
use serde_json::{Map, Value, json};

pub(crate) fn answer(answering: &Answering<'_>) -> Page {
    if answering.ask.stream { stream(answering) } else { whole(answering) }
}

fn whole(answering: &Answering<'_>) -> Page {
    let mut object = object(answering, &answering.text());
    finish(answering, &mut object);
    Page::json(200, &Value::Object(object))
}

/// Each chunk is a line and a piece; the last line, without text, says that it is done.
fn stream(answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("application/x-ndjson");
    for (index, chunk) in answering.chunks.iter().enumerate() {
        if index > 0 {
            page.end_piece();
        }
        let mut object = object(answering, chunk);
        object.insert("done".into(), false.into());
        page.line(&Value::Object(object));
    }
    if let Some(failure) = &answering.then {
        page.end_piece();
        page.line(failure);
    } else if answering.finish != Finish::Absent {
        let mut object = object(answering, "");
        finish(answering, &mut object);
        page.line(&Value::Object(object));
    }
    page.end_piece();
    page
}

fn object(answering: &Answering<'_>, text: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("model".into(), answering.model.into());
    object.insert("created_at".into(), answering.stamp.now.to_string().into());
    match answering.endpoint {
        Endpoint::Chat => object.insert("message".into(), json!({"role": "assistant", "content": text})),
        _ => object.insert("response".into(), text.into()),
    };
    object
}

fn finish(answering: &Answering<'_>, object: &mut Map<String, Value>) {
    let reason = match answering.finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::Absent => {
            object.insert("done".into(), false.into());
            return;
        }
    };
    object.insert("done".into(), true.into());
    object.insert("done_reason".into(), reason.into());
    if *answering.endpoint == Endpoint::Generate {
        object.insert("context".into(), json!([1, 2, 3]));
    }
    if let Some((input, output)) = answering.tokens {
        let durations = [
            ("total_duration", 5_000_000 + output.saturating_mul(1_000_000)),
            ("load_duration", 1_000_000),
            ("prompt_eval_count", input),
            ("prompt_eval_duration", 4_000_000),
            ("eval_count", output),
            ("eval_duration", output.saturating_mul(1_000_000)),
        ];
        object.extend(durations.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    }
}
