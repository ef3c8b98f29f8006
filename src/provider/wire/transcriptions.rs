//! Transcriptions: what is said in an uploaded recording.

use crate::provider::audio::Wav;
use crate::provider::hash::BodyHash;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Message, Sent};
use crate::provider::wire::format::Answering;
use crate::provider::wire::multipart::parts;
use crate::provider::wire::page::Page;
use crate::provider::wire::told::{Told, number_at, text_at};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What the endpoint is called in scenarios.
pub(super) const WORD: &str = "transcriptions";

/// What is missing in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It has no parts.
    Form,
    /// No model is named.
    Model,
    /// There is neither a file nor the address or id of one.
    File,
}

/// Reads a request. Its message says which recording it is about, so that it can be told from another case's.
pub(super) fn read(sent: &Sent<'_>) -> (Ask, Option<Missing>) {
    let Some(parts) = parts(sent) else { return (Ask::default(), Some(Missing::Form)) };
    let text = |name: &str| {
        let part = parts.iter().find(|part| part.name == name);
        part.map(|part| part.text()).filter(|text| !text.is_empty())
    };
    let file = parts.iter().find(|part| part.name == "file" && part.file_name.is_some());
    let elsewhere = text("file_url").or_else(|| text("file_id"));
    let recording = file.map(|file| recording(file.bytes)).or(elsewhere);
    let ask = Ask {
        model: text("model").unwrap_or_default(),
        stream: text("stream").is_some_and(|stream| stream.eq_ignore_ascii_case("true")),
        messages: recording.iter().map(|text| Message { role: "user".into(), text: text.clone() }).collect(),
        audio: Some(file.map_or(Duration::ZERO, |file| duration(file.bytes))),
        language: text("language"),
        ..Ask::default()
    };
    let missing = match () {
        () if ask.model.is_empty() => Some(Missing::Model),
        () if recording.is_none() => Some(Missing::File),
        () => None,
    };
    (ask, missing)
}

/// What a transcript or an event of its stream says.
pub(super) fn told(document: &Value) -> Told {
    let is_whole = document.get("type").is_none();
    let is_delta = document.get("type").and_then(Value::as_str) == Some("transcription.text.delta");
    Told {
        text: text_at(document, "/text").filter(|_| is_whole || is_delta),
        input: number_at(document, "/usage/prompt_tokens"),
        output: number_at(document, "/usage/completion_tokens"),
        audio_seconds: number_at(document, "/usage/prompt_audio_seconds"),
        finish: None,
    }
}

/// How a recording is spoken of in the journal of calls, and by who says what is about to be sent: its bytes can't stand in a journal.
pub fn recording(bytes: &[u8]) -> String {
    format!("recording {:016x}, {} bytes", BodyHash::of(bytes).0, bytes.len())
}

/// How long a recording plays; what is no WAV is taken for 32 kbit a second.
fn duration(bytes: &[u8]) -> Duration {
    Wav::read(bytes).map_or_else(|| Duration::from_millis(bytes.len() as u64 / 4), |wav| wav.duration())
}

/// The transcript, as a whole or as a stream.
pub(super) fn reply(answering: &Answering<'_>) -> Page {
    if answering.ask.stream { stream(answering) } else { Page::json(200, &Value::Object(transcript(answering))) }
}

fn transcript(answering: &Answering<'_>) -> Map<String, Value> {
    let mut transcript = Map::new();
    transcript.insert("model".into(), answering.model.into());
    transcript.insert("text".into(), answering.text().into());
    transcript.insert("language".into(), answering.language.into());
    transcript.insert("segments".into(), json!([segment(answering, "transcription_segment")]));
    if let Some((input, output)) = answering.tokens {
        let usage = json!({
            "prompt_audio_seconds": answering.audio_seconds, "prompt_tokens": input,
            "total_tokens": input.saturating_add(output), "completion_tokens": output,
        });
        transcript.insert("usage".into(), usage);
    }
    transcript
}

fn segment(answering: &Answering<'_>, kind: &str) -> Value {
    let end = answering.ask.audio.unwrap_or_default().as_secs_f64();
    json!({"type": kind, "text": answering.text(), "start": 0.0, "end": end})
}

/// Each chunk is a delta and a piece; the last event has the whole transcript.
fn stream(answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("text/event-stream; charset=utf-8").with("cache-control", "no-cache");
    let event = |page: &mut Page, value: Value| page.event(value["type"].as_str().unwrap_or_default(), &value);
    if let Some(language) = answering.language {
        event(&mut page, json!({"type": "transcription.language", "audio_language": language}));
    }
    for (index, chunk) in answering.chunks.iter().enumerate() {
        if index > 0 {
            page.end_piece();
        }
        event(&mut page, json!({"type": "transcription.text.delta", "text": chunk}));
    }
    if let Some(failure) = &answering.then {
        page.end_piece();
        page.event("error", failure);
    } else if answering.finish != Finish::Absent {
        event(&mut page, segment(answering, "transcription.segment"));
        let mut done = transcript(answering);
        done.insert("type".into(), "transcription.done".into());
        event(&mut page, Value::Object(done));
    }
    page.end_piece();
    page
}

/// A transcript in which the text is null.
pub(super) fn null_reply(ask: &Ask) -> Value {
    json!({
        "model": ask.model, "text": null, "language": null, "segments": [],
        "usage": {"prompt_audio_seconds": 1, "prompt_tokens": 1, "total_tokens": 2, "completion_tokens": 1},
    })
}
