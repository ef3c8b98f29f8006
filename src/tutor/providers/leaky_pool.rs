//! What a tutor with a leak keeps, and what a healthy one may keep. Everything goes when the tutor goes, so that a leak
//! of one round is none of the next one's.

use super::super::defect::{Defect, Defects};
use super::super::sync::lock;
use super::failure::CallFailure;
use crate::platform::http_client;
use hyper_util::rt::TokioIo;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Request, Response, Url};
use std::any::Any;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;
use tokio::net::TcpStream;

/// A buffer of one call.
const BUFFER: usize = 256 << 10;

/// An entry of a cache that is filled call by call, and how many it has at most.
const ENTRY: usize = 2 << 20;
const ENTRIES: u64 = 20;

/// A cache that is filled once.
const CACHE: usize = 4 << 20;

/// The most connections of a pool that has a limit.
const POOL: u64 = 4;

/// Longer than any run.
const FOR_EVER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Things that are kept as long as the tutor.
#[derive(Debug, Default)]
pub(super) struct LeakyPool {
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
    calls: AtomicU64,
    by_name: OnceLock<Client>,
}

impl LeakyPool {
    /// A provider is about to be called.
    pub(super) async fn call(&self, defects: Defects, url: &Url) {
        if defects == Defects::none() {
            return;
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let has = |defect| defects.has(defect);
        if has(Defect::PollerPerRequest) {
            let url = url.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(Duration::from_secs(30)).await;
                    _ = connect(&url).await;
                }
            });
        }
        if has(Defect::TimerNeverCancelled) {
            tokio::spawn(tokio::time::sleep(FOR_EVER));
        }
        if has(Defect::TaskThatEndsLater) {
            tokio::spawn(tokio::time::sleep(Duration::from_millis(200)));
        }
        if has(Defect::PoolWithoutLimit) || (has(Defect::BoundedPool) && number < POOL) {
            self.keep(connect(url).await);
        }
        if has(Defect::TemporaryFilePerRequest) {
            static WRITTEN: AtomicU64 = AtomicU64::new(0);
            let written = WRITTEN.fetch_add(1, Ordering::Relaxed);
            let prefix = format!("tutor-call-{}-{written}", std::process::id());
            let file = tempfile::Builder::new().prefix(&prefix).rand_bytes(0).suffix(".json").tempfile();
            // Kept: nobody deletes it.
            _ = file.and_then(|file| std::fs::write(file.into_temp_path().keep()?, url.as_str()));
        }
        if has(Defect::ThreadPerRequest) || (has(Defect::HelperThread) && number == 0) {
            self.keep(thread(number));
        }
        if has(Defect::ListenerLeftOpen) {
            self.keep(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        }
        if has(Defect::ChildLeftRunning) {
            self.keep(Running(
                Command::new("sleep").arg("86400").stdin(Stdio::null()).stdout(Stdio::null()).spawn().ok(),
            ));
        }
        if has(Defect::MemoryPerRequest) {
            self.keep(vec![1_u8; BUFFER]);
        }
        if has(Defect::CacheFilledSlowly) && number < ENTRIES {
            self.keep(vec![1_u8; ENTRY]);
        }
        if has(Defect::CacheFilledOnce) && number == 0 {
            self.keep(vec![1_u8; CACHE]);
        }
    }

    /// Keeps a thing for as long as the tutor lives.
    pub(super) fn keep(&self, thing: impl Any + Send) {
        lock(&self.kept).push(Box::new(thing));
    }

    /// Sends a request on a connection of its own, and never reads more of a refusal than its head.
    pub(super) async fn send_undrained(&self, request: Request) -> Result<Response, CallFailure> {
        let broken = |error: &dyn std::error::Error| CallFailure::BrokenOff(error.to_string());
        let url = request.url().clone();
        let body = request.body().and_then(|body| body.as_bytes()).map(<[u8]>::to_vec).unwrap_or_default();
        let mut whole = http::Request::builder().method(request.method()).uri(url.path());
        if let Some(headers) = whole.headers_mut() {
            headers.clone_from(request.headers());
            headers.extend(url.socket_addrs(|| None).ok().and_then(|addresses| {
                Some((http::header::HOST, http::HeaderValue::from_str(&addresses.first()?.to_string()).ok()?))
            }));
        }
        let whole = whole.body(reqwest::Body::from(body)).map_err(|error| broken(&error))?;
        let stream = connect(&url).await.ok_or_else(|| CallFailure::BrokenOff("no connection".to_owned()))?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, mut connection) = handshake.map_err(|error| broken(&error))?;
        let answer = tokio::select! {
            answer = sender.send_request(whole) => answer,
            ended = &mut connection => Err(match ended {
                Err(error) => error,
                Ok(()) => return Err(CallFailure::Truncated),
            }),
        };
        let answer = answer.map_err(|error| broken(&error))?;
        let status = answer.status();
        if !status.is_success() {
            self.keep((sender, connection, answer));
            return Err(CallFailure::of_status(status.as_u16(), &[]));
        }
        tokio::spawn(connection);
        Ok(Response::from(answer.map(reqwest::Body::wrap)))
    }

    /// Sends a request under a host name of its own, with a client that was used first on an event loop which ended.
    pub(super) async fn send_under_own_name(&self, mut request: Request) -> Result<Response, reqwest::Error> {
        let number = self.calls.load(Ordering::Relaxed);
        let first_use = self.by_name.get().is_none();
        let http = match self.by_name.get() {
            Some(http) => http.clone(),
            None => self.by_name.get_or_init(|| by_name().unwrap_or_default()).clone(),
        };
        _ = request.url_mut().set_host(Some(&format!("learner-{number}.localhost")));
        if !first_use {
            return http.execute(request).await;
        }
        let apart = std::thread::spawn(move || {
            let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            Some(event_loop.block_on(async {
                let response = http.execute(request).await?;
                let mut whole = http::Response::builder().status(response.status());
                if let Some(headers) = whole.headers_mut() {
                    headers.clone_from(response.headers());
                }
                let body = response.bytes().await?;
                // The pool takes the connection back, and starts to watch it, after its last byte.
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(Response::from(whole.body(body).unwrap_or_default()))
            }))
        });
        match apart.join() {
            Ok(Some(sent)) => sent,
            Ok(None) | Err(_) => by_name()?.get("http://127.0.0.1:0").send().await,
        }
    }
}

/// Any name is the machine itself; idle connections are let go after a tenth of a second.
fn by_name() -> Result<Client, reqwest::Error> {
    http_client()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(Duration::from_millis(100))
        .dns_resolver(Arc::new(Here))
        .build()
}

#[derive(Debug)]
struct Here;

impl Resolve for Here {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Addrs = Box::new(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

async fn connect(url: &Url) -> Option<TcpStream> {
    TcpStream::connect((url.host_str()?, url.port_or_known_default()?)).await.ok()
}

/// A thread that waits until the tutor goes. It runs when this returns: until then it bears the name of its parent.
fn thread(number: u64) -> mpsc::Sender<()> {
    let (alive, ended) = mpsc::channel::<()>();
    let (running, begun) = mpsc::channel();
    let spawned = std::thread::Builder::new().name(format!("tutor-call-{number}")).spawn(move || {
        _ = running.send(());
        _ = ended.recv();
    });
    if spawned.is_ok() {
        _ = begun.recv();
    }
    alive
}

/// A program that ends with the tutor.
#[derive(Debug)]
struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            _ = child.kill();
            _ = child.wait();
        }
    }
}
