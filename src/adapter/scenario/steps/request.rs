//! The requests that a step makes, and how their answers are read.

use super::form::Form;
use super::player::Player;
use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::answer::{Answer, StreamSeen};
use crate::adapter::scenario::stream::EventReader;
use crate::adapter::scenario::transport::{self, Exchange, Target, TransportError};
use crate::adapter::shared::template::{Unfilled, Variables, fill, fill_path, fill_text, plain};
use crate::model::Place;
use crate::scenario::{Auth, Binding, BindingAuth, HttpBody, HttpRequest};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

/// How much of an answer is read, in bytes: what is longer is a failure, not a reason to run out of memory.
const LONGEST_ANSWER: usize = 16 << 20;

impl Player<'_> {
    pub(super) async fn http(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        request: &HttpRequest,
        learner: Option<&str>,
    ) -> Result<Answer, Problem> {
        let variables = self.with(scene, []);
        let unknown = |error: Unfilled| Problem::errored(place, error.to_string());
        let mut headers = BTreeMap::new();
        for (name, value) in &request.headers {
            headers.insert(name.clone(), fill_text(value, &variables).map_err(unknown)?);
        }
        let auth = match &request.auth {
            Auth::Nobody => None,
            Auth::Admin => self.auth_header(self.system.admin_auth.as_ref(), &variables, None),
            Auth::Learner => {
                let token = self.token(scene, place, self.learner(learner)).await?;
                self.auth_header(self.system.learner_auth.as_ref(), &variables, token)
            }
            Auth::Token(token) => {
                let token = fill_text(token, &variables).map_err(unknown)?;
                self.auth_header(self.system.learner_auth.as_ref(), &variables, Some(token))
            }
        };
        headers.extend(auth);
        let mut sent = String::new();
        let body = match &request.body {
            HttpBody::Empty => Bytes::new(),
            HttpBody::Text(text) => Bytes::from(fill_text(text, &variables).map_err(unknown)?),
            HttpBody::Json(value) => {
                headers.entry("content-type".into()).or_insert_with(|| "application/json".into());
                let value = fill(value, &variables).map_err(unknown)?.unwrap_or(Value::Null);
                sent = value.get("message").map(plain).unwrap_or_default();
                Bytes::from(value.to_string())
            }
        };
        if let Some(providers) = scene.providers {
            providers.sent(&sent);
        }
        let path = fill_text(&request.path, &variables).map_err(unknown)?;
        self.exchange(scene, place, Outgoing { method: &request.method, path: &path, headers, body }, None, None).await
    }

    fn auth_header(
        &self,
        header: Option<&(String, String)>,
        variables: &Variables,
        token: Option<String>,
    ) -> Option<(String, String)> {
        let (name, template) = header?;
        let mut variables = variables.clone();
        variables.extend(token.map(|token| ("token".to_owned(), Value::from(token))));
        Some((name.to_lowercase(), fill_text(template, &variables).ok()?))
    }

    /// Makes the request of a binding and finds the fields of its answer.
    pub(super) async fn ask(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        binding: &Binding,
        variables: &Variables,
        token: Option<String>,
        hang_up: Option<u64>,
    ) -> Result<Answer, Problem> {
        let unknown = |error: Unfilled| Problem::errored(place, error.to_string());
        let mut headers = BTreeMap::new();
        for (name, value) in &binding.headers {
            headers.insert(name.to_lowercase(), fill_text(value, variables).map_err(unknown)?);
        }
        match (binding.auth, token) {
            (BindingAuth::Admin, None) => {
                headers.extend(self.auth_header(self.system.admin_auth.as_ref(), variables, None))
            }
            (_, Some(token)) => {
                headers.extend(self.auth_header(self.system.learner_auth.as_ref(), variables, Some(token)));
            }
            (BindingAuth::Learner | BindingAuth::Nobody, None) => {}
        }
        let body = match (&binding.form, &binding.body) {
            (Some(form), _) => {
                let form = Form::fill(form, variables).map_err(|error| Problem::errored(place, error.to_string()))?;
                headers.insert("content-type".into(), form.content_type());
                Bytes::from(form.body())
            }
            (None, None) => Bytes::new(),
            (None, Some(template)) => {
                headers.entry("content-type".into()).or_insert_with(|| "application/json".into());
                Bytes::from(fill(template, variables).map_err(unknown)?.unwrap_or_else(|| json!({})).to_string())
            }
        };
        let path = fill_path(&binding.path, variables).map_err(unknown)?;
        let outgoing = Outgoing { method: &binding.method, path: &path, headers, body };
        let mut answer = self.exchange(scene, place, outgoing, Some(binding), hang_up).await?;
        answer.bind(binding, self.system);
        Ok(answer)
    }

    async fn exchange(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        outgoing: Outgoing<'_>,
        binding: Option<&Binding>,
        hang_up: Option<u64>,
    ) -> Result<Answer, Problem> {
        let what = format!("{} {}", outgoing.method, outgoing.path);
        let request =
            outgoing.build(scene.target).map_err(|error| Problem::errored(place, format!("{what}: {error}")))?;
        let failed = |error: TransportError| Problem::failed(place, format!("{what}: {error}"));
        let begun = Instant::now();
        let _asking = scene.providers.map(|providers| providers.asking());
        let exchange = transport::send(scene.target, request, &self.serving).await.map_err(failed)?;
        read(exchange, begun, binding, hang_up).await.map_err(|error| match error {
            ReadError::Transport(error) => failed(error),
            ReadError::TooLong => {
                Problem::failed(place, format!("{what}: the answer is longer than {LONGEST_ANSWER} bytes"))
            }
        })
    }
}

/// A request about to be sent.
#[derive(Debug)]
struct Outgoing<'a> {
    method: &'a str,
    path: &'a str,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

impl Outgoing<'_> {
    fn build(self, target: &Target) -> Result<Request<Full<Bytes>>, http::Error> {
        let (uri, host) = match target {
            Target::Router(_) => (self.path.to_owned(), "tutor".to_owned()),
            Target::Address(address) => (self.path.to_owned(), address.to_string()),
            // Without the slash, what a path begins with could be taken for a part of the host.
            Target::Url(_, url) if self.path.starts_with('/') => (format!("{url}{}", self.path), String::new()),
            Target::Url(_, url) => (format!("{url}/{}", self.path), String::new()),
        };
        let mut request = Request::builder().method(self.method).uri(uri);
        if !host.is_empty() {
            request = request.header("host", host);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body))
    }
}

/// Why an answer could not be read.
enum ReadError {
    Transport(TransportError),
    TooLong,
}

/// Reads an answer to its end; as a stream where the binding has one and the system sends one.
async fn read(
    mut exchange: Exchange,
    begun: Instant,
    binding: Option<&Binding>,
    hang_up: Option<u64>,
) -> Result<Answer, ReadError> {
    let headers = exchange.response.headers().clone();
    let mut answer = Answer { status: exchange.response.status().as_u16(), headers, ..Answer::default() };
    let is_stream = answer
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut body = Vec::new();
    let mut reader = EventReader::default();
    let mut events = Vec::new();
    while let Some(chunk) = exchange.response.body_mut().chunk().await.map_err(ReadError::Transport)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
        if is_stream {
            events.extend(reader.feed(&chunk, begun.elapsed()));
            if hang_up.is_some_and(|after| events.len() as u64 >= after) {
                break;
            }
        }
    }
    drop(exchange);
    if answer.headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"audio/")) {
        answer.audio = Some(body);
        return Ok(answer);
    }
    answer.text = String::from_utf8_lossy(&body).into_owned();
    match (is_stream, binding.and_then(|binding| binding.stream.as_ref())) {
        (true, Some(binding)) => answer.stream = Some(StreamSeen::read(events, binding)),
        (true, None) | (false, _) => answer.json = serde_json::from_slice(&body).ok(),
    }
    Ok(answer)
}
