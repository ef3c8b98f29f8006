//! A request between its arrival and the end of its answer.

use crate::provider::exchange::call::{Ended, Seq};
use crate::provider::exchange::connections::Connection;
use crate::provider::shared::Shared;
use crate::provider::tape::taping::Taping;
use http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts as in flight as long as it lives, and tells the journal how the call ended: when it is dropped before it was
/// told how, the connection has ended under it.
pub(crate) struct Flight {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    seq: Seq,
    told: bool,
    ended: Ended,
    taping: Option<Box<Taping>>,
    /// Bytes of the body that went out.
    pub(crate) bytes: u64,
}

impl Flight {
    pub(crate) fn new(shared: Arc<Shared>, connection: Arc<Connection>, seq: Seq) -> Self {
        shared.flights.send_modify(|flights| *flights += 1);
        connection.take_up();
        Self { shared, connection, seq, told: false, ended: Ended::InFlight, taping: None, bytes: 0 }
    }

    /// From now on the exchange is recorded.
    pub(crate) fn record(&mut self, taping: Taping) {
        self.taping = Some(Box::new(taping));
    }

    /// The head of the answer goes out.
    pub(crate) fn head(&mut self, status: StatusCode, headers: &HeaderMap, content_length: Option<u64>) {
        if let Some(taping) = &mut self.taping {
            taping.head(status, headers, content_length);
        }
    }

    /// A piece of the body goes out.
    pub(crate) fn sent(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        self.tape(piece, piece.len());
    }

    /// A piece goes out which the journal does not count, or which is shorter than what was promised.
    pub(crate) fn tape(&mut self, piece: &[u8], promised: usize) {
        if let Some(taping) = &mut self.taping {
            taping.chunk(piece, promised);
        }
    }

    /// Tells how the call ended.
    pub(crate) fn land(&mut self, ended: Ended) {
        self.told = true;
        self.ended = ended;
        self.shared.end_call(self.seq, ended);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.told {
            let bytes = self.bytes;
            self.land(if self.connection.is_doomed() { Ended::Reset { bytes } } else { Ended::ClientGone { bytes } });
        }
        if let Some(taping) = self.taping.take() {
            taping.end(self.ended);
        }
        self.connection.lay_down();
        self.shared.flights.send_modify(|flights| *flights -= 1);
    }
}

/// Where a flight waits between its last byte's hand-over and that byte's way into the socket.
///
/// The journal says `Completed` before the client can have the last byte, so that whoever has the whole answer finds
/// it complete; but the call stays in flight until the socket has taken everything.
#[derive(Clone, Default)]
pub(crate) struct FlightSlot(Arc<Mutex<Option<Flight>>>);

impl FlightSlot {
    /// The whole answer was handed over.
    pub(crate) fn park(&self, mut flight: Flight) {
        flight.land(Ended::Completed);
        drop(self.swap(Some(flight)));
    }

    /// The socket has taken everything.
    pub(crate) fn clear(&self) {
        drop(self.swap(None));
    }

    /// The connection has ended: what still waits here never reached the client.
    pub(crate) fn abandon(&self) {
        if let Some(mut flight) = self.swap(None) {
            flight.told = false;
        }
    }

    fn swap(&self, flight: Option<Flight>) -> Option<Flight> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), flight)
    }
}
