//! A body that goes out piece by piece.

use crate::provider::delivery::{Delivery, KeepAlive};
use crate::provider::front::flight::{Flight, FlightSlot};
use crate::provider::script::behaviour::Fault;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http_body_util::{Either, Full, StreamBody};
use hyper::body::Frame;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// What hyper sends: a body as a whole, or one that takes its time.
pub(crate) type AnswerBody = Either<Full<Bytes>, StreamBody<Frames>>;
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// The pause between two signs of life.
const KEEP_ALIVE_EVERY: Duration = Duration::from_millis(200);

/// What is left of a body, and when it goes out.
pub(crate) struct Paced {
    slot: FlightSlot,
    flight: Option<Flight>,
    rest: Bytes,
    pieces: Pieces,
    pause: Duration,
    /// When each of the next pieces is due.
    schedule: VecDeque<Instant>,
    begun: bool,
    /// The signs of life until the answer is ready.
    keep_alive: Option<(KeepAlive, Instant)>,
    /// With a Content-Length hyper does not ask for the end of the body.
    ends_with_last_piece: bool,
}

/// Where a body is cut.
enum Pieces {
    /// Behind every byte.
    Bytes,
    /// Into pieces of these lengths.
    Lengths(VecDeque<usize>),
}

impl Paced {
    pub(crate) fn new(slot: FlightSlot, flight: Flight, body: Bytes, delivery: &Delivery) -> Self {
        let (pieces, pause) = match delivery.fault {
            Some(Fault::Trickle(pause)) => (Pieces::Bytes, pause),
            _ => (Pieces::Lengths(pieces(body.len(), &delivery.pieces)), delivery.every),
        };
        Self {
            slot,
            flight: Some(flight),
            rest: body,
            pieces,
            pause,
            schedule: due(&delivery.schedule),
            begun: false,
            keep_alive: delivery.keep_alive.map(|kind| (kind, Instant::now() + delivery.after)),
            ends_with_last_piece: !delivery.stream && delivery.keep_alive.is_none(),
        }
    }

    pub(crate) fn into_body(self) -> AnswerBody {
        let frames: Frames = Box::pin(unfold(self, Self::next));
        Either::Right(StreamBody::new(frames))
    }

    async fn next(mut self) -> Option<(Result<Frame<Bytes>, Infallible>, Self)> {
        if let Some((kind, ready)) = self.keep_alive {
            let left = ready.saturating_duration_since(Instant::now());
            sleep(left.min(KEEP_ALIVE_EVERY)).await;
            if left > KEEP_ALIVE_EVERY {
                let sign = kind.bytes();
                if let Some(flight) = &mut self.flight {
                    flight.tape(sign, sign.len());
                }
                return Some((Ok(Frame::data(Bytes::from_static(sign))), self));
            }
            self.keep_alive = None;
        }
        if self.rest.is_empty() {
            self.land();
            return None;
        }
        match self.schedule.pop_front() {
            Some(due) => sleep_until(due).await,
            None if self.begun && !self.pause.is_zero() => sleep(self.pause).await,
            None => {}
        }
        self.begun = true;
        let piece = match &mut self.pieces {
            Pieces::Bytes => 1,
            Pieces::Lengths(lengths) => lengths.pop_front().unwrap_or(usize::MAX),
        };
        let data = self.rest.split_to(piece.min(self.rest.len()));
        if let Some(flight) = &mut self.flight {
            flight.sent(&data);
        }
        if self.rest.is_empty() && self.ends_with_last_piece {
            self.land();
        }
        Some((Ok(Frame::data(data)), self))
    }

    fn land(&mut self) {
        if let Some(flight) = self.flight.take() {
            self.slot.park(flight);
        }
    }
}

/// When pieces are due, from now on.
pub(crate) fn due(schedule: &[Duration]) -> VecDeque<Instant> {
    let now = Instant::now();
    schedule.iter().map(|offset| now + *offset).collect()
}

/// The pieces of a body: those that were named, and what they leave over.
pub(crate) fn pieces(length: usize, named: &[u32]) -> VecDeque<usize> {
    let mut left = length;
    let mut pieces = VecDeque::with_capacity(named.len());
    for piece in named {
        let piece = (*piece as usize).min(left);
        left -= piece;
        if piece > 0 {
            pieces.push_back(piece);
        }
    }
    if left > 0 {
        pieces.push_back(left);
    }
    pieces
}
