//! The facts of a round as they travel, and what a coordinator believes of them.

use crate::engine::RoundUnit;
use crate::event::{Event, RoundEnd};
use crate::fleet::FleetError;
use crate::model::ContentHash;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};

/// How much fits into one message, in bytes: servers take 1 MiB unless they are told otherwise.
pub(super) const CHUNK: usize = 512 << 10;

/// The most that is unpacked of what was sent, in bytes.
const LONGEST: u64 = 1 << 30;

/// Something as it travels: compressed, with the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The bytes that travel.
    pub bytes: Vec<u8>,
    /// The digest of them.
    pub digest: ContentHash,
}

impl Packed {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = ContentHash::of([&bytes]);
        Self { bytes, digest }
    }
}

/// Packs one thing.
pub(super) fn pack(thing: &impl Serialize) -> Result<Packed, FleetError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, thing).map_err(|error| FleetError::Garbled(error.to_string()))?;
    encoder.finish().map(Packed::new).map_err(garbled)
}

/// Packs lines of text.
pub(super) fn pack_lines<'l>(lines: impl IntoIterator<Item = &'l str>) -> Result<Packed, FleetError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        encoder.write_all(line.as_bytes()).and_then(|()| encoder.write_all(b"\n")).map_err(garbled)?;
    }
    encoder.finish().map(Packed::new).map_err(garbled)
}

/// Unpacks one thing.
///
/// # Errors
/// If the bytes are not those that the digest names, or are no such thing.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8], digest: &ContentHash) -> Result<T, FleetError> {
    let text = unpacked(bytes, digest)?;
    serde_json::from_slice(&text).map_err(|error| FleetError::Garbled(error.to_string()))
}

/// Unpacks the facts of a round.
///
/// # Errors
/// If the bytes are not those that the digest names, or are no facts.
pub(super) fn facts(bytes: &[u8], digest: &ContentHash) -> Result<Vec<Event>, FleetError> {
    let text = unpacked(bytes, digest)?;
    let facts = serde_json::Deserializer::from_slice(&text).into_iter::<Event>();
    facts.collect::<Result<_, _>>().map_err(|error| FleetError::Garbled(error.to_string()))
}

fn unpacked(bytes: &[u8], digest: &ContentHash) -> Result<Vec<u8>, FleetError> {
    if ContentHash::of([bytes]) != *digest {
        return Err(FleetError::Garbled("its digest is not that of its bytes".to_owned()));
    }
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(LONGEST).read_to_end(&mut text).map_err(garbled)?;
    Ok(text)
}

fn garbled(error: io::Error) -> FleetError {
    FleetError::Garbled(error.to_string())
}

/// Says why these can't be the facts of this round, or that they can: they begin and end it, and speak of its cases only.
pub(super) fn objection(unit: &RoundUnit, facts: &[Event]) -> Option<String> {
    let is_of_unit = |fact: &Event| match fact {
        Event::RoundStarted { round, attempt, kind, seed, order, .. } => {
            *round == unit.round
                && *attempt >= unit.attempt
                && *kind == unit.kind
                && *seed == unit.seed
                && *order == unit.order
        }
        Event::TrialStarted { round, position, case } | Event::TrialFinished { round, position, case, .. } => {
            *round == unit.round && unit.order.get(position.index()) == Some(case)
        }
        Event::RoundFinished { round, .. } => *round == unit.round,
        Event::Noted(_) => true,
        Event::RunStarted(_)
        | Event::RunResumed
        | Event::HostSeen { .. }
        | Event::Forecast { .. }
        | Event::Diagnosed(_)
        | Event::RunFinished { .. } => false,
    };
    if let Some(wrong) = facts.iter().find(|fact| !is_of_unit(fact)) {
        let text = serde_json::to_string(wrong).unwrap_or_default();
        let short: String = text.chars().take(200).collect();
        return Some(format!("a fact is not of round {}: {short}", unit.round));
    }
    let begins = matches!(facts.first(), Some(Event::RoundStarted { .. }));
    let ends = facts.iter().rev().any(|fact| matches!(fact, Event::RoundFinished { end: RoundEnd::Completed, .. }));
    (!begins || !ends).then(|| format!("the facts of round {} do not begin and end it", unit.round))
}
