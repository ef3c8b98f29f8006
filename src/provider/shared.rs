//! What the fronts, the rule engines and the harness share: every part usable from any thread and any runtime.

use crate::model::Clock;
use crate::platform::{owner_of_socket, process};
use crate::provider::decl::ProviderDecl;
use crate::provider::exchange::call::{Call, Ended, Seq};
use crate::provider::exchange::connections::Ledger;
use crate::provider::exchange::shared_state::SharedState;
use crate::provider::live::gateway::Gateway;
use crate::provider::tape::recorder::Recorder;
use std::fmt;
use std::hash::BuildHasher;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// One provider: what it is and where it listens.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) decl: ProviderDecl,
    pub(crate) port: u16,
    /// The way to the real provider, if it is the one that answers.
    pub(crate) live: Option<Gateway>,
}

/// Where a line about each answered request goes.
pub(crate) type AccessLog = Box<dyn Write + Send>;

/// The state of a round's providers.
pub(crate) struct Shared {
    pub(crate) started: Instant,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ledger: Ledger,
    /// Requests whose head was read and whose answer has not ended.
    pub(crate) flights: watch::Sender<usize>,
    /// Model calls that have arrived in the trial under way.
    pub(crate) arrived: watch::Sender<u32>,
    /// Requests of the harness to the system that are under way.
    pub(crate) asked: watch::Sender<usize>,
    /// Answers that are held for calls still to come.
    pub(crate) held: watch::Sender<usize>,
    /// Whether the trial is over, so that nothing hangs or is held any longer.
    pub(crate) draining: watch::Sender<bool>,
    pub(crate) max_body: usize,
    /// What records the exchanges, if they are recorded.
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// What only the fronts know: rule engines listen on ports that anybody on this machine can find.
    key: u64,
    stage: Mutex<SharedState>,
    log: Option<Mutex<AccessLog>>,
}

impl Shared {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        stage: SharedState,
        max_body: usize,
        recorder: Option<Arc<Recorder>>,
        log: Option<AccessLog>,
    ) -> Self {
        Self {
            started: Instant::now(),
            clock,
            ledger: Ledger::default(),
            flights: watch::Sender::new(0),
            arrived: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            held: watch::Sender::new(0),
            draining: watch::Sender::new(false),
            max_body,
            recorder,
            key: getrandom::u64().unwrap_or_else(|_| std::hash::RandomState::new().hash_one("call")),
            stage: Mutex::new(stage),
            log: log.map(Mutex::new),
        }
    }

    /// Whether a client may talk to the providers of a round: one of this account, or of one that a program runs as that
    /// was started here. Anybody may talk to those that are served alone, and where the system does not tell.
    pub(crate) fn admits(&self, client: SocketAddr, provider: SocketAddr) -> bool {
        if self.log.is_some() {
            return true;
        }
        let Some(owner) = owner_of_socket(client, provider) else { return true };
        let is_ours = || {
            let own = process::own();
            process::descendants(own).into_iter().any(|pid| process::user(pid) == Some(owner))
        };
        owner == 0 || owner == rustix::process::geteuid().as_raw() || is_ours()
    }

    /// How a front names a call to a rule engine.
    pub(crate) fn name_of(&self, call: u64) -> String {
        format!("{:016x}-{call}", self.key)
    }

    /// The call that a front has named so.
    pub(crate) fn call_of(&self, name: &str) -> Option<u64> {
        name.strip_prefix(&format!("{:016x}-", self.key))?.parse().ok()
    }

    /// Since the start of the providers.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The state, for a moment: never hold it over an await.
    pub(crate) fn stage(&self) -> MutexGuard<'_, SharedState> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the answers that are held how many model calls have arrived. The state stays locked meanwhile, so that
    /// an older number never overtakes a newer one.
    pub(crate) fn tell_arrived(&self, stage: &MutexGuard<'_, SharedState>) {
        let arrived = stage.arrived();
        self.arrived.send_if_modified(|before| std::mem::replace(before, arrived) != arrived);
    }

    /// A call has ended. With an access log the providers stand alone: the call is told there and forgotten.
    pub(crate) fn end_call(&self, seq: Seq, ended: Ended) {
        let now = self.now();
        let mut stage = self.stage();
        stage.journal.end(seq, now, ended);
        let Some(log) = &self.log else { return };
        let call = stage.journal.remove(seq);
        drop(stage);
        if let Some(call) = call {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            // Who serves providers alone rather loses lines than answers when the writer is gone.
            _ = writeln!(log, "{}", AccessLine(&call)).and_then(|()| log.flush());
        }
    }
}

/// A call as a line of the access log.
struct AccessLine<'a>(&'a Call);

impl fmt::Display for AccessLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = self.0;
        let took = call.answered.unwrap_or_default().saturating_sub(call.arrived);
        write!(f, "+{:.3}s {} {}", call.arrived.as_secs_f64(), call.provider, call.endpoint)?;
        if !call.model.is_empty() {
            write!(f, " model={}", call.model.escape_debug())?;
        }
        if call.stream && call.endpoint.is_model_call() {
            write!(f, " stream")?;
        }
        match call.status {
            Some(status) => write!(f, " {status}")?,
            None => write!(f, " -")?,
        }
        let ended = match call.ended {
            Ended::InFlight => "in flight".to_owned(),
            Ended::Completed => "completed".to_owned(),
            Ended::Cut { bytes } => format!("cut after {bytes} bytes"),
            Ended::ClientGone { bytes } => format!("client gone after {bytes} bytes"),
            Ended::Reset { bytes } => format!("reset after {bytes} bytes"),
            Ended::Hung => "hung".to_owned(),
            Ended::Held => "held in vain".to_owned(),
        };
        write!(f, " {ended} {}ms", took.as_millis())
    }
}
