//! The REST APIs of GitHub and GitLab, as far as comments go.

use crate::app::comment::service::{Place, Service};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a request is made that the service has no time for.
const TRIES: u32 = 4;

/// How long is waited at most before it is made again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// More comments than these no request has.
const PAGES: u32 = 100;

/// Why a service was not told.
#[derive(Debug, thiserror::Error)]
pub enum CommentError {
    /// It answers with something else than success.
    #[error("{what}: {status} {text}")]
    Status {
        /// What was asked.
        what: String,
        /// The status of the answer.
        status: StatusCode,
        /// The begin of the answer.
        text: String,
    },
    /// It does not answer.
    #[error("{what}: {reason}")]
    Unreachable {
        /// What was asked.
        what: String,
        /// Why not, without the address of a webhook, which is a secret.
        reason: String,
    },
}

impl CommentError {
    /// Whether the service understood and refused: the token may not write here.
    pub fn is_refusal(&self) -> bool {
        let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
        matches!(self, Self::Status { status, .. } if refusals.contains(status))
    }
}

/// A client of the services.
pub(super) struct Client {
    http: reqwest::Client,
}

impl Client {
    pub(super) fn new() -> reqwest::Result<Self> {
        let http = crate::platform::http_client().timeout(PATIENCE).user_agent("steadfast").build()?;
        Ok(Self { http })
    }

    /// The numbers of the comments that hold the marker, the oldest first.
    pub(super) async fn comments_with(&self, place: &Place, marker: &str) -> Result<Vec<u64>, CommentError> {
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let address = format!("{}?per_page=100&page={page}", comments(place));
            let answer = self.send("reading the comments", || self.request(place, Method::GET, &address)).await?;
            let more = has_next(answer.headers());
            let unreadable = |error: reqwest::Error| unreachable("reading the comments", &error);
            let listed: Vec<Value> = answer.json().await.map_err(unreadable)?;
            let holds = |comment: &&Value| comment["body"].as_str().is_some_and(|body| body.contains(marker));
            found.extend(listed.iter().filter(holds).filter_map(|comment| comment["id"].as_u64()));
            if !more {
                break;
            }
        }
        Ok(found)
    }

    /// Writes a new comment.
    pub(super) async fn create(&self, place: &Place, body: &str) -> Result<(), CommentError> {
        let address = comments(place);
        let request = || self.request(place, Method::POST, &address).json(&json!({ "body": body }));
        self.send("writing the comment", request).await.map(drop)
    }

    /// Writes a comment anew.
    pub(super) async fn replace(&self, place: &Place, number: u64, body: &str) -> Result<(), CommentError> {
        let (method, address) = match place.service {
            Service::GitHub => {
                (Method::PATCH, format!("{}/repos/{}/issues/comments/{number}", place.api, place.project))
            }
            Service::GitLab => (Method::PUT, format!("{}/{number}", comments(place))),
        };
        let request = || self.request(place, method.clone(), &address).json(&json!({ "body": body }));
        self.send("bringing the comment up to date", request).await.map(drop)
    }

    /// Sends a message to a webhook.
    pub(super) async fn post_to_webhook(&self, address: &str, message: &Value) -> Result<(), CommentError> {
        self.send("telling the webhook", || self.http.post(address).json(message)).await.map(drop)
    }

    fn request(&self, place: &Place, method: Method, address: &str) -> RequestBuilder {
        let request = self.http.request(method, address);
        match place.service {
            Service::GitHub => request
                .bearer_auth(&place.token)
                .header("Accept", "application/vnd.github+json")
                .header("X-GitHub-Api-Version", "2022-11-28"),
            Service::GitLab => request.header("PRIVATE-TOKEN", &place.token),
        }
    }

    /// Sends a request, and again where the service has no time for it.
    async fn send(&self, what: &str, request: impl Fn() -> RequestBuilder) -> Result<Response, CommentError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = request().send().await.map_err(|error| unreachable(what, &error))?;
            let status = answer.status();
            if status.is_success() {
                return Ok(answer);
            }
            let busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            if busy && tries < TRIES {
                tokio::time::sleep(pause(answer.headers(), tries)).await;
                continue;
            }
            let text: String = answer.text().await.unwrap_or_default().chars().take(300).collect();
            return Err(CommentError::Status { what: what.to_owned(), status, text: text.trim().to_owned() });
        }
    }
}

/// The address of a request's comments.
fn comments(place: &Place) -> String {
    let Place { api, project, request, .. } = place;
    match place.service {
        Service::GitHub => format!("{api}/repos/{project}/issues/{request}/comments"),
        Service::GitLab => {
            let project = utf8_percent_encode(project, NON_ALPHANUMERIC);
            format!("{api}/projects/{project}/merge_requests/{request}/notes")
        }
    }
}

/// Whether there is another page: both services say it in `Link`, GitLab in a header of its own as well.
fn has_next(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    text("link").contains("rel=\"next\"") || !text("x-next-page").trim().is_empty()
}

fn pause(headers: &HeaderMap, tries: u32) -> Duration {
    let said = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    said.map_or(Duration::from_millis(250) * 4_u32.pow(tries), Duration::from_secs).min(LONGEST_WAIT)
}

fn unreachable(what: &str, error: &reqwest::Error) -> CommentError {
    use std::error::Error;
    let mut source: &dyn Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    CommentError::Unreachable { what: what.to_owned(), reason: source.to_string() }
}
