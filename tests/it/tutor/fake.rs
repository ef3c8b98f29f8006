//! Four providers on one loopback port, on a thread and an event loop of their own.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use steadfast::tutor::{Endpoint, Endpoints};
use tokio::sync::{Semaphore, oneshot};

/// What a provider does with the next calls.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole or streamed answer, as asked for, with these tokens of usage.
    Says(&'static str, Option<(u64, u64)>),
    /// A status and a body.
    Refuses(u16, &'static str),
    /// Raw bytes with status 200.
    Sends(String),
    /// These frames, then the connection breaks.
    Breaks(String),
    /// These frames, then nothing until the call is cancelled.
    Stalls(String),
    /// Says so once a permit is given.
    Waits(&'static str, Option<(u64, u64)>),
    /// The provider accepts and never answers.
    Hangs,
}

/// One call that arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub provider: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

/// All four providers, as fakes.
pub struct Fake {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    answers: Mutex<BTreeMap<&'static str, Answer>>,
    models: Mutex<Option<Vec<&'static str>>>,
    seen: Mutex<Vec<Seen>>,
    open: Mutex<i64>,
    permits: Semaphore,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds a lock")
}

impl Fake {
    /// Providers that all answer, with one local model.
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            answers: Mutex::default(),
            models: Mutex::new(Some(vec!["mistral:7b"])),
            seen: Mutex::default(),
            open: Mutex::default(),
            permits: Semaphore::new(0),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route("/{provider}/{*path}", any(answer)).with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                listener.set_nonblocking(true).expect("a socket");
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    _ = axum::serve(listener, app) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub fn endpoints(&self) -> Endpoints {
        let of = |name: &str| Endpoint::new(format!("http://{}/{name}", self.address), Some(format!("key-of-{name}")));
        Endpoints {
            claude: of("claude"),
            mistral: of("mistral"),
            deepseek: of("deepseek"),
            ollama: of("ollama"),
            piper: of("piper"),
        }
    }

    /// From now on `provider` does this.
    pub fn script(&self, provider: &'static str, answer: Answer) {
        lock(&self.shared.answers).insert(provider, answer);
    }

    /// What is installed; `None` is an Ollama that is down.
    pub fn models(&self, models: Option<Vec<&'static str>>) {
        *lock(&self.shared.models) = models;
    }

    /// Lets `n` waiting answers go on.
    pub fn permit(&self, n: usize) {
        self.shared.permits.add_permits(n);
    }

    /// All calls so far, requests for tags excepted.
    pub fn calls(&self) -> Vec<Seen> {
        lock(&self.shared.seen).iter().filter(|seen| seen.path != "api/tags").cloned().collect()
    }

    /// How often the installed models were asked for.
    pub fn tags(&self) -> usize {
        lock(&self.shared.seen).iter().filter(|seen| seen.path == "api/tags").count()
    }

    /// The providers that were called, in order.
    pub fn called(&self) -> Vec<String> {
        self.calls().into_iter().map(|seen| seen.provider).collect()
    }

    /// Calls whose answer is still being given.
    pub fn open_calls(&self) -> i64 {
        *lock(&self.shared.open)
    }

    /// Waits for a condition, with a deadline.
    pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while !holds() {
            assert!(Instant::now() < deadline, "waited in vain until {what}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "the providers' thread panicked");
        }
    }
}

struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        *lock(&self.0.open) -= 1;
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Path((provider, path)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    lock(&shared.seen).push(Seen { provider: provider.clone(), path: path.clone(), headers, body: body.clone() });
    if method == Method::GET {
        let models = lock(&shared.models).clone();
        return match models {
            Some(names) => {
                let models: Vec<Value> = names.iter().map(|name| json!({"name": name, "model": name})).collect();
                axum::Json(json!({"models": models})).into_response()
            }
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
    }
    let scripted = lock(&shared.answers).get(provider.as_str()).cloned();
    *lock(&shared.open) += 1;
    let open = Open(Arc::clone(&shared));
    let is_streamed = body["stream"] == json!(true);
    let told =
        |text: &str, usage| if is_streamed { stream(&provider, text, usage) } else { whole(&provider, text, usage) };
    match scripted.unwrap_or(Answer::Says("Salut !", Some((10, 20)))) {
        Answer::Says(text, usage) => told(text, usage).into_response(),
        Answer::Refuses(status, body) => (StatusCode::from_u16(status).expect("a status"), body).into_response(),
        Answer::Sends(body) => body.into_response(),
        Answer::Waits(text, usage) => {
            shared.permits.acquire().await.expect("an open semaphore").forget();
            told(text, usage).into_response()
        }
        Answer::Breaks(frames) => {
            let broken = futures_util::stream::iter([Ok(Bytes::from(frames)), Err(io::Error::other("broken"))]);
            // The two must be written one after the other, or the first is lost with the connection.
            let paced = broken.then(async |piece| {
                tokio::task::yield_now().await;
                piece
            });
            Body::from_stream(paced).into_response()
        }
        Answer::Stalls(frames) => {
            let first = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from(frames))]);
            let rest = futures_util::stream::pending();
            Body::from_stream(first.chain(rest).map(move |piece| {
                let _open = &open;
                piece
            }))
            .into_response()
        }
        Answer::Hangs => {
            let _open = open;
            std::future::pending().await
        }
    }
}

/// A complete answer in a provider's own form.
pub fn whole(provider: &str, text: &str, usage: Option<(u64, u64)>) -> String {
    let (input, output) = usage.map_or((Value::Null, Value::Null), |(input, output)| (json!(input), json!(output)));
    let body = match provider {
        "claude" => json!({"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
            "usage": {"input_tokens": input, "output_tokens": output}}),
        "ollama" => json!({"model": "m", "response": text, "done": true, "done_reason": "stop",
            "prompt_eval_count": input, "eval_count": output}),
        _ => json!({"object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant",
            "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": input, "completion_tokens": output}}),
    };
    body.to_string()
}

/// The beginning of a stream: its head and one piece of text.
pub fn stream_begun(provider: &str, text: &str, input: Option<u64>) -> String {
    match provider {
        "claude" => {
            let start = json!({"type": "message_start", "message": {"content": [], "stop_reason": null,
                "usage": {"input_tokens": input, "output_tokens": 1}}});
            let delta =
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
            format!("event: message_start\ndata: {start}\n\nevent: content_block_delta\ndata: {delta}\n\n")
        }
        "ollama" => format!("{}\n", json!({"model": "m", "response": text, "done": false})),
        _ => {
            let chunk = json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]});
            format!(": keep-alive\n\ndata: {chunk}\n\n")
        }
    }
}

/// A complete stream: two pieces of text and the end.
pub fn stream(provider: &str, text: &str, usage: Option<(u64, u64)>) -> String {
    let (input, output) = usage.unzip();
    let middle = (1..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (first, second) = text.split_at(middle);
    let end = match provider {
        "claude" => {
            let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": output}});
            format!(
                "event: message_delta\ndata: {delta}\n\nevent: message_stop\ndata: {{\"type\":\"message_stop\"}}\n\n"
            )
        }
        "ollama" => {
            let last = json!({"model": "m", "response": "", "done": true, "done_reason": "stop",
                "prompt_eval_count": input, "eval_count": output});
            format!("{last}\n")
        }
        _ => {
            let last = json!({"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": input, "completion_tokens": output}});
            format!("data: {last}\n\ndata: [DONE]\n\n")
        }
    };
    let rest = match provider {
        "claude" => stream_begun(provider, second, input).split_once("\n\n").map(|(_, rest)| rest.to_owned()),
        _ => Some(stream_begun(provider, second, input)),
    };
    stream_begun(provider, first, input) + &rest.unwrap_or_default() + &end
}
