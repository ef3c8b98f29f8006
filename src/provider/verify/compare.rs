//! A real exchange and a mock's, side by side.

use crate::provider::tape::exchange::{Answer, Exchange};
use crate::provider::verify::shape::Shape;
use crate::provider::wire::format::Format;
use crate::provider::wire::parsed_answer::{Document, ParsedAnswer, parse_answer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Something in which a mock is not like the real provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What it is that differs.
    pub what: String,
    /// How it is at the real provider.
    pub real: String,
    /// How it is at the mock.
    pub mock: String,
}

/// Headers that clients read, apart from those of a rate limit.
const READ: &[&str] = &[
    "request-id",
    "x-request-id",
    "mistral-correlation-id",
    "x-ds-trace-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
];

/// What stands for a stream's own end.
const END: &str = "the stream's own end";

/// Compares two answers to one request.
pub(super) fn compare(real: &Exchange, mock: &Exchange) -> Vec<Difference> {
    let (Some(given), Some(mocked)) = (&real.answer, &mock.answer) else {
        let told = |exchange: &Exchange| if exchange.answer.is_some() { "an answer" } else { "none" }.to_owned();
        let same = real.answer.is_some() == mock.answer.is_some();
        let difference = Difference { what: "answer".into(), real: told(real), mock: told(mock) };
        return if same { Vec::new() } else { vec![difference] };
    };
    let mut found = Vec::new();
    let mut tell = |what: &str, real: String, mock: String| {
        if real != mock {
            found.push(Difference { what: what.to_owned(), real, mock });
        }
    };
    tell("status", given.status.to_string(), mocked.status.to_string());
    tell("content-type", media_type(given), media_type(mocked));
    for name in READ {
        let told = |answer: &Answer| if answer.header(name).is_some() { "there" } else { "not there" }.to_owned();
        tell(&format!("header {name}"), told(given), told(mocked));
    }
    if given.status != mocked.status {
        return found;
    }
    let format = real.wire.format();
    let heard =
        |answer: &Answer| parse_answer(format, answer.header("content-type").unwrap_or_default(), &answer.body());
    let (given, mocked) = (heard(given), heard(mocked));
    if given.documents.len() > 1 || mocked.documents.len() > 1 {
        tell("order of the stream", order(format, &given), order(format, &mocked));
        let (given, mocked) = (by_kind(format, &given), by_kind(format, &mocked));
        for (kind, documents) in &given {
            let Some(others) = mocked.get(kind) else { continue };
            found.extend(shapes(&format!("{kind}: "), documents, others));
        }
    } else {
        let values =
            |heard: &ParsedAnswer| heard.documents.iter().map(|document| document.value.clone()).collect::<Vec<_>>();
        found.extend(shapes("", &values(&given), &values(&mocked)));
    }
    found
}

fn shapes(before: &str, real: &[Value], mock: &[Value]) -> Vec<Difference> {
    let differences = Shape::of(real).differences(&Shape::of(mock));
    let tell = |(path, real, mock)| Difference { what: format!("{before}{path}"), real, mock };
    differences.into_iter().map(tell).collect()
}

fn media_type(answer: &Answer) -> String {
    let value = answer.header("content-type").unwrap_or("none");
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// What a document of a stream is: the name of its event, or what it tells.
fn kind(format: &dyn Format, document: &Document) -> String {
    if let Some(event) = &document.event {
        return event.clone();
    }
    let told = format.told(&document.value);
    let kind = match () {
        () if document.value.get("error").is_some() => "error",
        () if told.finish.is_some() => "finish",
        () if told.text.is_some_and(|text| !text.is_empty()) => "text",
        () if told.input.or(told.output).is_some() => "usage",
        () => "beginning",
    };
    kind.to_owned()
}

/// The kinds of a stream's documents in their order, each once in a row. A sign of life may stand anywhere.
fn order(format: &dyn Format, heard: &ParsedAnswer) -> String {
    let mut kinds: Vec<String> = heard.documents.iter().map(|document| kind(format, document)).collect();
    kinds.retain(|kind| kind != "ping");
    kinds.dedup();
    if heard.is_done {
        kinds.push(END.to_owned());
    }
    kinds.join(", ")
}

fn by_kind(format: &dyn Format, heard: &ParsedAnswer) -> BTreeMap<String, Vec<Value>> {
    let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for document in &heard.documents {
        kinds.entry(kind(format, document)).or_default().push(document.value.clone());
    }
    kinds
}
