//! Requests to the system under test: a connection of its own for each, so that nothing is carried from step to step.

use crate::model::with_causes;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// How much of an answer waits in memory between an embedded system and its client, in bytes.
const PIPE: usize = 256 << 10;

/// Where requests go.
#[derive(Debug, Clone)]
pub(in crate::adapter) enum Target {
    /// Handlers in this process, over a pipe in memory: no port, so none that runs out.
    Router(axum::Router),
    /// A server at an address.
    Address(SocketAddr),
    /// Any URL, with TLS where it says so.
    Url(reqwest::Client, String),
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapter) enum TransportError {
    #[error("can't connect to {0}: {1}")]
    Connect(SocketAddr, #[source] std::io::Error),
    #[error("the connection failed: {}", with_causes(.0))]
    Http(#[from] hyper::Error),
    #[error("the request failed: {}", with_causes(.0))]
    Url(#[from] reqwest::Error),
}

/// A body as it comes.
#[derive(Debug)]
pub(in crate::adapter) enum Body {
    Socket(Incoming),
    Url(reqwest::Response),
}

/// An exchange under way. Dropping it hangs up.
#[derive(Debug)]
pub(in crate::adapter) struct Exchange {
    pub response: Response<Body>,
    _connection: Connection,
}

/// The tasks that drive a connection: ended with it.
#[derive(Debug, Default)]
struct Connection(Vec<JoinHandle<()>>);

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

/// Sends a request and waits for the head of the answer. Tasks of an embedded server go to `serving`, whose end the
/// case waits for.
pub(in crate::adapter) async fn send(
    target: &Target,
    request: Request<Full<Bytes>>,
    serving: &std::cell::RefCell<tokio::task::JoinSet<()>>,
) -> Result<Exchange, TransportError> {
    match target {
        Target::Router(router) => {
            let (near, far) = tokio::io::duplex(PIPE);
            let service = TowerToHyperService::new(router.clone());
            let server = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
            serving.borrow_mut().spawn_local(async move {
                // What a client that hangs up breaks off is no failure of the server.
                let _ = server.await;
            });
            exchange(near, request).await
        }
        Target::Address(address) => {
            let stream = TcpStream::connect(address).await.map_err(|error| TransportError::Connect(*address, error))?;
            // The answer is read whole before the connection ends, or nobody wants the rest: a reset loses nothing, and
            // leaves no socket in TIME_WAIT.
            let _ = socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
            let _ = stream.set_nodelay(true);
            exchange(stream, request).await
        }
        Target::Url(client, _) => {
            let (parts, body) = request.into_parts();
            let request = Request::from_parts(parts, reqwest::Body::wrap(body));
            let response = client.execute(reqwest::Request::try_from(request)?).await?;
            let mut head = Response::builder().status(response.status());
            if let Some(headers) = head.headers_mut() {
                *headers = response.headers().clone();
            }
            let response = head.body(Body::Url(response)).unwrap_or_else(|_| unreachable!("made of valid parts"));
            Ok(Exchange { response, _connection: Connection::default() })
        }
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Exchange, TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    let connection = Connection(vec![driver]);
    let response = sender.send_request(request).await?;
    Ok(Exchange { response: response.map(Body::Socket), _connection: connection })
}

impl Body {
    /// The next piece, `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        use http_body_util::BodyExt;
        match self {
            Self::Url(response) => Ok(response.chunk().await?),
            Self::Socket(incoming) => loop {
                match incoming.frame().await {
                    None => return Ok(None),
                    Some(frame) => {
                        if let Ok(data) = frame?.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
        }
    }
}
