//! Passes a call on to the real provider, and its answer on to the system as it comes.

use crate::model::{Money, with_causes};
use crate::provider::exchange::call::{Matched, Seq};
use crate::provider::exchange::connections::Connection;
use crate::provider::front::body::{AnswerBody, Frames};
use crate::provider::front::deliver::{Answer, Hangup, deliver};
use crate::provider::front::flight::{Flight, FlightSlot};
use crate::provider::front::post::{Post, passed_on};
use crate::provider::live::gateway::Quote;
use crate::provider::live::price::Price;
use crate::provider::live::purse::Reservation;
use crate::provider::mark::Mark;
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::page::Stamp;
use crate::provider::wire::parsed_answer::{ParsedAnswer, parse_answer};
use bytes::Bytes;
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, StreamBody};
use hyper::body::Frame;
use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;

/// What is kept of an answer to read its usage, in bytes.
const MOST_HEARD: usize = 32 << 20;

/// A call that is about to be passed on.
pub(crate) struct Passing {
    pub(crate) post: Arc<Post>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) slot: FlightSlot,
    pub(crate) seq: Seq,
}

/// Makes the call, if there is money for it.
pub(crate) async fn forward(
    passing: Passing,
    flight: Flight,
    head: &Parts,
    body: Bytes,
    quote: Quote,
) -> Result<Response<AnswerBody>, Hangup> {
    let Some(gateway) = &passing.post.site.live else { return Err(Hangup) };
    let reservation = match gateway.reserve(&quote) {
        Ok(reservation) => reservation,
        Err(why) => {
            let (status, matched) = (StatusCode::PAYMENT_REQUIRED, Some(Matched::NotMade));
            return passing.refuse(flight, status, &why.to_string(), matched).await;
        }
    };
    match gateway.request(head, passed_on(&head.headers), body, quote.wrong_key).send().await {
        Ok(answer) => Ok(passing.pass_back(flight, answer, quote, reservation)),
        Err(error) => {
            // Where no connection was had, nothing was carried out.
            reservation.settle(error.is_connect().then(Money::default));
            let name = &passing.post.site.decl.name;
            let text = format!("the real {name} can't be reached: {}", with_causes(&error.without_url()));
            passing.refuse(flight, StatusCode::BAD_GATEWAY, &text, None).await
        }
    }
}

impl Passing {
    /// Tells the system in the provider's words why there is no answer.
    async fn refuse(
        self,
        flight: Flight,
        status: StatusCode,
        why: &str,
        matched: Option<Matched>,
    ) -> Result<Response<AnswerBody>, Hangup> {
        let shared = &self.post.shared;
        let stamp = Stamp { mark: Mark::of_nobody(self.seq.0), now: shared.clock.now() };
        let format = self.post.site.decl.wire.format();
        let page = plain_error(format, status.as_u16(), &format!("steadfast: {why}"), &stamp);
        shared.stage().journal.change(self.seq, |call| {
            call.status = Some(status.as_u16());
            call.matched = matched.unwrap_or(call.matched);
            call.remark = Some(why.to_owned());
        });
        let mut answer = Answer::plain(status, "");
        answer.headers.insert("x-should-retry", HeaderValue::from_static("false"));
        if let Ok(content_type) = HeaderValue::from_str(&page.content_type) {
            answer.headers.insert(header::CONTENT_TYPE, content_type);
        }
        answer.body = page.body.into();
        deliver(shared, &self.connection, &self.slot, flight, answer).await
    }

    fn pass_back(
        self,
        mut flight: Flight,
        answer: reqwest::Response,
        quote: Quote,
        reservation: Reservation,
    ) -> Response<AnswerBody> {
        let status = answer.status();
        let text = |name: HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let content_length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default().to_owned();
        let mut headers = passed_on(answer.headers());
        self.post.shared.stage().journal.change(self.seq, |call| call.status = Some(status.as_u16()));
        flight.head(status, &headers, content_length);
        if let Some(length) = content_length {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        let backwards = Backwards {
            passing: self,
            flight: Some(flight),
            answer: Box::pin(answer.bytes_stream()),
            status,
            content_type,
            left: content_length,
            heard: Vec::new(),
            quote,
            reservation: Some(reservation),
        };
        let frames: Frames = Box::pin(unfold(backwards, Backwards::next));
        let mut response = Response::new(Either::Right(StreamBody::new(frames)));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// An answer on its way back.
struct Backwards {
    passing: Passing,
    flight: Option<Flight>,
    answer: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    status: StatusCode,
    content_type: String,
    /// What is still to come, where the head promised a length.
    left: Option<u64>,
    heard: Vec<u8>,
    quote: Quote,
    reservation: Option<Reservation>,
}

impl Backwards {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, Infallible>, Self)> {
        if self.left == Some(0) {
            self.end();
            return None;
        }
        match self.answer.next().await {
            Some(Ok(piece)) => {
                if let Some(flight) = &mut self.flight {
                    flight.sent(&piece);
                }
                if self.heard.len() + piece.len() <= MOST_HEARD {
                    self.heard.extend_from_slice(&piece);
                }
                self.left = self.left.map(|left| left.saturating_sub(piece.len() as u64));
                // With a Content-Length nobody asks for the end of the body.
                if self.left == Some(0) {
                    self.end();
                }
                Some((Ok(Frame::data(piece)), self))
            }
            None => {
                self.end();
                None
            }
            Some(Err(_)) => {
                // The provider broke off: so does the front.
                self.passing.connection.kill();
                drop(self);
                pending().await
            }
        }
    }

    /// The whole answer was handed over.
    fn end(&mut self) {
        let Some(flight) = self.flight.take() else { return };
        let format = self.passing.post.site.decl.wire.format();
        let heard = parse_answer(format, &self.content_type, &self.heard);
        if let Some(reservation) = self.reservation.take() {
            reservation.settle(self.cost(&heard));
        }
        if self.status == StatusCode::OK && self.quote.asks_a_model {
            self.passing.post.shared.stage().journal.change(self.passing.seq, |call| call.said = heard.text());
        }
        self.passing.slot.park(flight);
    }

    /// What the call has cost; `None` if its usage is not told. Errors are free.
    fn cost(&self, heard: &ParsedAnswer) -> Option<Money> {
        if !self.status.is_success() {
            return Some(Money::default());
        }
        let price = self.quote.price?;
        let audio_ms = heard.audio_seconds.map_or(self.quote.audio_ms, |seconds| seconds.saturating_mul(1000));
        let is_told = heard.tokens().is_some() || heard.audio_seconds.is_some() || price == Price::default();
        let (input, output) = heard.tokens().unwrap_or_default();
        is_told.then(|| price.cost(input, output, audio_ms))
    }
}
