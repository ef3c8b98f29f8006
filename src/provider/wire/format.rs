//! What a wire format must say of itself.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Auth, Sent};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::told::Told;
use serde_json::{Value, json};
use std::time::Duration;

/// What a model is asked where nothing but the form of its answer matters.
pub(crate) const QUESTION: &str = "Say hello.";

/// How many tokens the answer to it may have.
pub(crate) const SHORT: u32 = 16;

/// A provider's wire format: everything by which its API differs from another's.
pub(crate) trait Format: Sync {
    /// Its endpoints, and which of them ask a model.
    fn routes(&self) -> &'static [Route];

    /// The variables by which programs are told of it.
    fn environment(&self) -> Environment;

    /// Whether the provider runs beside the system and not in a cloud: its mock plays its health and its models.
    fn is_local(&self) -> bool {
        false
    }

    /// What has to be installed before it can be asked for.
    fn stock(&self) -> Stock {
        Stock::Models
    }

    /// The key that a request's head carries; `None` if it carries none.
    fn key<'a>(&self, sent: &Sent<'a>) -> Option<&'a str> {
        sent.bearer()
    }

    /// The parameter of the URL in which a key may stand instead.
    fn key_parameter(&self) -> Option<&'static str> {
        None
    }

    /// The headers that carry a key, and those that go with them.
    fn credentials(&self, key: &str) -> Vec<(&'static str, String)> {
        vec![("authorization", format!("Bearer {key}"))]
    }

    /// A short question to a model, as clients put it: path and body.
    fn question(&self, model: &str, stream: bool) -> (String, Value) {
        let messages = json!([{"role": "user", "content": QUESTION}]);
        let body = json!({"model": model, "messages": messages, "max_tokens": SHORT, "stream": stream});
        ("/v1/chat/completions".to_owned(), body)
    }

    /// Whether the provider asks for a key at all.
    fn needs_key(&self) -> bool {
        true
    }

    /// What it says to a request without a key, or with another one: status and message.
    fn wrong_key(&self, _auth: Auth) -> (u16, &'static str) {
        (401, "Unauthorized")
    }

    /// Reads the body of a request. What could be read is there even if the request is refused: then there is a page.
    fn read(&self, sent: &Sent<'_>, endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>);

    /// A model's answer, as a whole or as a stream, as the request asks.
    fn reply(&self, answering: &Answering<'_>) -> Page;

    /// An answer in the right shape, in which the text is null.
    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value;

    /// The word for the end of an answer; `None` if answers of this provider don't end so.
    fn finish_word(&self, finish: Finish) -> Option<&'static str>;

    /// What the provider answers without a script; `None` if it has no such endpoint.
    fn builtin(&self, endpoint: &Endpoint, ask: &Ask, installed: &Installed<'_>, stamp: &Stamp) -> Option<Page>;

    /// The answer to a request for a model that is not installed, where models have to be.
    fn lacks_model(&self, _ask: &Ask, _installed: &Installed<'_>, _stamp: &Stamp) -> Option<Page> {
        None
    }

    /// From which wait on the connection is kept alive with blank lines and comments; `None` if it never is.
    fn keeps_alive_from(&self) -> Option<Duration> {
        None
    }

    /// The error that the provider documents for a failure.
    fn documented(&self, kind: FailureKind) -> Option<Known>;

    /// The body of an error.
    fn error(&self, said: &Said<'_>, stamp: &Stamp) -> Value;

    /// The page that an error's body stands on.
    fn page(&self, status: u16, body: &Value) -> Page {
        Page::json(status, body)
    }

    /// The body of a documented failure, where it has a shape of its own.
    fn failure(&self, _kind: FailureKind, said: &Said<'_>, stamp: &Stamp) -> Value {
        self.error(said, stamp)
    }

    /// The failure as it stands inside a stream that had begun.
    fn failure_in_stream(&self, said: &Said<'_>, stamp: &Stamp) -> Value {
        self.error(said, stamp)
    }

    /// The kind and the code of an error that has a message of ours, by its status.
    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>);

    /// What a document of an answer says.
    fn told(&self, document: &Value) -> Told;

    /// Adds the headers by which the provider names its answers.
    fn sign(&self, page: Page, _stamp: &Stamp) -> Page {
        page
    }

    /// After which time a rate limit says to come again.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Adds the headers of a rate limit that was reached.
    fn rate_limited(&self, page: Page, _wait: Duration, _stamp: &Stamp) -> Page {
        page
    }
}

/// What a local provider has installed in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    /// Models that answer.
    Models,
    /// Voices that speak.
    Voices,
}

/// The variables that tell a program of a provider; absent ones are read by none of its clients.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Environment {
    /// The variable with the base URL, and what stands behind the mock's own URL in it.
    pub(crate) base_url: Option<(&'static str, &'static str)>,
    /// The variable with the key.
    pub(crate) key: Option<&'static str>,
    /// Where the real provider is.
    pub(crate) home: Option<&'static str>,
}

/// What the formats need to write an answer.
pub(crate) struct Answering<'a> {
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) ask: &'a Ask,
    pub(crate) stamp: &'a Stamp,
    pub(crate) model: &'a str,
    pub(crate) finish: Finish,
    /// Tokens of prompt and answer.
    pub(crate) tokens: Option<(u64, u64)>,
    /// Seconds of audio in the request, as the answer tells them.
    pub(crate) audio_seconds: Option<u64>,
    /// The language that the answer tells.
    pub(crate) language: Option<&'a str>,
    /// The answer's text, in chunks; the mark is at its end.
    pub(crate) chunks: Vec<String>,
    /// The failure after the chunks, in the shape that it has inside a stream.
    pub(crate) then: Option<Value>,
}

impl Answering<'_> {
    /// The whole text.
    pub(crate) fn text(&self) -> String {
        self.chunks.concat()
    }
}

/// One documented error: its status, the word for its kind, its code, its message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: &'static str,
}

/// Documents an error.
pub(crate) const fn known(
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: &'static str,
) -> Option<Known> {
    Some(Known { status, kind, code, message })
}

/// An error that is about to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) status: u16,
    pub(crate) kind: &'a str,
    pub(crate) code: Option<&'a str>,
    pub(crate) message: &'a str,
}
