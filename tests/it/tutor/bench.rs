//! A tutor, its providers and its users on one test bench.

use super::fake::Fake;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use steadfast::tutor::{Config, Defects, Log, Tutor};

pub const ADMIN: &str = "the administrator's token";

/// Keeps lines for a test to read.
#[derive(Debug, Default)]
pub struct KeptLog(pub Mutex<Vec<String>>);

impl Log for KeptLog {
    fn line(&self, line: &str) {
        self.0.lock().expect("a log").push(line.to_owned());
    }
}

/// A tutor over fake providers. Each visit is served on an event loop of its own.
pub struct Bench {
    pub fake: Fake,
    pub log: Arc<KeptLog>,
    pub tutor: Tutor,
    http: Client,
}

/// A user of one served tutor.
#[derive(Clone)]
pub struct Visitor {
    http: Client,
    base: String,
    token: String,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Defects::none(), |_| {})
    }

    pub fn with(defects: Defects, adjust: impl FnOnce(&mut Config)) -> Self {
        let fake = Fake::start();
        let log = Arc::new(KeptLog::default());
        let mut config = Config {
            endpoints: fake.endpoints(),
            admin_token: Some(ADMIN.to_owned()),
            log: Arc::clone(&log) as Arc<dyn Log>,
            ..Config::embedded()
        };
        adjust(&mut config);
        let tutor = Tutor::open_with(config, defects).expect("a tutor");
        // Making a client reads the system's certificates, which costs more than a case.
        let http = steadfast::platform::http_client().no_proxy().build().expect("a client");
        Self { fake, log, tutor, http }
    }

    /// Serves the tutor on a new event loop for as long as `visit` takes; then the loop is dropped, with all that is
    /// still under way on it. The visitor is the administrator.
    pub fn visit<T>(&self, visit: impl AsyncFnOnce(Visitor) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let base = format!("http://{}", listener.local_addr().expect("an address"));
            let router = self.tutor.router();
            tokio::spawn(async move { axum::serve(listener, router).await });
            visit(Visitor { http: self.http.clone(), base, token: ADMIN.to_owned() }).await
        })
    }

    /// A visit as a learner who has just registered.
    pub fn learn<T>(&self, visit: impl AsyncFnOnce(Visitor) -> T) -> T {
        self.visit(async |admin| {
            let learner = admin.register("ana").await;
            visit(learner).await
        })
    }
}

impl Visitor {
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// Sends a body that need not be JSON.
    pub async fn post_raw(&self, path: &str, body: &'static [u8]) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token).body(body);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// Uploads a recording with some fields.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], recording: &[u8]) -> (u16, Value) {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        body.extend(b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n\r\n");
        body.extend(recording);
        body.extend(b"\r\n--b--\r\n");
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "multipart/form-data; boundary=b").body(body);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    pub async fn reset(&self, body: Value) {
        assert_eq!(self.with_token(ADMIN).post("/admin/reset", body).await.0, 204);
    }

    pub async fn register(&self, name: &str) -> Self {
        let (status, body) = self.post("/auth/register", json!({"name": name, "password": "secret"})).await;
        assert_eq!(status, 201, "{body}");
        self.with_token(body["token"].as_str().expect("a token"))
    }

    /// A chat in `language`, with more fields.
    pub async fn chat(&self, language: &str, more: Value) -> (u16, Value) {
        self.post("/chat", chat(language, more)).await
    }

    /// Settled and reserved money.
    pub async fn money(&self) -> (f64, f64) {
        let (_, budget) = self.get("/budget").await;
        (budget["used_budget"].as_f64().expect("money"), budget["reserved"].as_f64().expect("money"))
    }
}

/// The body of a chat.
pub fn chat(language: &str, more: Value) -> Value {
    let mut body = json!({"message": "What is a gerund?", "language": language});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// Waits on the event loop for a condition, with a deadline.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await;
    assert!(waited.is_ok(), "waited in vain until {what}");
}
