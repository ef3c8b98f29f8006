//! What a case does, one step after the other.

use crate::model::Place;
use crate::scenario::{Expectation, Verb};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// One step. Texts in its values may hold `${name}` of something captured by an earlier step, `${trial}` and
/// `${env.NAME}`: these are known only when the case runs. Everything else has been filled in.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// What is done.
    pub action: Action,
    /// Who does it; the first learner where it does not say.
    pub learner: Option<String>,
    /// What must hold of the answer.
    pub expect: Vec<Expectation>,
    /// What is kept for later steps.
    pub capture: Vec<Capture>,
    /// How long the step may take, where time is the point.
    pub within: Option<Duration>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// A verb of the domain, with its arguments.
    Verb(Verb, BTreeMap<String, Value>),
    /// A raw request.
    Http(HttpRequest),
    /// The system is stopped and started again over the same store.
    Restart,
    /// Lanes that run side by side; the steps of a lane run one after the other.
    Concurrently(Vec<Vec<Step>>),
    /// Steps that are tried again until all of them hold, or `within` is over.
    Eventually {
        /// How long to go on.
        within: Duration,
        /// The pause between two tries.
        every: Duration,
        /// What is tried.
        steps: Vec<Step>,
    },
    /// Nothing is done: expectations on the log or on the calls so far.
    Look,
}

/// A raw request.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query, from `/`; or a whole URL.
    pub path: String,
    /// Headers as given.
    pub headers: BTreeMap<String, String>,
    /// Whose token goes along.
    pub auth: Auth,
    /// The body of the request.
    pub body: HttpBody,
}

/// Whose token goes along with a raw request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// The step's learner's.
    Learner,
    /// The token of the administrator.
    Admin,
    /// No token at all.
    Nobody,
    /// This token, as it was given.
    Token(String),
}

/// The body of a raw request.
#[derive(Debug, Clone)]
pub enum HttpBody {
    /// No body at all.
    Empty,
    /// A body of JSON.
    Json(Value),
    /// Text as it stands.
    Text(String),
}

/// Something kept for later steps.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Under which name.
    pub name: String,
    /// Where the value is taken from.
    pub from: crate::scenario::Subject,
    /// Where it stands.
    pub place: Place,
}
