//! The front's thread: accepts, serves, brings to quiet, and ends with everything it began.

use crate::provider::error::ProviderError;
use crate::provider::exchange::connections::Connection;
use crate::provider::front::flight::FlightSlot;
use crate::provider::front::handler::handle;
use crate::provider::front::post::Post;
use crate::provider::front::socket::Socket;
use crate::provider::front::upstream::Upstream;
use crate::provider::shared::{Shared, Site};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

/// How the providers came to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// How long it took.
    pub waited: Duration,
    /// Connections that were reset at the deadline because their answers had not ended.
    pub cut: usize,
    /// What is still in flight: 0, but for a client that neither reads nor hangs up.
    pub in_flight: usize,
}

/// How long wiremock's threads have to end.
const PARTING: Duration = Duration::from_secs(5);
/// How long answers have to end after they were cut.
const AFTER_CUT: Duration = Duration::from_secs(1);

/// What the front is asked to do.
pub(crate) enum Command {
    /// End what hangs, release what is held, and answer when nothing is in flight any longer.
    Quiet { deadline: Duration, done: oneshot::Sender<Quiet> },
}

/// A provider that is about to be served.
pub(crate) struct Opening {
    pub(crate) site: Arc<Site>,
    pub(crate) listener: TcpListener,
}

/// The thread that serves all providers of a round. It ends when it is dropped, and is joined by `join`.
pub(crate) struct Front {
    commands: mpsc::UnboundedSender<Command>,
    thread: JoinHandle<Parting>,
}

/// Whether every thread has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parting {
    Clean,
    ThreadsLeft,
}

impl Front {
    /// Serves the providers; returns when they can be asked.
    pub(crate) fn start(shared: Arc<Shared>, openings: Vec<Opening>) -> Result<Self, ProviderError> {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (ready, is_ready) = channel();
        let thread = std::thread::Builder::new()
            .name("sf-providers".into())
            .spawn(move || run(shared, openings, inbox, ready))
            .map_err(ProviderError::Thread)?;
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Self { commands, thread }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ProviderError::Died),
        }
    }

    /// Asks it to do something; it is lost if the thread has died.
    pub(crate) fn tell(&self, command: Command) {
        _ = self.commands.send(command);
    }

    /// Ends the thread and waits for it.
    pub(crate) fn join(self) -> Result<Parting, ProviderError> {
        drop(self.commands);
        self.thread.join().map_err(|_| ProviderError::Died)
    }
}

fn run(
    shared: Arc<Shared>,
    openings: Vec<Opening>,
    inbox: mpsc::UnboundedReceiver<Command>,
    ready: Sender<Result<(), ProviderError>>,
) -> Parting {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            _ = ready.send(Err(ProviderError::Thread(error)));
            return Parting::Clean;
        }
    };
    let (alive, engines) = channel();
    let posts = runtime.block_on(serve(shared, openings, alive, inbox, ready));
    // The tasks first, then the servers: these block while they are dropped, which must not happen within a task.
    drop(runtime);
    drop(posts);
    part(&engines)
}

/// Waits until wiremock has let go of every rule engine.
fn part(engines: &Receiver<()>) -> Parting {
    match engines.recv_timeout(PARTING) {
        Err(RecvTimeoutError::Disconnected) => Parting::Clean,
        Ok(()) | Err(RecvTimeoutError::Timeout) => Parting::ThreadsLeft,
    }
}

async fn serve(
    shared: Arc<Shared>,
    openings: Vec<Opening>,
    alive: Sender<()>,
    mut inbox: mpsc::UnboundedReceiver<Command>,
    ready: Sender<Result<(), ProviderError>>,
) -> Vec<Arc<Post>> {
    let mut posts = Vec::new();
    let mut began = Ok(());
    for Opening { site, listener } in openings {
        let upstream = Upstream::start(shared.clone(), site.clone(), alive.clone()).await;
        let post = Arc::new(Post { shared: shared.clone(), site, upstream: Arc::new(upstream) });
        posts.push(post.clone());
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => _ = tokio::spawn(accept(listener, post)),
            Err(error) => began = Err(ProviderError::Thread(error)),
        }
    }
    drop(alive);
    _ = ready.send(began);
    while let Some(Command::Quiet { deadline, done }) = inbox.recv().await {
        _ = done.send(quiet(&shared, deadline).await);
    }
    // Requests that are with a rule engine come back at once; hung and held ones are dropped with the runtime.
    shared.draining.send_replace(true);
    _ = settle(&shared, Instant::now() + Duration::from_millis(200)).await;
    posts
}

async fn accept(listener: tokio::net::TcpListener, post: Arc<Post>) {
    loop {
        match listener.accept().await {
            // Another account on the machine has no business here: its call would be counted as a case's.
            Ok((stream, peer)) if !stream.local_addr().is_ok_and(|own| post.shared.admits(peer, own)) => drop(stream),
            Ok((stream, peer)) => {
                // Without it, answers in several pieces wait for acknowledgements.
                _ = stream.set_nodelay(true);
                let now = post.shared.now();
                let connection = post.shared.ledger.open(&post.site.decl.name, stream, peer.port(), now);
                tokio::spawn(converse(post.clone(), connection));
            }
            // Out of descriptors, or a client that gave up already: it passes.
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(post: Arc<Post>, connection: Arc<Connection>) {
    let slot = FlightSlot::default();
    {
        let socket = Socket { connection: connection.clone(), slot: slot.clone() };
        let service = service_fn(|request| handle(post.clone(), connection.clone(), slot.clone(), request));
        // An idle client may stay as long as it likes: who keeps a connection is what the ledger is there to tell.
        let mut builder = http1::Builder::new();
        let talk = builder.header_read_timeout(None).serve_connection(TokioIo::new(socket), service);
        tokio::select! {
            // What a client does wrong on the wire is its own affair: hyper has answered it.
            _ = talk => {}
            () = connection.killed.notified() => {}
        }
    }
    slot.abandon();
    post.shared.ledger.close(&connection);
}

async fn quiet(shared: &Shared, deadline: Duration) -> Quiet {
    let began = Instant::now();
    let until = began + deadline;
    shared.draining.send_replace(true);
    let mut cut = 0;
    if settle(shared, until).await.is_err() {
        cut = shared.ledger.cut_busy();
        _ = settle(shared, Instant::now() + AFTER_CUT).await;
    }
    shared.draining.send_replace(false);
    Quiet { waited: began.elapsed(), cut, in_flight: *shared.flights.borrow() }
}

/// Waits until nothing is in flight, and nothing that had already reached a socket still is.
async fn settle(shared: &Shared, until: Instant) -> Result<(), tokio::time::error::Elapsed> {
    let mut flights = shared.flights.subscribe();
    loop {
        timeout_at(until, async { flights.wait_for(|flights| *flights == 0).await.is_ok() }).await?;
        // A task that yields goes on after the sockets were looked at: twice, since what is accepted is then read.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if *flights.borrow() == 0 {
            return Ok(());
        }
    }
}
