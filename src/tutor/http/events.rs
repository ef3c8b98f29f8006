//! A chat as server-sent events.

use super::super::chat::{ChatEvent, LiveChat};
use super::problem::Problem;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use serde::Serialize;
use serde_json::json;
use std::convert::Infallible;

/// `start`, `delta`…, perhaps `restart` and `delta`… again, then `done` or `error`. Dropped, the chat is cancelled.
pub(super) fn stream(chat: LiveChat) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(futures_util::stream::unfold(Some(chat), async |chat| {
        let mut chat = chat?;
        match chat.next().await {
            Ok(Some(told)) => Some((Ok(event(&told)), Some(chat))),
            Ok(None) => None,
            Err(failure) => Some((Ok(named("error", &Problem::from(failure).into_body())), None)),
        }
    }))
}

fn event(told: &ChatEvent) -> Event {
    match told {
        ChatEvent::Start(announcement) => named("start", announcement),
        ChatEvent::Delta(text) => named("delta", &json!({"text": text})),
        ChatEvent::Restart(announcement) => named("restart", announcement),
        ChatEvent::Done(reply) => named("done", reply),
    }
}

fn named(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).expect("our own types have string keys and finite numbers");
    Event::default().event(name).data(data)
}
