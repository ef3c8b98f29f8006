//! Messages that must be stored, whatever becomes of the connection meanwhile.

use async_nats::jetstream::Context;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use std::time::Duration;

/// How long the next try is waited for.
const AGAIN: Duration = Duration::from_millis(200);

/// What the server says where a subject has as many messages as it may: a stream's limit is its error 10077.
const FULL: &str = "per subject";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is stored.
    Yes,
    /// Its subject has as many messages as it may: somebody was first.
    Refused,
    /// It was not sent: its run is over.
    Unwanted,
}

/// Sends a message until the server has stored it or refuses it. With an `id`, one that is sent twice counts once.
pub(super) async fn store(context: &Context, subject: String, payload: Bytes, id: Option<String>) -> Stored {
    loop {
        match try_to_store(context, &subject, &payload, id.as_deref()).await {
            Some(stored) => return stored,
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Sends a message once. `None` if the server did not say what became of it.
pub(super) async fn try_to_store(
    context: &Context,
    subject: &str,
    payload: &Bytes,
    id: Option<&str>,
) -> Option<Stored> {
    let message = PublishMessage::build().payload(payload.clone());
    let message = match id {
        Some(id) => message.message_id(id),
        None => message,
    };
    let sent = match context.send_publish(subject.to_owned(), message).await {
        Ok(sent) => sent.await.map(drop),
        Err(error) => Err(error),
    };
    match sent {
        Ok(()) => Some(Stored::Yes),
        Err(error) if is_full(&error) => Some(Stored::Refused),
        Err(_) => None,
    }
}

fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains(FULL) {
            return true;
        }
        cause = error.source();
    }
    false
}
