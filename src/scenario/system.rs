//! A system file as meant: how a deployment is started, reached, reset and spoken to.

use crate::model::ContentHash;
use crate::provider::ProviderDecl;
use crate::scenario::{Capability, Verb};
use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A tutoring system.
#[derive(Debug, Clone)]
pub struct System {
    /// Its name in reports.
    pub name: String,
    /// How it is run.
    pub kind: SystemKind,
    /// The providers that the system calls.
    pub providers: Vec<ProviderDecl>,
    /// What it can do.
    pub can: BTreeSet<Capability>,
    /// How each case starts from the same state.
    pub reset: Reset,
    /// Verb by verb, the request and where the answer's fields are. `settings` has two: to read and to change.
    pub verbs: BTreeMap<Verb, Binding>,
    /// How settings are changed, where `verbs` says how they are read.
    pub change_settings: Option<Binding>,
    /// The header that carries a learner's token: name and template, `Bearer ${token}` say.
    pub learner_auth: Option<(String, String)>,
    /// The header that carries the administrator's: name and template, `Bearer ${admin_token}` say.
    pub admin_auth: Option<(String, String)>,
    /// What the system's own words are for the domain's: field → (system's word → domain's word).
    pub names: BTreeMap<String, BTreeMap<String, String>>,
    /// Fields whose words are not believed: what lies behind them is read off the wire, or not measured.
    pub untrusted: BTreeSet<String>,
    /// What requests can carry of an argument: argument → the form that the whole text must have.
    pub carries: BTreeMap<String, CarriedForm>,
    /// The contract's status → the statuses by which this system says it.
    pub statuses: BTreeMap<u16, Vec<u16>>,
    /// Requests made once, after the system has started and before its first case.
    pub prepare_run: Vec<Binding>,
    /// Requests made for each learner in each case, once there is a token.
    pub prepare_learner: Vec<Binding>,
    /// Finds the learner's message in the text of a provider call; its first group is the message. Without it, it is the
    /// last message of the user.
    pub call_message: Option<Regex>,
    /// Finds the language asked for in the text of a provider call; its first group is the language.
    pub call_language: Option<Regex>,
    /// The names of the environment that its files speak of: what these stand for is secret.
    pub environment: BTreeSet<String>,
    /// Changes when the file does.
    pub hash: ContentHash,
}

/// The form of what a request can carry.
#[derive(Debug, Clone)]
pub struct CarriedForm {
    /// The regular expression, as written.
    pub text: String,
    /// The same for a whole text.
    pub whole: Regex,
}

/// How a system is run.
#[derive(Debug, Clone)]
pub enum SystemKind {
    /// The reference tutor inside the worker.
    Embedded,
    /// A program that the harness starts.
    Process(Process),
    /// A system that already runs at this URL.
    Url(String),
}

/// A program that the harness starts.
#[derive(Debug, Clone)]
pub struct Process {
    /// The ASGI application, `module:attribute`, that the harness's own Python worker serves with an event loop for each
    /// case. The command is the worker's then.
    pub asgi: Option<String>,
    /// The interpreter of an ASGI application, where it is not to be looked for.
    pub python: Option<String>,
    /// The command line. `${steadfast}` is this program, `${port}` a free port, `${dir}` a folder of the round's own,
    /// `${admin_token}` a token made for the round, `${url.NAME}` and `${key.NAME}` a provider's.
    pub command: Vec<String>,
    /// Its folder: absolute, or a template. Where the harness runs, if there is none.
    pub directory: Option<String>,
    /// More environment, templates as in the command.
    pub env: BTreeMap<String, String>,
    /// Where it listens, `http://127.0.0.1:${port}` by default.
    pub base_url: String,
    /// The path that answers below 500 once it is ready.
    pub ready: String,
    /// How long it may take to be ready.
    pub ready_within: Duration,
    /// How long it may take to end after a polite request.
    pub stop_within: Duration,
}

/// What a reset can be told: what a case gives, and days relative to the case's now (or to the real one).
pub const RESET_NAMES: &[&str] = &[
    "limit",
    "used",
    "used_last_month",
    "now",
    "provider_timeout_ms",
    "unhealthy",
    "today",
    "month",
    "month_start",
    "last_month",
    "last_month_start",
];

/// How each case starts from the same state.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
pub enum Reset {
    /// A request. Its template may use the names of [`RESET_NAMES`].
    Http(Binding),
    /// Statements for its SQLite file, which may use these names too.
    Sql {
        /// The file, a template.
        file: String,
        /// The SQL statements, in order.
        statements: Vec<String>,
    },
    /// It is stopped and started again.
    Restart,
    /// Each case has learners of its own, and nothing else is reset.
    FreshLearner,
    /// Not at all.
    None,
}

/// A request and the fields of its answer.
#[derive(Debug, Clone)]
pub struct Binding {
    /// `GET`, `POST` …
    pub method: String,
    /// Path and query; `${x}` is percent-encoded, a query parameter whose `${x?}` is not given is left out.
    pub path: String,
    /// Headers, whose values are templates.
    pub headers: BTreeMap<String, String>,
    /// Whether the learner's token, the administrator's, or none goes along.
    pub auth: BindingAuth,
    /// The body: a text that is one `${x}` is replaced by the value itself, with its type; one that is one `${x?}` is
    /// left out with its key where `x` is not given.
    pub body: Option<Value>,
    /// The parts of an uploaded form, templates; instead of a body.
    pub form: Option<BTreeMap<String, Value>>,
    /// Where the answer's fields are.
    pub answer: BTreeMap<String, FieldPath>,
    /// The fields of the answer that are headers.
    pub answer_headers: BTreeMap<String, String>,
    /// How its stream reads.
    pub stream: Option<StreamBinding>,
}

/// Where a field of an answer is.
#[derive(Debug, Clone, Default)]
pub struct FieldPath {
    /// The places, the first one that holds something being it.
    pub paths: Vec<JsonPath>,
    /// What it is where none of them holds anything.
    pub default: Option<Value>,
}

impl FieldPath {
    /// The field's value in a body.
    pub fn find(&self, body: &Value) -> Option<Value> {
        let found = self.paths.iter().find_map(|path| path.query(body).first());
        found.or(self.default.as_ref()).cloned()
    }
}

/// Whose token goes along with a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingAuth {
    /// The token of the learner.
    Learner,
    /// The token of the administrator.
    Admin,
    /// No token at all.
    Nobody,
}

/// How a stream of server-sent events reads.
#[derive(Debug, Clone)]
pub struct StreamBinding {
    /// The event with a piece of text, and where the text is.
    pub delta: (String, JsonPath),
    /// The event after which the text starts anew, if there is one.
    pub restart: Option<String>,
    /// The event that ends the stream, with the fields of a plain answer.
    pub done: String,
    /// The event that reports a failure, if there is one.
    pub error: Option<String>,
}
