//! The mock providers of a round, as the harness holds them.

use crate::model::{Clock, Seed, SystemClock, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::error::ProviderError;
use crate::provider::exchange::attribution::Attribution;
use crate::provider::exchange::call::{Call, Seq};
use crate::provider::exchange::connections::Connections;
use crate::provider::exchange::journal::JournalLimits;
use crate::provider::exchange::outcome::TrialCalls;
use crate::provider::exchange::shared_state::SharedState;
use crate::provider::front::hold::Counted;
use crate::provider::front::thread::{Command, Front, Opening, Parting, Quiet};
use crate::provider::live::gateway::{Gateway, Live};
use crate::provider::name::ProviderName;
use crate::provider::script::case::Script;
use crate::provider::shared::{AccessLog, Shared, Site};
use crate::provider::tape::recorder::Recorder;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How the providers of a round behave as a whole.
#[derive(Debug, Clone)]
pub struct ProvidersOptions {
    /// What a trial's requests are known by.
    pub attribution: Attribution,
    /// How much the journal keeps at once.
    pub journal: JournalLimits,
    /// The largest request body that is read; a larger one is answered with 413.
    pub max_body: usize,
    /// Ports; a free one where none is given.
    pub ports: BTreeMap<ProviderName, u16>,
    /// The time in answers.
    pub clock: Arc<dyn Clock>,
    /// What records the exchanges, if they are recorded.
    pub recorder: Option<Arc<Recorder>>,
    /// The providers that are real.
    pub live: Option<Live>,
}

impl Default for ProvidersOptions {
    fn default() -> Self {
        Self {
            attribution: Attribution::default(),
            journal: JournalLimits::default(),
            max_body: 16 << 20,
            ports: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            recorder: None,
            live: None,
        }
    }
}

/// What was left when the providers were shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Calls that came after the last trial.
    pub late: Vec<Call>,
    /// Requests that were still being answered.
    pub in_flight: usize,
    /// The connections as they were just before.
    pub connections: BTreeMap<ProviderName, Connections>,
    /// Whether every thread has ended.
    pub threads_ended: bool,
}

/// The mock providers of one round: several servers, one journal in one sequence.
///
/// They live on threads of their own and can be used from any thread and any runtime. Dropped without
/// [`shutdown`](Self::shutdown) they end as well, but nobody waits for them.
pub struct Providers {
    shared: Arc<Shared>,
    sites: Vec<Arc<Site>>,
    front: Front,
}

impl Providers {
    /// Starts them on loopback ports; blocks until they can be asked, a few milliseconds.
    pub fn start(decls: &[ProviderDecl], options: ProvidersOptions) -> Result<Self, ProviderError> {
        Self::start_with(decls, options, None)
    }

    pub(crate) fn start_with(
        decls: &[ProviderDecl],
        options: ProvidersOptions,
        log: Option<AccessLog>,
    ) -> Result<Self, ProviderError> {
        let mut openings: Vec<Opening> = Vec::new();
        for decl in decls {
            if openings.iter().any(|opening| opening.site.decl.name == decl.name) {
                return Err(ProviderError::Twice(decl.name.clone()));
            }
            let port = options.ports.get(&decl.name).copied().unwrap_or(0);
            openings.push(open(decl, port, options.live.as_ref())?);
        }
        let sites = openings.iter().map(|opening| opening.site.clone()).collect();
        let stage = SharedState::new(options.attribution, options.journal);
        let shared = Arc::new(Shared::new(options.clock, stage, options.max_body, options.recorder, log));
        let front = Front::start(shared.clone(), openings)?;
        Ok(Self { shared, sites, front })
    }

    fn site(&self, name: &ProviderName) -> Option<&Site> {
        self.sites.iter().find(|site| site.decl.name == *name).map(AsRef::as_ref)
    }

    /// A provider's base URL, without a slash at its end.
    pub fn url(&self, name: &ProviderName) -> Option<String> {
        self.port(name).map(|port| format!("http://127.0.0.1:{port}"))
    }

    /// A provider's port.
    pub fn port(&self, name: &ProviderName) -> Option<u16> {
        self.site(name).map(|site| site.port)
    }

    /// The providers, as declared.
    pub fn decls(&self) -> impl Iterator<Item = &ProviderDecl> {
        self.sites.iter().map(|site| &site.decl)
    }

    /// Who tells whose connections are taken.
    pub(crate) fn doorkeeper(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// From now on requests belong to this trial. A trial that is still under way is ended, and its calls are lost.
    pub fn begin(&self, trial: TrialKey, mark_seed: Seed, script: Script) {
        let mut stage = self.shared.stage();
        if stage.current().is_some() {
            stage.end();
        }
        stage.begin(trial, mark_seed, script, self.sites.iter().map(|site| &site.decl));
        self.shared.tell_arrived(&stage);
    }

    /// Says what is about to be sent to the system under test: a learner's message or a whole JSON body. Call it before
    /// every request of the trial, with an empty text where it has none: before the first, no request is the trial's.
    pub fn sent(&self, text: &str) {
        self.shared.stage().note_sent(text);
    }

    /// A request to the system under test is under way as long as this lives: calls can still come of it.
    pub fn asking(&self) -> Counted {
        Counted::one_more(&self.shared.asked)
    }

    /// The place of the next call in the journal: a step's window begins here.
    pub fn cursor(&self) -> Seq {
        self.shared.stage().journal.next()
    }

    /// The current trial's calls from a place on, as they stand.
    pub fn calls_since(&self, from: Seq) -> Vec<Call> {
        self.shared.stage().calls_since(from)
    }

    /// Requests that are being answered.
    pub fn in_flight(&self) -> usize {
        *self.shared.flights.borrow()
    }

    /// Brings the providers to rest at a trial's end: what hangs is reset, what is held is answered, and the rest may
    /// take until the deadline. What has not ended then is reset. Works on any runtime.
    pub async fn quiet(&self, deadline: Duration) -> Quiet {
        self.ask_for_quiet(deadline).await.unwrap_or_else(|_| self.died())
    }

    /// The same for a thread without a runtime; it panics within one.
    pub fn quiet_blocking(&self, deadline: Duration) -> Quiet {
        self.ask_for_quiet(deadline).blocking_recv().unwrap_or_else(|_| self.died())
    }

    fn ask_for_quiet(&self, deadline: Duration) -> oneshot::Receiver<Quiet> {
        let (done, is_done) = oneshot::channel();
        self.front.tell(Command::Quiet { deadline, done });
        is_done
    }

    fn died(&self) -> Quiet {
        Quiet { waited: Duration::ZERO, cut: 0, in_flight: self.in_flight() }
    }

    /// Ends the trial and hands out its calls. Bring the providers to [`quiet`](Self::quiet) first.
    pub fn end(&self) -> TrialCalls {
        self.shared.stage().end()
    }

    /// Resets every accepted connection on which nothing is being answered: no socket stays in TIME_WAIT on either side.
    /// A client that keeps connections and whose event loop stands still meanwhile finds out by a failed request, so
    /// call it only when the clients' loops are gone, or the case is about just that.
    pub fn close_connections(&self) {
        self.shared.ledger.close_idle();
    }

    /// What kept the exchanges from being recorded, if anything did.
    pub fn trouble(&self) -> Option<String> {
        self.shared.recorder.as_ref().and_then(|recorder| recorder.trouble())
    }

    /// The connections of each provider.
    pub fn connections(&self) -> BTreeMap<ProviderName, Connections> {
        let names = self.sites.iter().map(|site| &site.decl.name);
        names.map(|name| (name.clone(), self.shared.ledger.of(name))).collect()
    }

    /// Ends every server and every thread; blocks for about a millisecond.
    pub fn shutdown(self) -> ShutdownReport {
        let connections = self.connections();
        let in_flight = self.in_flight();
        self.close_connections();
        let parting = self.front.join();
        let ended = self.shared.stage().end();
        let late = ended.late.into_iter().chain(ended.calls).collect();
        ShutdownReport { late, in_flight, connections, threads_ended: matches!(parting, Ok(Parting::Clean)) }
    }
}

fn open(decl: &ProviderDecl, port: u16, live: Option<&Live>) -> Result<Opening, ProviderError> {
    let real = live.and_then(|live| Some((live.hosts.get(&decl.name)?.clone(), live.purse.clone())));
    let gateway = real.map(|(host, purse)| Gateway::new(decl, host, purse)).transpose();
    let live = gateway.map_err(|source| ProviderError::Client { provider: decl.name.clone(), source })?;
    let bind = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((listener, port))
    };
    let (listener, port) = bind().map_err(|source| ProviderError::Bind { provider: decl.name.clone(), source })?;
    Ok(Opening { site: Arc::new(Site { decl: decl.clone(), port, live }), listener })
}
