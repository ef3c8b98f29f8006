//! The streams of a fleet, and the consumer that its workers share.

use crate::fleet::nats::error::RequestError;
use crate::fleet::nats::names::{CONSUMER, FleetName, Kind};
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use std::time::Duration;

/// How often a round is begun before it is given up.
const MOST_CLAIMS: i64 = 3;

/// How long results and their pieces are kept: those that nobody takes in go by themselves.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How many workers may wait for a round at once, and how many rounds may be played at once.
const MOST_WORKERS: i64 = 100_000;

fn config(fleet: &FleetName, kind: Kind) -> Config {
    let config = Config {
        name: fleet.stream(kind),
        subjects: vec![fleet.all(kind)],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        ..Config::default()
    };
    let with_at_most = |messages| Config {
        max_messages_per_subject: messages,
        discard: DiscardPolicy::New,
        discard_new_per_subject: true,
        ..config.clone()
    };
    match kind {
        Kind::Rounds => Config { retention: RetentionPolicy::WorkQueue, ..config },
        Kind::Claims => with_at_most(MOST_CLAIMS),
        Kind::Results => Config { max_age: KEPT, ..with_at_most(1) },
        Kind::Pieces => Config { max_age: KEPT, discard: DiscardPolicy::New, ..config },
        Kind::Header => Config { max_messages_per_subject: 1, discard: DiscardPolicy::Old, ..config },
    }
}

/// Makes what is missing of a fleet.
pub(super) async fn make(context: &Context, fleet: &FleetName) -> Result<(), RequestError> {
    for kind in Kind::ALL {
        context.get_or_create_stream(config(fleet, kind)).await.map_err(RequestError::refused)?;
    }
    Ok(())
}

/// Makes the consumer that hands rounds out: a round whose worker is silent for `lease` goes to another one.
pub(super) async fn make_consumer(context: &Context, fleet: &FleetName, lease: Duration) -> Result<(), RequestError> {
    let config = pull::Config {
        durable_name: Some(CONSUMER.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: lease,
        max_deliver: -1,
        max_waiting: MOST_WORKERS,
        max_ack_pending: MOST_WORKERS,
        ..pull::Config::default()
    };
    let stream = fleet.stream(Kind::Rounds);
    context.create_consumer_on_stream(config, stream).await.map(drop).map_err(RequestError::refused)
}

/// Empties a stream.
pub(super) async fn purge(context: &Context, fleet: &FleetName, kind: Kind) -> Result<(), RequestError> {
    let stream = context.get_stream_no_info(fleet.stream(kind)).await.map_err(RequestError::refused)?;
    stream.purge().await.map(drop).map_err(RequestError::refused)
}

/// Takes a stream away, whatever is in it. One that is gone already is no error.
pub(super) async fn delete(context: &Context, fleet: &FleetName, kind: Kind) -> Result<(), RequestError> {
    use async_nats::jetstream::ErrorCode;
    use async_nats::jetstream::context::DeleteStreamErrorKind;
    match context.delete_stream(fleet.stream(kind)).await {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            DeleteStreamErrorKind::JetStream(told) if told.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(()),
            _ => Err(RequestError::refused(error)),
        },
    }
}

/// Takes away what a stream has under one subject.
pub(super) async fn purge_subject(
    context: &Context,
    fleet: &FleetName,
    kind: Kind,
    subject: &str,
) -> Result<(), RequestError> {
    let stream = context.get_stream_no_info(fleet.stream(kind)).await.map_err(RequestError::refused)?;
    stream.purge().filter(subject).await.map(drop).map_err(RequestError::refused)
}

/// The newest message under a subject of the header's stream, with its number.
pub(super) async fn newest(
    context: &Context,
    fleet: &FleetName,
    subject: &str,
) -> Result<Option<(u64, Vec<u8>)>, RequestError> {
    newest_of(context, fleet, Kind::Header, subject).await
}

/// The newest message under a subject, with its number.
pub(super) async fn newest_of(
    context: &Context,
    fleet: &FleetName,
    kind: Kind,
    subject: &str,
) -> Result<Option<(u64, Vec<u8>)>, RequestError> {
    use async_nats::jetstream::stream::LastRawMessageErrorKind;
    let stream = context.get_stream_no_info(fleet.stream(kind)).await.map_err(RequestError::refused)?;
    match stream.get_last_raw_message_by_subject(subject).await {
        Ok(message) => Ok(Some((message.sequence, message.payload.to_vec()))),
        Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(RequestError::refused(error)),
    }
}
