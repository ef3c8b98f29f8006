//! The coordinator: offers rounds, takes in what they came to, and is an engine to whoever asks for rounds.

use crate::engine::{EngineError, Outlook, RoundResult, RoundUnit, Rounds, Standing, StopHandle, Stopped};
use crate::event::{Event, Note, RoundEnd};
use crate::fleet::broker::{Broker, Heard};
use crate::fleet::ledger::{Ledger, Settled};
use crate::fleet::messages::{Key, Offer, Phase, Played, ResultHead, RunState, Told};
use crate::fleet::metrics::{Came, Metrics};
use crate::fleet::paces::Paces;
use crate::fleet::piece::{facts, objection};
use crate::fleet::rate::Rate;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::{Duration, Instant};

/// How long the coordinator listens before it looks at the clock again.
const LISTEN: Duration = Duration::from_secs(1);

/// How often it is told how the fleet stands.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// How often a round is offered again because what was sent can't be its facts.
const MOST_OFFERS: u32 = 3;

/// Rounds on the machines of a fleet.
pub struct Coordinator {
    broker: Box<dyn Broker>,
    state: RunState,
    /// The coordinator's own host, which journals don't name.
    host: String,
    /// How long no worker may be there.
    patience: Duration,
    last_present: Instant,
    ledger: Ledger,
    /// Results that came before their rounds were offered: those of a coordinator that was killed.
    early: BTreeMap<Key, (ResultHead, Vec<u8>)>,
    /// Rounds that are over.
    over: BTreeSet<Key>,
    /// Hosts that were told to the journal.
    hosts: BTreeSet<String>,
    paces: Paces,
    begun: Instant,
    rate: Rate,
    /// When it was last told how the fleet stands.
    stood: Option<Instant>,
    metrics: Option<Metrics>,
    stop: StopHandle,
}

impl std::fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coordinator").field("state", &self.state).field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Coordinator {
    /// A coordinator of the run that `state` tells. It gives up when no worker was there for `patience`, and keeps `metrics`
    /// up to date, if somebody wants them.
    pub fn new(
        broker: Box<dyn Broker>,
        state: RunState,
        host: String,
        patience: Duration,
        metrics: Option<Metrics>,
    ) -> Self {
        let wake = broker.waker();
        let stop = StopHandle::waking(move || wake());
        Self {
            broker,
            state,
            host,
            patience,
            last_present: Instant::now(),
            ledger: Ledger::default(),
            early: BTreeMap::new(),
            over: BTreeSet::new(),
            hosts: BTreeSet::new(),
            paces: Paces::default(),
            begun: Instant::now(),
            rate: Rate::default(),
            stood: None,
            metrics,
            stop,
        }
    }

    /// Offers a round, unless what it comes to is known already.
    fn offer(&mut self, unit: RoundUnit, nth: u32, outlook: &mut dyn Outlook) -> Result<Option<Stopped>, EngineError> {
        let key = Key::of(&unit, nth);
        if let Some((head, packed)) = self.early.remove(&key) {
            return self.take_in(Settled { unit, nth, hosts: Vec::new() }, &head, &packed, outlook);
        }
        let offer = Offer { run: self.state.run.clone(), epoch: self.state.epoch, key, unit };
        self.broker.offer(&offer);
        self.ledger.offer(offer.key, offer.unit, nth);
        Ok(None)
    }

    /// Hears one thing. Says why the run ends, if it does.
    fn hear(&mut self, heard: Heard, outlook: &mut dyn Outlook) -> Result<Option<Stopped>, EngineError> {
        match heard {
            Heard::Result(head, packed) => {
                if let Some(settled) = self.ledger.settle(&head.key) {
                    return self.take_in(settled, &head, &packed, outlook);
                }
                if !self.over.contains(&head.key) {
                    self.early.insert(head.key.clone(), (*head, packed));
                }
            }
            Heard::Told(told) => self.told(told, outlook).map_err(EngineError::Journal)?,
            Heard::Say(text) => outlook.remark(&text),
            Heard::Overtaken(reason) => return Ok(Some(Stopped::SubjectFailed(reason))),
            Heard::Woken => {}
        }
        Ok(None)
    }

    /// Tells how the fleet stands, now and then.
    fn stand(&mut self, outlook: &mut dyn Outlook) {
        let now = Instant::now();
        if self.stood.is_some_and(|stood| now.duration_since(stood) < TOLD_EVERY) {
            return;
        }
        self.stood = Some(now);
        let (workers, hosts) = self.ledger.present_ones(now);
        let standing = Standing {
            workers,
            hosts,
            lanes: self.ledger.lanes(now),
            offered: self.ledger.offered(),
            per_second: self.rate.per_second(now),
            elapsed: now.duration_since(self.begun),
        };
        if let Some(metrics) = &self.metrics {
            metrics.stands(&standing);
        }
        outlook.standing(&standing);
    }

    /// Counts a round that ended.
    fn count(&self, came: Came) {
        if let Some(metrics) = &self.metrics {
            metrics.ended(came);
        }
    }

    fn told(&mut self, told: Told, outlook: &mut dyn Outlook) -> io::Result<()> {
        let now = Instant::now();
        match told {
            Told::Present { worker, lanes, machine } => {
                self.last_present = now;
                let is_new = self.ledger.present(&worker, lanes, now);
                if is_new && self.hosts.insert(worker.host.clone()) {
                    let host = Some(worker.host.clone()).filter(|host| *host != self.host);
                    outlook.fact(Event::HostSeen { host, machine })?;
                }
                if is_new {
                    outlook.remark(&format!("worker {worker} is there, with {lanes} rounds side by side"));
                }
            }
            Told::Took { worker, key } => self.ledger.took(&key, worker),
            Told::GaveBack { key } => {
                self.ledger.gave_back(&key);
                self.broker.unclaim(&key);
            }
            Told::Refused { worker, reason } => {
                if self.ledger.refused(worker.clone()) {
                    outlook.remark(&format!("worker {worker} takes no part: {reason}"));
                }
            }
            Told::Left { worker } => {
                self.ledger.left(&worker);
                outlook.remark(&format!("worker {worker} has left"));
            }
        }
        Ok(())
    }

    /// Notes how long a host took, and gives it no more rounds if it is much slower than the others.
    fn pace(&mut self, host: &str, result: &RoundResult, outlook: &mut dyn Outlook) -> io::Result<()> {
        self.paces.note(host, result);
        let Some((lame, pace)) = self.paces.lame() else { return Ok(()) };
        self.state.dismissed.insert(lame.clone());
        self.broker.tell_state(&self.state);
        let text = format!(
            "host {lame} was given no more rounds: its rounds took {pace:.1} times as long as those of the other hosts"
        );
        outlook.remark(&text);
        outlook.fact(Event::Noted(Note::of_run(text)))
    }

    /// Takes in what a round came to. What can't be its facts is not believed: the round is offered again.
    fn take_in(
        &mut self,
        settled: Settled,
        head: &ResultHead,
        packed: &[u8],
        outlook: &mut dyn Outlook,
    ) -> Result<Option<Stopped>, EngineError> {
        let Settled { unit, nth, hosts } = settled;
        if let Some(metrics) = &self.metrics {
            metrics.result(packed.len());
        }
        self.over.insert(head.key.clone());
        if head.played == Played::Abandoned {
            return self.abandon(&unit, &hosts, outlook);
        }
        let told = facts(packed, &head.digest).map_err(|error| error.to_string()).and_then(|facts| {
            let objection = objection(&unit, &facts).filter(|_| head.played == Played::Completed);
            objection.map_or(Ok(facts), Err)
        });
        let facts = match told {
            Ok(facts) => facts,
            Err(objection) if nth + 1 < MOST_OFFERS => {
                self.count(Came::NotBelieved);
                outlook.remark(&format!(
                    "what {} sent is not believed, and the round is offered again: {objection}",
                    head.worker
                ));
                return self.offer(unit, nth + 1, outlook);
            }
            Err(objection) => {
                return Ok(Some(Stopped::SubjectFailed(format!(
                    "what {} sent is not believed: {objection}",
                    head.worker
                ))));
            }
        };
        if let Played::SubjectFailed { reason } = &head.played {
            return Ok(Some(Stopped::SubjectFailed(format!("on {}: {reason}", head.worker.host))));
        }
        let host = Some(&head.worker.host).filter(|host| **host != self.host);
        let result = RoundResult::of_facts(unit, &facts);
        self.count(Came::Completed);
        self.rate.ended(Instant::now());
        if let Some(metrics) = &self.metrics {
            metrics.took(result.duration);
        }
        let named = facts.into_iter().map(|fact| of_host(fact, host)).collect();
        outlook.facts(named).map_err(EngineError::Journal)?;
        self.pace(&head.worker.host, &result, outlook).map_err(EngineError::Journal)?;
        outlook.round(result);
        Ok(None)
    }

    /// A round that was begun again and again and never came to an end is told, and the run goes on without it.
    fn abandon(
        &mut self,
        unit: &RoundUnit,
        hosts: &[String],
        outlook: &mut dyn Outlook,
    ) -> Result<Option<Stopped>, EngineError> {
        self.count(Came::TookDown);
        let hosts = if hosts.is_empty() { "its workers".to_owned() } else { hosts.join(", ") };
        let reason = format!("took down {hosts}: each began it and none ended it");
        let text = format!("round {} {reason}; it is not offered again", unit.round);
        let end = RoundEnd::Died { reason };
        let over = Event::RoundFinished { round: unit.round, attempt: unit.attempt, end, millis: 0 };
        outlook.facts(vec![unit.begins(), Event::Noted(Note::of_run(text)), over]).map_err(EngineError::Journal)?;
        Ok(None)
    }

    /// Why the run can't go on without workers.
    fn lonely(&self) -> Option<Stopped> {
        let alone = self.last_present.elapsed();
        let (run, minutes) = (&self.state.name, alone.as_secs() / 60);
        (alone >= self.patience).then(|| {
            Stopped::SubjectFailed(format!(
                "no worker of the fleet was there for {minutes} min; start some with `steadfast worker --connect`, then go on \
                 with `steadfast run --resume {run} --workers`"
            ))
        })
    }

    fn withdraw(&mut self) {
        if self.ledger.offered() == 0 {
            return;
        }
        self.state.epoch += 1;
        self.broker.tell_state(&self.state);
        self.broker.withdraw();
        self.ledger.withdraw();
    }
}

/// A fact with the host that it is from.
fn of_host(mut fact: Event, name: Option<&String>) -> Event {
    if let Event::RoundStarted { host, .. } = &mut fact {
        *host = name.cloned();
    }
    fact
}

impl Rounds for Coordinator {
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        // What a killed coordinator's workers sent is taken in before anything is offered again.
        while let Some(heard) = self.broker.hear(Instant::now()) {
            self.hear(heard, outlook)?;
        }
        self.last_present = Instant::now();
        if let Some(metrics) = self.metrics.as_ref().filter(|_| self.stood.is_none()) {
            outlook.remark(&format!("the fleet's figures are at http://{}/metrics", metrics.address()));
        }
        let mut is_offered = false;
        loop {
            self.stand(outlook);
            if let Some(stop) = self.stop.asked(until, outlook) {
                self.withdraw();
                return Ok(Stopped::Asked(stop));
            }
            while !is_offered && self.ledger.wants_more(Instant::now()) {
                let stopped = match units.next() {
                    Some(unit) => self.offer(unit, 0, outlook)?,
                    None => {
                        is_offered = true;
                        None
                    }
                };
                if let Some(stopped) = stopped {
                    self.withdraw();
                    return Ok(stopped);
                }
            }
            if is_offered && self.ledger.offered() == 0 {
                return Ok(Stopped::Not);
            }
            let listen = Instant::now() + LISTEN;
            let heard = self.broker.hear(until.map_or(listen, |until| until.min(listen)));
            let stopped = match heard {
                Some(heard) => self.hear(heard, outlook)?,
                None => self.lonely(),
            };
            if let Some(stopped) = stopped {
                self.withdraw();
                return Ok(stopped);
            }
        }
    }

    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    fn shut_down(mut self: Box<Self>) {
        self.withdraw();
        self.state.phase = Phase::Ended;
        self.broker.end(&self.state);
    }
}
