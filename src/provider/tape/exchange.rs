//! A recorded exchange, as it stands in a line of a tape.

use crate::provider::name::ProviderName;
use crate::provider::tape::bytes::Bytes;
use crate::provider::wire::table::Wire;
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const TAPE_VERSION: u32 = 1;

/// A request and what became of it. `docs/schema/tape.schema.json` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The version of the format: 1.
    pub version: u32,
    /// The provider's name.
    pub provider: ProviderName,
    /// What it speaks.
    pub wire: Wire,
    /// What was asked.
    pub request: Request,
    /// What was answered; absent if not even a status line came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// How the exchange ended.
    pub ended: End,
}

/// A recorded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The request's method.
    pub method: String,
    /// Path and query; a key in it is masked.
    pub target: String,
    /// Name and value of each header, by name; what could be a secret is masked.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: Bytes,
}

/// A recorded answer. Times are in microseconds since the request was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Name and value of each header, without those of the connection and the date.
    pub headers: Vec<(String, String)>,
    /// The length that the head promised; without one, the body came in chunks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// When the head went out.
    pub at_us: u64,
    /// The pieces of the body, as they went out.
    pub chunks: Vec<Chunk>,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// When it went out.
    pub at_us: u64,
    /// What it held.
    #[serde(flatten)]
    pub bytes: Bytes,
    /// The length that was promised, where less went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<u64>,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The whole answer went out.
    Completed,
    /// The connection was closed before the answer was whole.
    Cut,
    /// The connection was reset.
    Reset,
    /// The client hung up.
    ClientGone,
    /// Nothing was answered until the case was over.
    Hung,
}

impl Answer {
    /// The whole body, as far as it went out.
    pub fn body(&self) -> Vec<u8> {
        self.chunks.iter().flat_map(|chunk| chunk.bytes.0.iter().copied()).collect()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
