//! The way to a provider's wiremock server.

use crate::provider::engine::Engine;
use crate::provider::shared::{Shared, Site};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use std::net::SocketAddr;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::RwLock;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer};

/// wiremock keeps every matched request until it is reset. It is reset after so many requests or bytes.
const CALLS_PER_RESET: u64 = 1_000;
const BYTES_PER_RESET: u64 = 512 << 10;
/// wiremock counts its resets in 16 bits, and panics beyond.
const MAX_RESETS: u32 = 65_000;

/// A provider's wiremock server, with the connections to it that are free.
pub(crate) struct Upstream {
    server: MockServer,
    address: SocketAddr,
    engine: Box<dyn Fn() -> Engine + Send + Sync>,
    free: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    /// Requests go through side by side; a reset goes through alone.
    gate: RwLock<()>,
    load: Mutex<Load>,
}

#[derive(Debug, Default)]
struct Load {
    calls: u64,
    bytes: u64,
    resets: u32,
}

/// Why wiremock gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("a path is wanted")]
    NoPath,
    #[error("no connection to the rule engine")]
    Connect(#[from] std::io::Error),
    #[error("the rule engine gave no answer")]
    Exchange(#[from] hyper::Error),
}

impl UpstreamError {
    /// The status by which the client is told.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoPath => StatusCode::BAD_REQUEST,
            Self::Connect(_) | Self::Exchange(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl Upstream {
    /// Starts a server of its own: the pooled ones live on after they are dropped.
    pub(crate) async fn start(shared: Arc<Shared>, site: Arc<Site>, alive: Sender<()>) -> Self {
        let server = MockServer::builder().disable_request_recording().start().await;
        let address = *server.address();
        let engine = Box::new(move || Engine::new(shared.clone(), site.clone(), alive.clone()));
        let upstream =
            Self { server, address, engine, free: Mutex::default(), gate: RwLock::new(()), load: Mutex::default() };
        upstream.mount().await;
        upstream
    }

    async fn mount(&self) {
        self.server.register(Mock::given(any()).respond_with((self.engine)())).await;
    }

    /// Asks the rule engine.
    pub(crate) async fn ask(
        &self,
        request: Request<Full<Bytes>>,
        size: usize,
    ) -> Result<Response<Bytes>, UpstreamError> {
        self.reset_if_due(size).await;
        let _open = self.gate.read().await;
        let mut sender = self.connection().await?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(Response::from_parts(head, body))
    }

    async fn connection(&self) -> Result<SendRequest<Full<Bytes>>, UpstreamError> {
        loop {
            let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut sender) = free else { break };
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        // No TIME_WAIT when the round ends.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn reset_if_due(&self, size: usize) {
        let due = {
            let mut load = self.load.lock().unwrap_or_else(PoisonError::into_inner);
            load.calls += 1;
            load.bytes += size as u64;
            let due = load.resets < MAX_RESETS && (load.calls > CALLS_PER_RESET || load.bytes > BYTES_PER_RESET);
            if due {
                *load = Load { resets: load.resets + 1, ..Load::default() };
            }
            due
        };
        if due {
            let _alone = self.gate.write().await;
            self.server.reset().await;
            self.mount().await;
        }
    }
}
