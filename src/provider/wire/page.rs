//! An answer's content, before it is decided how it goes over the wire.

use crate::provider::mark::Mark;
use jiff::Timestamp;
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Where the body may be cut for pacing: the lengths of its pieces. Empty for a body that is one piece.
    pub(crate) pieces: Vec<u32>,
    /// Whether it is a stream, which has no Content-Length.
    pub(crate) stream: bool,
    /// The mark that it carries.
    pub(crate) mark: Option<Mark>,
    /// Where the piece that is being written began.
    begun: usize,
}

impl Page {
    /// A JSON document.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::text(status, value.to_string()).of_type("application/json")
    }

    /// A plain text.
    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8".into(), body: body.into(), ..Self::default() }
    }

    /// The beginning of a stream.
    pub(crate) fn stream(content_type: &str) -> Self {
        Self { status: 200, content_type: content_type.into(), stream: true, ..Self::default() }
    }

    /// The same with another content type.
    pub(crate) fn of_type(self, content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), ..self }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds an unnamed frame of an event stream to the piece that is being written.
    pub(crate) fn data(&mut self, value: &Value) {
        self.body.extend_from_slice(format!("data: {value}\n\n").as_bytes());
    }

    /// Adds a named frame of an event stream.
    pub(crate) fn event(&mut self, name: &str, value: &Value) {
        self.body.extend_from_slice(format!("event: {name}\ndata: {value}\n\n").as_bytes());
    }

    /// Adds a line of JSON.
    pub(crate) fn line(&mut self, value: &Value) {
        self.body.extend_from_slice(format!("{value}\n").as_bytes());
    }

    /// Ends a piece: what was written since the last one goes out together, and a pause may follow.
    pub(crate) fn end_piece(&mut self) {
        if let Ok(length @ 1..) = u32::try_from(self.body.len() - self.begun) {
            self.pieces.push(length);
        }
        self.begun = self.body.len();
    }
}

/// What makes one answer differ from the next: its mark, its ids, its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) mark: Mark,
    pub(crate) now: Timestamp,
}

impl Stamp {
    /// An id in a provider's manner.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}01{}sf", self.mark.as_str())
    }
}
