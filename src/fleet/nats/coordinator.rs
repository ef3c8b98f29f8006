//! The coordinator's side of a fleet on NATS.

use crate::fleet::FleetError;
use crate::fleet::broker::{Broker, Heard};
use crate::fleet::messages::{Invitation, Key, Offer, Phase, Played, ResultHead, RunState, WorkerName, token_of};
use crate::fleet::nats::error::RequestError;
use crate::fleet::nats::link::{Address, Link, Side};
use crate::fleet::nats::names::{FleetName, Kind, key_in};
use crate::fleet::nats::owner::{self, Owner};
use crate::fleet::nats::sending::store;
use crate::fleet::nats::streams;
use crate::fleet::piece::{CHUNK, pack};
use crate::model::ContentHash;
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures_util::StreamExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long the next try is waited for after the server did not answer.
const AGAIN: Duration = Duration::from_millis(200);

/// How long what a killed coordinator's workers sent may take to be read again.
const DRAIN: Duration = Duration::from_secs(60);

/// A fleet as its coordinator has it.
#[derive(Debug)]
pub struct NatsBroker {
    link: Link,
    fleet: FleetName,
    run: String,
    sender: Sender<Heard>,
    heard: Receiver<Heard>,
    state: watch::Sender<RunState>,
    owner: Owner,
}

impl NatsBroker {
    /// Takes a fleet for a run and invites workers to it. A round whose worker is silent for `lease` goes to another
    /// one. What a killed coordinator of the same run left of results is heard first.
    ///
    /// # Errors
    /// If the server can't be reached, or another run has the fleet.
    pub fn open(
        address: &Address,
        fleet: &FleetName,
        invitation: &Invitation,
        host: &str,
        lease: Duration,
    ) -> Result<(Self, RunState), FleetError> {
        let (sender, heard) = mpsc::channel();
        let tell = sender.clone();
        let link = address.connect(Side::Coordinator, move |text| {
            let _ = tell.send(Heard::Say(text));
        })?;
        let failed = |error: RequestError| FleetError::Unreachable { url: address.shown(), reason: error.to_string() };
        let run = token_of(&invitation.header.run);
        let owner = Owner::this_process(&invitation.header.run, host);
        link.wait_long(streams::make(&link.context, fleet)).map_err(failed)?;
        let taken = link.runtime.block_on(owner::take(&link.context, fleet, &owner, lease))?;
        // The run that had the fleet until now took its own along as it ended.
        link.wait_long(streams::make(&link.context, fleet)).map_err(failed)?;
        let state = link.wait_long(begin(&link.context, fleet, &run, invitation, lease)).map_err(failed)?;
        let (state_sender, state_receiver) = watch::channel(state.clone());
        let broker = Self { link, fleet: fleet.clone(), run, sender, heard, state: state_sender, owner };
        broker.begin_tasks(taken, lease, state_receiver);
        Ok((broker, state))
    }

    /// What goes on beside the coordinator: saying that it is there, saying what is wanted, hearing.
    fn begin_tasks(&self, taken: u64, lease: Duration, state: watch::Receiver<RunState>) {
        let (context, fleet) = (self.link.context.clone(), self.fleet.clone());
        let (owner, overtaken) = (self.owner.clone(), self.sender.clone());
        self.link.runtime.spawn(async move {
            let reason = owner::keep(context, fleet, owner, taken, lease).await;
            let _ = overtaken.send(Heard::Overtaken(reason));
        });
        self.link.runtime.spawn(say_state(self.link.context.clone(), self.fleet.clone(), state));
        self.link.runtime.spawn(hear_told(self.link.client.clone(), self.fleet.told(), self.sender.clone()));
        let (drained, is_drained) = mpsc::channel();
        let results = Results {
            context: self.link.context.clone(),
            fleet: self.fleet.clone(),
            run: self.run.clone(),
            heard: self.sender.clone(),
        };
        self.link.runtime.spawn(results.pump(drained));
        let _ = is_drained.recv_timeout(DRAIN);
    }
}

/// Writes down what a run is, and makes the fleet ready for it.
async fn begin(
    context: &Context,
    fleet: &FleetName,
    run: &str,
    invitation: &Invitation,
    lease: Duration,
) -> Result<RunState, RequestError> {
    let former = streams::newest(context, fleet, &fleet.state()).await?;
    let former = former.and_then(|(_, text)| serde_json::from_slice::<RunState>(&text).ok());
    let is_resumed = former.as_ref().is_some_and(|state| state.run == run && state.phase == Phase::Open);
    streams::purge(context, fleet, Kind::Rounds).await?;
    streams::purge(context, fleet, Kind::Claims).await?;
    if !is_resumed {
        streams::purge(context, fleet, Kind::Results).await?;
        streams::purge(context, fleet, Kind::Pieces).await?;
    }
    streams::make_consumer(context, fleet, lease).await?;
    let packed = pack(invitation).map_err(RequestError::refused)?;
    let mut chunks = 0;
    for chunk in packed.bytes.chunks(CHUNK) {
        store(context, fleet.invitation(run, chunks), chunk.to_vec().into(), None).await;
        chunks += 1;
    }
    let state = RunState {
        run: run.to_owned(),
        name: invitation.header.run.clone(),
        epoch: former.filter(|_| is_resumed).map_or(1, |state| state.epoch + 1),
        phase: Phase::Open,
        chunks,
        digest: packed.digest,
        dismissed: BTreeSet::new(),
    };
    let text = serde_json::to_vec(&state)?;
    store(context, fleet.state(), text.into(), None).await;
    Ok(state)
}

/// Takes away everything of a run but what says that it is over. Its streams go as a whole: what a worker sent over a
/// connection that was cut can arrive after the run, and would stay in a stream that is only emptied.
async fn take_away(context: &Context, fleet: &FleetName) -> Result<(), RequestError> {
    for kind in [Kind::Rounds, Kind::Claims, Kind::Results, Kind::Pieces] {
        streams::delete(context, fleet, kind).await?;
    }
    // Those of earlier runs as well: a server that is killed can have them again, though they were taken away.
    streams::purge_subject(context, fleet, Kind::Header, &fleet.invitations()).await
}

/// Says what is wanted, whenever that changes; the newest counts.
async fn say_state(context: Context, fleet: FleetName, mut state: watch::Receiver<RunState>) {
    while state.changed().await.is_ok() {
        let text = serde_json::to_vec(&*state.borrow_and_update()).unwrap_or_default();
        store(&context, fleet.state(), text.into(), None).await;
    }
}

/// Hears what workers tell by the way.
async fn hear_told(client: async_nats::Client, subject: String, heard: Sender<Heard>) {
    let Ok(mut told) = client.subscribe(subject).await else { return };
    while let Some(message) = told.next().await {
        if let Ok(told) = serde_json::from_slice(&message.payload)
            && heard.send(Heard::Told(told)).is_err()
        {
            return;
        }
    }
}

/// Hears results in sequence, from the first that is stored on.
struct Results {
    context: Context,
    fleet: FleetName,
    run: String,
    heard: Sender<Heard>,
}

impl Results {
    async fn pump(self, drained: Sender<()>) {
        let mut last = 0;
        let mut drained = Some(drained);
        loop {
            // It ends where the connection did: what was read already is not read again.
            let _ = self.read(&mut last, &mut drained).await;
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn read(&self, last: &mut u64, drained: &mut Option<Sender<()>>) -> Result<(), RequestError> {
        let stream = self.context.get_stream(self.fleet.stream(Kind::Results)).await.map_err(RequestError::refused)?;
        let state = stream.cached_info().state.clone();
        if (state.messages == 0 || state.last_sequence <= *last)
            && let Some(drained) = drained.take()
        {
            let _ = drained.send(());
        }
        let config = pull::OrderedConfig {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: *last + 1 },
            ..pull::OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(RequestError::refused)?;
        let mut messages = consumer.messages().await.map_err(RequestError::refused)?;
        while let Some(message) = messages.next().await {
            let message = message.map_err(RequestError::refused)?;
            let number = message.info().map_err(RequestError::refused)?.stream_sequence;
            if message.subject.split('.').nth(3) == Some(self.run.as_str())
                && let Some(heard) = self.result(&message.subject, &message.payload).await?
            {
                let _ = self.heard.send(heard);
            }
            *last = number;
            if number >= state.last_sequence
                && let Some(drained) = drained.take()
            {
                let _ = drained.send(());
            }
        }
        Ok(())
    }

    /// A result with its facts. One that is not understood is told as one of other facts: its round is offered again.
    async fn result(&self, subject: &str, payload: &[u8]) -> Result<Option<Heard>, RequestError> {
        let Some(key) = key_in(subject) else { return Ok(None) };
        let at = payload.iter().position(|byte| *byte == b'\n').unwrap_or(payload.len());
        let (head, facts) = payload.split_at(at);
        let head = serde_json::from_slice::<ResultHead>(head).ok().filter(|head| head.key == key);
        let head = head.unwrap_or_else(|| strange(key));
        let mut facts = facts.get(1..).unwrap_or_default().to_vec();
        for chunk in 0..head.chunks.unwrap_or(0) {
            let subject = self.fleet.piece(&self.run, &head.key, &head.nonce, chunk);
            match streams::newest_of(&self.context, &self.fleet, Kind::Pieces, &subject).await? {
                Some((_, bytes)) => facts.extend(bytes),
                None => break,
            }
        }
        Ok(Some(Heard::Result(Box::new(head), facts)))
    }
}

fn strange(key: Key) -> ResultHead {
    let worker = WorkerName { host: "somebody".to_owned(), id: "who is not understood".to_owned() };
    let (played, digest) = (Played::Completed, ContentHash::of(["nothing that can be"]));
    ResultHead { key, worker, played, digest, chunks: None, nonce: String::new() }
}

impl Broker for NatsBroker {
    fn offer(&mut self, offer: &Offer) {
        let subject = self.fleet.of_key(Kind::Rounds, &offer.run, &offer.key);
        let Ok(text) = serde_json::to_vec(offer) else { return };
        let (context, id) = (self.link.context.clone(), format!("{}-{}-{}", offer.run, offer.key, offer.epoch));
        self.link.runtime.spawn(async move { store(&context, subject, text.into(), Some(id)).await });
    }

    fn tell_state(&mut self, state: &RunState) {
        let _ = self.state.send(state.clone());
    }

    fn withdraw(&mut self) {
        // What the server does not hear of is known for old by its epoch.
        let _ = self.link.wait(streams::purge(&self.link.context, &self.fleet, Kind::Rounds));
        let _ = self.link.wait(streams::purge(&self.link.context, &self.fleet, Kind::Claims));
    }

    fn unclaim(&mut self, key: &Key) {
        let (context, fleet) = (self.link.context.clone(), self.fleet.clone());
        let subject = fleet.of_key(Kind::Claims, &self.run, key);
        self.link.runtime.spawn(async move { streams::purge_subject(&context, &fleet, Kind::Claims, &subject).await });
    }

    fn hear(&mut self, until: Instant) -> Option<Heard> {
        self.heard.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let sender = self.sender.clone();
        Arc::new(move || {
            let _ = sender.send(Heard::Woken);
        })
    }

    fn end(self: Box<Self>, state: &RunState) {
        let Self { link, fleet, owner, .. } = *self;
        let text = serde_json::to_vec(state).unwrap_or_default();
        let context = &link.context;
        let _ = link.wait_long(async {
            store(context, fleet.state(), text.into(), None).await;
            // A server that is down now may be up again in a moment.
            while take_away(context, &fleet).await.is_err() {
                tokio::time::sleep(AGAIN).await;
            }
            let text = serde_json::to_vec(&Owner { is_over: true, ..owner })?;
            store(context, fleet.owner(), text.into(), None).await;
            Ok(())
        });
        link.close();
    }
}
