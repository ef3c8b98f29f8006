//! The way in for the fuzzer, built with `--cfg fuzzing` only: a request's bytes, through reading and answering.

use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::provider::mark::Mark;
use crate::provider::script::reply::{Finish, Reply, Usage};
use crate::provider::wire::ask::{Ask, Sent};
use crate::provider::wire::endpoint::Endpoint;
use crate::provider::wire::format::Format;
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::Stamp;
use crate::provider::wire::reading::check_key;
use crate::provider::wire::reply::reply;
use crate::provider::wire::table::Wire;
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

/// Reads `body` as a request to `path`, as each provider would, and answers it.
pub fn fuzz_request(path: &str, key: &[u8], body: &[u8]) {
    let trial = TrialKey { round: RoundId(0), position: Position(0) };
    let stamp = Stamp { mark: Mark::of(Seed::new(1), trial, 0), now: Timestamp::UNIX_EPOCH };
    let mut headers = HeaderMap::new();
    headers.insert("anthropic-version", HeaderValue::from_static("2023-06-01"));
    if let Ok(value) = HeaderValue::from_bytes(key) {
        headers.insert("authorization", value);
    }
    for wire in Wire::ALL {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let sent = Sent { query, headers: &headers, body };
        let format = wire.format();
        let _ = check_key(format, Some("key"), &sent);
        let endpoint = wire.endpoint(&Method::POST, path);
        let (ask, refusal) = format.read(&sent, &endpoint, &stamp);
        if refusal.is_none() {
            answer(format, &endpoint, &ask, &stamp);
        }
    }
}

fn answer(format: &dyn Format, endpoint: &Endpoint, ask: &Ask, stamp: &Stamp) {
    let given = Reply {
        chunks: vec!["Bonjour ".to_owned(), ask.system.clone()],
        as_given: false,
        usage: Usage::Counted,
        finish: Finish::Stop,
        model: None,
        language: None,
        then: None,
    };
    let page = match format.builtin(endpoint, ask, &Installed(&["phi:7b".to_owned()]), stamp) {
        Some(page) => page,
        None => reply(format, endpoint, ask, &given, stamp),
    };
    let whole: u64 = page.pieces.iter().map(|length| u64::from(*length)).sum();
    assert!(whole <= page.body.len() as u64, "pieces are pieces of the body");
}
