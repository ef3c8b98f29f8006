//! The proxy itself: a thread that accepts, decides by host, and carries.

use crate::model::TrialKey;
use crate::platform::ServingThread;
use crate::provider::name::ProviderName;
use crate::provider::providers::Providers;
use crate::provider::proxy::authority::{Authority, AuthorityError};
use crate::provider::proxy::carry::{carry, reset_on_close, socket, unread};
use crate::provider::proxy::environment::{Paths, environment};
use crate::provider::proxy::head::{Asked, MAX_HEAD, asked, head_length};
use crate::provider::proxy::proxy_log::{ProxyLog, StrayKind, Strays};
use crate::provider::proxy::route::{Route, Routes, Target};
use crate::provider::shared::Shared;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long a client may take to say what it wants.
const HEAD_WITHIN: Duration = Duration::from_secs(30);

/// The host under which `sitecustomize.py` tells what went past the proxy.
const TELL_HOST: &str = "direct.steadfast.invalid";

/// The first byte of a TLS handshake.
const TLS: u8 = 0x16;

/// Why there is no proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// No port or no thread.
    #[error("no port or thread for the proxy")]
    Start(#[source] std::io::Error),
    /// A certificate could not be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// What programs are to read can't be written.
    #[error("can't write what programs are told of the proxy")]
    Files(#[source] std::io::Error),
}

/// A proxy on loopback that leads to the mock providers and nowhere else. It has a thread of its own.
pub struct Proxy {
    port: u16,
    log: Arc<ProxyLog>,
    routes: Arc<Routes>,
    environment: BTreeMap<String, String>,
    server: ServingThread,
}

/// What every connection needs.
struct Gate {
    routes: Arc<Routes>,
    log: Arc<ProxyLog>,
    acceptor: TlsAcceptor,
    /// Whose connections are taken: what leads on from here comes from this account.
    doorkeeper: Arc<Shared>,
}

impl Proxy {
    /// Starts a proxy that answers for the hosts of these providers. What programs are to read, the authority's
    /// certificate and a module for Python, is written into `folder`, which must outlive them.
    ///
    /// # Errors
    /// If there is no port, no thread, no certificate, or the folder can't be written.
    pub fn start(providers: &Providers, folder: &Path) -> Result<Self, ProxyError> {
        let mut routes = Routes::default();
        for decl in providers.decls() {
            for host in &decl.hosts {
                routes.add(host, &decl.name, providers.port(&decl.name).unwrap_or_default());
            }
        }
        let authority = Authority::vouching_for(routes.hosts())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ProxyError::Start)?;
        listener.set_nonblocking(true).map_err(ProxyError::Start)?;
        let port = listener.local_addr().map_err(ProxyError::Start)?.port();
        let paths = Paths::write(folder, &authority.pem).map_err(ProxyError::Files)?;
        let environment = environment(port, &paths, providers);
        let (log, routes) = (Arc::new(ProxyLog::new()), Arc::new(routes));
        let gate = Arc::new(Gate {
            routes: routes.clone(),
            log: log.clone(),
            acceptor: authority.acceptor,
            doorkeeper: providers.doorkeeper(),
        });
        let begin = || Ok(accept(tokio::net::TcpListener::from_std(listener)?, gate));
        let server = ServingThread::start("sf-proxy", begin).map_err(ProxyError::Start)?;
        Ok(Self { port, log, routes, environment, server })
    }

    /// The port that the proxy listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What a program's environment must say, so that it finds the providers and trusts them. `python_path` is the
    /// program's own PYTHONPATH, which is kept behind ours.
    pub fn environment(&self, python_path: Option<&str>) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        if let (Some(theirs), Some(ours)) =
            (python_path.filter(|path| !path.is_empty()), environment.get_mut("PYTHONPATH"))
        {
            ours.push(':');
            ours.push_str(theirs);
        }
        environment
    }

    /// From now on what goes astray is this trial's.
    pub fn begin(&self, trial: TrialKey) {
        self.log.begin(trial);
    }

    /// Ends the trial, and hands out what went astray since the last end.
    pub fn end(&self) -> Strays {
        self.log.end()
    }

    /// Whether somebody tried to reach the provider past the proxy, or would not trust its certificate.
    pub fn was_missed(&self, provider: &ProviderName) -> bool {
        self.log.was_missed(provider)
    }

    /// The provider that has a host.
    pub fn provider_at(&self, host: &str) -> Option<&ProviderName> {
        self.routes.provider_at(host)
    }

    /// Ends every connection and the thread.
    pub fn shutdown(self) {
        self.server.end();
    }
}

async fn accept(listener: tokio::net::TcpListener, gate: Arc<Gate>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) if !stream.local_addr().is_ok_and(|own| gate.doorkeeper.admits(peer, own)) => {
                drop(stream)
            }
            Ok((stream, _)) => {
                // Without it, answers in several pieces wait for acknowledgements.
                _ = stream.set_nodelay(true);
                tokio::spawn(converse(gate.clone(), stream));
            }
            // Out of descriptors, or a client that gave up already: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

async fn converse(gate: Arc<Gate>, mut stream: TcpStream) {
    let Ok(Some((head, rest))) = timeout(HEAD_WITHIN, read_head(&mut stream)).await else {
        return reset_on_close(&stream);
    };
    match asked(&head) {
        Asked::Neither => {
            let text = "steadfast: this is a proxy; it takes CONNECT and requests with a whole http:// address\n";
            refuse(stream, "400 Bad Request", text).await;
        }
        Asked::Forward(target, path, _) if target.host == TELL_HOST => {
            gate.note_past(&path);
            refuse(stream, "204 No Content", "").await;
        }
        Asked::Forward(target, _, head) => match gate.routes.of(&target) {
            Route::Refused => gate.refuse(stream, &target).await,
            route => {
                let Some(mut server) = reach(&route, &target).await else {
                    return unreachable(stream, &target).await;
                };
                if server.write_all(&head).await.is_ok() {
                    carry(unread(rest, stream), server, socket).await;
                }
            }
        },
        Asked::Connect(target) => match gate.routes.of(&target) {
            Route::Refused => gate.refuse(stream, &target).await,
            route => gate.tunnel(stream, rest, &target, &route).await,
        },
    }
}

impl Gate {
    async fn refuse(&self, stream: TcpStream, target: &Target) {
        let host = format!("{}:{}", target.host, target.port);
        let status = format!("403 {} refused by steadfast", target.host.escape_default());
        let text = format!(
            "steadfast: {host} is no provider of this run and no address of this machine: nothing else can be reached\n"
        );
        self.log.note(host, None, StrayKind::Refused);
        refuse(stream, &status, &text).await;
    }

    /// What the module for Python tells: `/?host=H&port=P&client=C`.
    fn note_past(&self, path: &str) {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            let text = percent_encoding::percent_decode_str(pair.unwrap_or_default()).decode_utf8_lossy();
            text.chars().filter(|c| !c.is_control()).take(255).collect::<String>()
        };
        let (host, port) = (value("host"), value("port"));
        let provider = self.routes.provider_at(&host).cloned();
        let host = if port.is_empty() { host } else { format!("{host}:{port}") };
        self.log.note(host, provider, StrayKind::PastProxy { client: value("client") });
    }

    async fn tunnel(&self, mut stream: TcpStream, mut rest: Vec<u8>, target: &Target, route: &Route) {
        if stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_err() {
            return;
        }
        let Route::Provider(provider, _) = route else {
            match reach(route, target).await {
                Some(server) => carry(unread(rest, stream), server, socket).await,
                None => reset_on_close(&stream),
            }
            return;
        };
        if rest.is_empty() && !matches!(stream.read_buf(&mut rest).await, Ok(1..)) {
            return reset_on_close(&stream);
        }
        if rest.first() != Some(&TLS) {
            if let Some(server) = reach(route, target).await {
                carry(unread(rest, stream), server, socket).await;
            }
            return;
        }
        match timeout(HEAD_WITHIN, self.acceptor.accept(unread(rest, stream))).await {
            Ok(Ok(client)) => match reach(route, target).await {
                Some(server) => carry(client, server, |client| socket(client.get_ref().0)).await,
                None => reset_on_close(socket(client.get_ref().0)),
            },
            Ok(Err(error)) => {
                let kind = StrayKind::Distrusted { reason: error.to_string() };
                self.log.note(format!("{}:{}", target.host, target.port), Some(provider.clone()), kind);
            }
            Err(_) => {}
        }
    }
}

/// Reads up to the end of a head: the head, and what came after it.
async fn read_head(stream: &mut TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if let Some(length) = head_length(&bytes) {
            let rest = bytes.split_off(length);
            return Some((bytes, rest));
        }
        if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

async fn reach(route: &Route, target: &Target) -> Option<TcpStream> {
    let connected = match route {
        Route::Provider(_, port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).await,
        Route::Loopback => {
            // A name is resolved once, and the connection goes to an address that was looked at: `x.localhost` is this
            // machine only if it leads there.
            let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await.ok()?;
            let here: Vec<SocketAddr> = found.filter(|address| address.ip().is_loopback()).collect();
            TcpStream::connect(here.as_slice()).await
        }
        Route::Refused => return None,
    };
    let stream = connected.ok()?;
    _ = stream.set_nodelay(true);
    Some(stream)
}

async fn unreachable(stream: TcpStream, target: &Target) {
    let text = format!("steadfast: nobody listens on {}:{}\n", target.host, target.port);
    refuse(stream, "502 Bad Gateway", &text).await;
}

/// Answers without a server, and ends the connection once the client has.
async fn refuse(mut stream: TcpStream, status: &str, text: &str) {
    let length = text.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
    if stream.write_all(answer.as_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
        // What is still being sent is read, since a reset would take the answer along.
        let mut ignored = [0; 4096];
        let drained = async { while matches!(stream.read(&mut ignored).await, Ok(1..)) {} };
        _ = timeout(Duration::from_secs(2), drained).await;
    }
}
