//! Delivers an answer as it is meant to go out.

use crate::provider::delivery::Delivery;
use crate::provider::exchange::call::Ended;
use crate::provider::exchange::connections::Connection;
use crate::provider::front::body::{AnswerBody, Paced};
use crate::provider::front::flight::{Flight, FlightSlot};
use crate::provider::front::hold::hold;
use crate::provider::front::raw;
use crate::provider::script::behaviour::Fault;
use crate::provider::shared::Shared;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use tokio::time::sleep;

/// An answer, with the way it goes out.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) delivery: Delivery,
}

impl Answer {
    /// A text of our own.
    pub(crate) fn plain(status: StatusCode, text: &str) -> Self {
        let body = Bytes::copy_from_slice(text.as_bytes());
        Self { status, headers: HeaderMap::new(), body, delivery: Delivery::default() }
    }

    /// What answers HEAD has lost its body on the way here.
    fn has_body(&self) -> bool {
        !self.body.is_empty() && !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

/// The connection ends here, without another word: hyper writes nothing and drops the socket.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends")]
pub(crate) struct Hangup;

/// Sends an answer, now or when it is time. A client that hangs up ends this wherever it waits.
pub(crate) async fn deliver(
    shared: &Shared,
    connection: &Connection,
    slot: &FlightSlot,
    mut flight: Flight,
    answer: Answer,
) -> Result<Response<AnswerBody>, Hangup> {
    let delivery = &answer.delivery;
    if let Some(calls) = delivery.hold
        && !hold(shared, calls, over(shared)).await
    {
        flight.land(Ended::Held);
        connection.reset_on_close();
        return Err(Hangup);
    }
    if delivery.hang {
        over(shared).await;
        flight.land(Ended::Hung);
        connection.reset_on_close();
        return Err(Hangup);
    }
    if delivery.keep_alive.is_none() && !delivery.after.is_zero() {
        sleep(delivery.after).await;
    }
    match delivery.fault {
        None | Some(Fault::Trickle(_)) => Ok(send(slot, flight, answer)),
        Some(fault @ (Fault::Reset(_) | Fault::Truncate(_) | Fault::WrongLength(_))) => {
            raw::send(connection, flight, &answer, fault).await;
            Err(Hangup)
        }
    }
}

/// Waits until the trial is over.
async fn over(shared: &Shared) {
    let mut draining = shared.draining.subscribe();
    // The sender lives in `shared`, so that this can't fail.
    _ = draining.wait_for(|draining| *draining).await.is_ok();
}

/// Lets hyper send it.
fn send(slot: &FlightSlot, flight: Flight, answer: Answer) -> Response<AnswerBody> {
    let has_body = answer.has_body();
    let is_whole = !answer.delivery.stream
        && answer.delivery.keep_alive.is_none()
        && answer.delivery.fault.is_none()
        && answer.delivery.schedule.is_empty()
        && (answer.delivery.every.is_zero() || answer.delivery.pieces.len() < 2);
    let length = answer.body.len();
    let mut headers = answer.headers;
    let mut flight = flight;
    let in_chunks = has_body && (answer.delivery.stream || answer.delivery.keep_alive.is_some());
    flight.head(answer.status, &headers, (!in_chunks).then_some(length as u64));
    let body = if !has_body {
        slot.park(flight);
        AnswerBody::Left(Default::default())
    } else if is_whole {
        flight.sent(&answer.body);
        slot.park(flight);
        AnswerBody::Left(answer.body.into())
    } else {
        if !answer.delivery.stream && answer.delivery.keep_alive.is_none() {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        Paced::new(slot.clone(), flight, answer.body, &answer.delivery).into_body()
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    response
}
