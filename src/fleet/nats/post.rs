//! The worker's side of a fleet on NATS.

use crate::fleet::FleetError;
use crate::fleet::broker::{Post, Taken};
use crate::fleet::messages::{Invitation, Offer, Phase, ResultHead, RunState, Told};
use crate::fleet::nats::error::RequestError;
use crate::fleet::nats::link::{Address, Link, Side};
use crate::fleet::nats::names::{CONSUMER, FleetName, Kind};
use crate::fleet::nats::sending::{Stored, try_to_store};
use crate::fleet::nats::streams;
use crate::fleet::piece::{CHUNK, Packed, unpack};
use async_nats::connection::State;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::{AckKind, Context, Message};
use bytes::Bytes;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long a request for a round waits at the server.
const WAIT: Duration = Duration::from_secs(5);

/// How often it is asked what the fleet is at work on, besides what is heard of it.
const ASK: Duration = Duration::from_secs(2);

/// For how long what the server said of the fleet is believed: a worker that was cut off or frozen asks first.
const BELIEVED: Duration = Duration::from_secs(3);

/// How long the next try is waited for after the server did not answer.
const AGAIN: Duration = Duration::from_millis(200);

/// How often a lease is prolonged, as long as nobody knows how long it is.
const BEAT: Duration = Duration::from_millis(500);

/// A fleet as a worker has it.
#[derive(Debug)]
pub struct NatsPost {
    link: Link,
    shared: Arc<Shared>,
    lanes: Vec<Lane>,
}

/// What tasks and lanes share.
#[derive(Debug)]
struct Shared {
    context: Context,
    fleet: FleetName,
    state: Mutex<Option<RunState>>,
    /// When the server last told it.
    told: Mutex<Option<Instant>>,
    /// The rounds that this worker has, by ticket. Their leases are prolonged.
    leases: Mutex<BTreeMap<u64, Message>>,
    tickets: AtomicU64,
    /// How many results are on their way.
    sending: AtomicUsize,
}

/// A lane's side of its rounds.
#[derive(Debug)]
struct Lane {
    /// Asks for a round after so long.
    ask: UnboundedSender<Duration>,
    rounds: Mutex<Receiver<Taken>>,
    /// Whether a round is asked for and has not come.
    is_asked: Arc<AtomicBool>,
    is_released: Arc<AtomicBool>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl NatsPost {
    /// Connects a worker of so many lanes. `tell` hears what becomes of the connection.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub fn open(
        address: &Address,
        fleet: &FleetName,
        lanes: usize,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Self, FleetError> {
        let link = address.connect(Side::Worker, tell)?;
        let shared = Arc::new(Shared {
            context: link.context.clone(),
            fleet: fleet.clone(),
            state: Mutex::default(),
            told: Mutex::default(),
            leases: Mutex::default(),
            tickets: AtomicU64::new(1),
            sending: AtomicUsize::new(0),
        });
        link.runtime.spawn(watch_state(Arc::clone(&shared)));
        link.runtime.spawn(beat(Arc::clone(&shared)));
        let lanes = (0..lanes)
            .map(|_| {
                let ((ask, asked), (sender, rounds)) = (unbounded_channel(), mpsc::channel());
                let (is_asked, is_released) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
                let (shared, released) = (Arc::clone(&shared), Arc::clone(&is_released));
                let fetch = Fetch { shared, rounds: sender, is_released: released, consumer: None };
                link.runtime.spawn(fetch.serve(asked));
                Lane { ask, rounds: Mutex::new(rounds), is_asked, is_released }
            })
            .collect();
        Ok(Self { link, shared, lanes })
    }

    /// The invitation to the run that the fleet is at work on.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn invitation(&self, state: &RunState) -> Result<Option<Invitation>, FleetError> {
        let (context, fleet) = (&self.shared.context, &self.shared.fleet);
        let mut bytes = Vec::new();
        for chunk in 0..state.chunks {
            let subject = fleet.invitation(&state.run, chunk);
            let found = self
                .link
                .wait(streams::newest(context, fleet, &subject))
                .map_err(|error| FleetError::Garbled(error.to_string()))?;
            // The run ended meanwhile.
            let Some((_, chunk)) = found else { return Ok(None) };
            bytes.extend(chunk);
        }
        unpack(&bytes, &state.digest).map(Some)
    }

    /// Says farewell, once everything is sent.
    pub fn close(self) {
        self.link.close();
    }

    fn answer(&self, taken: &Taken, kind: AckKind) {
        let message = locked(&self.shared.leases).remove(&taken.ticket);
        if let Some(message) = message {
            self.link.runtime.spawn(async move { message.ack_with(kind).await });
        }
    }
}

/// Keeps what the fleet is at work on: as it is said, and asked for now and then.
async fn watch_state(shared: Arc<Shared>) {
    let client = shared.context.client();
    let mut said = client.subscribe(shared.fleet.state()).await.ok();
    loop {
        shared.ask_state().await;
        let heard = async {
            match &mut said {
                Some(said) => said.next().await,
                None => std::future::pending().await,
            }
        };
        match tokio::time::timeout(ASK, heard).await {
            Ok(Some(message)) => shared.keep_state(&message.payload),
            Ok(None) => said = None,
            Err(_) => {}
        }
    }
}

impl Shared {
    /// Asks what the fleet is at work on.
    async fn ask_state(&self) {
        let asked = Instant::now();
        if let Ok(newest) = streams::newest(&self.context, &self.fleet, &self.fleet.state()).await {
            if let Some((_, text)) = newest {
                self.keep_state(&text);
            }
            *locked(&self.told) = Some(asked);
        }
    }

    /// Whether a run goes on, once the server has said so lately. What is sent over a connection that is cut may arrive
    /// long after the run, and nobody would take it away then.
    async fn goes_on(&self, run: &str) -> bool {
        let is_believed = || locked(&self.told).is_some_and(|told| told.elapsed() < BELIEVED);
        let is_connected = || self.context.client().connection_state() == State::Connected;
        loop {
            if is_connected() && !is_believed() {
                self.ask_state().await;
            }
            if is_connected() && is_believed() {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
        locked(&self.state).as_ref().is_none_or(|state| state.run == run && state.phase == Phase::Open)
    }

    /// Stores a message of a run for as long as the run goes on.
    async fn store(&self, run: &str, subject: String, payload: Bytes) -> Stored {
        while self.goes_on(run).await {
            match try_to_store(&self.context, &subject, &payload, None).await {
                Some(stored) => return stored,
                None => *locked(&self.told) = None,
            }
            tokio::time::sleep(AGAIN).await;
        }
        Stored::Unwanted
    }

    fn keep_state(&self, text: &[u8]) {
        let Ok(state) = serde_json::from_slice::<RunState>(text) else { return };
        let mut known = locked(&self.state);
        let is_older = known.as_ref().is_some_and(|known| known.run == state.run && known.epoch > state.epoch);
        if !is_older {
            *known = Some(state);
        }
    }
}

/// Prolongs the leases of all rounds that the worker has.
async fn beat(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(BEAT).await;
        let held: Vec<Message> = locked(&shared.leases).values().cloned().collect();
        for message in held {
            let _ = message.ack_with(AckKind::Progress).await;
        }
    }
}

/// Fetches the rounds of a lane.
struct Fetch {
    shared: Arc<Shared>,
    rounds: Sender<Taken>,
    is_released: Arc<AtomicBool>,
    /// The consumer as it was asked for once: on a long way to the server, each question costs a round's time.
    consumer: Option<Consumer<pull::Config>>,
}

impl Fetch {
    async fn serve(mut self, mut asked: UnboundedReceiver<Duration>) {
        while let Some(after) = asked.recv().await {
            tokio::time::sleep(after).await;
            while !self.is_released.load(Ordering::SeqCst) {
                match self.one().await {
                    Ok(None) => {}
                    Ok(Some(taken)) => {
                        if self.rounds.send(taken).is_err() {
                            return;
                        }
                        break;
                    }
                    Err(_) => {
                        // It may have gone with a run, and the next run has another.
                        self.consumer = None;
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        }
    }

    async fn consumer(&mut self) -> Result<&Consumer<pull::Config>, RequestError> {
        let found = match self.consumer.take() {
            Some(consumer) => consumer,
            None => {
                let stream = self.shared.fleet.stream(Kind::Rounds);
                let found = self.shared.context.get_consumer_from_stream(CONSUMER, stream).await;
                found.map_err(RequestError::refused)?
            }
        };
        Ok(self.consumer.insert(found))
    }

    async fn one(&mut self) -> Result<Option<Taken>, RequestError> {
        let consumer = self.consumer().await?;
        let batch = consumer.batch().max_messages(1).expires(WAIT).messages().await;
        let mut batch = batch.map_err(RequestError::refused)?;
        let Some(message) = batch.next().await else { return Ok(None) };
        let message = message.map_err(RequestError::refused)?;
        let Ok(offer) = serde_json::from_slice::<Offer>(&message.payload) else {
            // Nobody will understand it.
            let _ = message.ack_with(AckKind::Term).await;
            return Ok(None);
        };
        if self.is_released.load(Ordering::SeqCst) {
            let _ = message.ack_with(AckKind::Nak(None)).await;
            return Ok(None);
        }
        let ticket = self.shared.tickets.fetch_add(1, Ordering::SeqCst);
        locked(&self.shared.leases).insert(ticket, message);
        Ok(Some(Taken { offer, ticket }))
    }
}

impl Post for NatsPost {
    fn state(&self) -> Option<RunState> {
        locked(&self.shared.state).clone()
    }

    fn take(&self, lane: usize, within: Duration) -> Option<Taken> {
        let lane = self.lanes.get(lane)?;
        lane.is_released.store(false, Ordering::SeqCst);
        lane.ask_after(Duration::ZERO);
        let taken = locked(&lane.rounds).recv_timeout(within).ok()?;
        lane.is_asked.store(false, Ordering::SeqCst);
        Some(taken)
    }

    fn take_next_after(&self, lane: usize, after: Duration) {
        if let Some(lane) = self.lanes.get(lane) {
            lane.ask_after(after);
        }
    }

    fn release(&self, lane: usize) {
        let Some(lane) = self.lanes.get(lane) else { return };
        lane.is_released.store(true, Ordering::SeqCst);
        while let Ok(taken) = locked(&lane.rounds).try_recv() {
            self.give_back(taken);
        }
        lane.is_asked.store(false, Ordering::SeqCst);
    }

    fn claim(&self, taken: &Taken, refused: Box<dyn FnOnce() + Send>) {
        let subject = self.shared.fleet.of_key(Kind::Claims, &taken.offer.run, &taken.offer.key);
        let (shared, run) = (Arc::clone(&self.shared), taken.offer.run.clone());
        self.link.runtime.spawn(async move {
            if shared.store(&run, subject, Bytes::new()).await == Stored::Refused {
                refused();
            }
        });
    }

    fn deliver(&self, taken: Taken, head: ResultHead, facts: Packed) {
        let shared = Arc::clone(&self.shared);
        shared.sending.fetch_add(1, Ordering::SeqCst);
        self.link.runtime.spawn(async move {
            shared.send(&taken, head, facts).await;
            let message = locked(&shared.leases).remove(&taken.ticket);
            if let Some(message) = message {
                let _ = message.ack().await;
            }
            shared.sending.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn drop_stale(&self, taken: Taken) {
        self.answer(&taken, AckKind::Ack);
    }

    fn give_back(&self, taken: Taken) {
        self.answer(&taken, AckKind::Nak(None));
    }

    fn tell(&self, told: &Told) {
        let Ok(text) = serde_json::to_vec(told) else { return };
        let (client, subject) = (self.link.client.clone(), self.shared.fleet.told());
        self.link.runtime.spawn(async move { client.publish(subject, text.into()).await });
    }

    fn settle(&self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.shared.sending.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn trouble(&self) -> Option<FleetError> {
        None
    }
}

impl Shared {
    /// Sends a result, its facts in chunks beforehand where they are long. One that is refused was not the first.
    async fn send(&self, taken: &Taken, head: ResultHead, facts: Packed) {
        let (run, key) = (&taken.offer.run, &taken.offer.key);
        let mut head = head;
        let mut follows = facts.bytes;
        if follows.len() > CHUNK {
            let mut chunks = 0;
            for chunk in follows.chunks(CHUNK) {
                let subject = self.fleet.piece(run, key, &head.nonce, chunks);
                if self.store(run, subject, chunk.to_vec().into()).await == Stored::Unwanted {
                    return;
                }
                chunks += 1;
            }
            head.chunks = Some(chunks);
            follows = Vec::new();
        }
        let Ok(mut text) = serde_json::to_vec(&head) else { return };
        text.push(b'\n');
        text.extend(follows);
        self.store(run, self.fleet.of_key(Kind::Results, run, key), text.into()).await;
    }
}

impl Lane {
    /// Asks for a round, unless one is asked for already.
    fn ask_after(&self, after: Duration) {
        if !self.is_asked.swap(true, Ordering::SeqCst) {
            let _ = self.ask.send(after);
        }
    }
}
