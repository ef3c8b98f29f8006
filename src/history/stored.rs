//! A run as it stands in a file of its own: JSON, compressed.

use crate::history::entry::{CaseEntry, Failed, RunEntry, verdict};
use crate::model::statistics::Tally;
use crate::model::{ContentHash, FindingKind, Seed};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// The version of the files. Fields may be added within it; readers ignore those that they don't know.
pub(super) const VERSION: u32 = 1;

/// The most that an unpacked file has, in bytes.
const LARGEST: u64 = 512 << 20;

/// Why a file of a run can't be read.
#[derive(Debug)]
pub(super) enum StoredError {
    /// A newer program wrote it, in this version.
    Newer(u32),
    /// It is not what this program writes.
    Unreadable(serde_json::Error),
}

/// A run as it is written.
#[derive(Serialize, Deserialize)]
struct StoredRun {
    version: u32,
    run: String,
    started: Timestamp,
    suite: String,
    subject: ContentHash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conditions: Option<ContentHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    seed: Seed,
    gate: String,
    millis: u64,
    rate: Tally,
    /// The seeds of its shuffled rounds, and whether something failed in them.
    rounds: BTreeMap<String, bool>,
    cases: Vec<StoredCase>,
}

/// A case of it.
#[derive(Serialize, Deserialize)]
struct StoredCase {
    id: String,
    hash: String,
    verdict: String,
    rate: Tally,
    shuffled: Tally,
    mean_us: u64,
    slowest_us: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<(String, Option<String>)>,
}

/// Any version of a file.
#[derive(Deserialize)]
struct AnyVersion {
    version: u32,
}

/// The bytes of a file. The same run gives the same bytes.
pub(super) fn packed(entry: &RunEntry) -> io::Result<Vec<u8>> {
    let case = |case: &CaseEntry| StoredCase {
        id: case.id.clone(),
        hash: case.hash.clone(),
        verdict: case.verdict.as_str().to_owned(),
        rate: case.rate,
        shuffled: case.shuffled,
        mean_us: case.mean_us,
        slowest_us: case.slowest_us,
        findings: case.findings.iter().map(|(kind, way)| (kind.as_str().to_owned(), way.clone())).collect(),
    };
    let stored = StoredRun {
        version: VERSION,
        run: entry.run.clone(),
        started: entry.started,
        suite: entry.suite.clone(),
        subject: entry.subject.clone(),
        conditions: entry.conditions.clone(),
        commit: entry.commit.clone(),
        branch: entry.branch.clone(),
        seed: entry.seed,
        gate: entry.gate.clone(),
        millis: entry.millis,
        rate: entry.rate,
        rounds: entry.rounds.iter().map(|(seed, failed)| (seed.clone(), *failed == Failed::Yes)).collect(),
        cases: entry.cases.iter().map(case).collect(),
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&serde_json::to_vec(&stored)?)?;
    packer.finish()
}

/// The run of a file.
pub(super) fn unpacked(bytes: &[u8]) -> Result<RunEntry, StoredError> {
    let mut text = Vec::new();
    GzDecoder::new(bytes)
        .take(LARGEST)
        .read_to_end(&mut text)
        .map_err(|error| StoredError::Unreadable(serde_json::Error::io(error)))?;
    let AnyVersion { version } = serde_json::from_slice(&text).map_err(StoredError::Unreadable)?;
    if version > VERSION {
        return Err(StoredError::Newer(version));
    }
    let stored: StoredRun = serde_json::from_slice(&text).map_err(StoredError::Unreadable)?;
    let case = |case: StoredCase| CaseEntry {
        id: case.id,
        hash: case.hash,
        verdict: verdict(&case.verdict),
        rate: case.rate,
        shuffled: case.shuffled,
        mean_us: case.mean_us,
        slowest_us: case.slowest_us,
        findings: case
            .findings
            .into_iter()
            .filter_map(|(word, way)| Some((FindingKind::from_word(&word)?, way)))
            .collect(),
    };
    Ok(RunEntry {
        run: stored.run,
        started: stored.started,
        suite: stored.suite,
        subject: stored.subject,
        conditions: stored.conditions,
        commit: stored.commit,
        branch: stored.branch,
        seed: stored.seed,
        gate: stored.gate,
        millis: stored.millis,
        rate: stored.rate,
        rounds: stored
            .rounds
            .into_iter()
            .map(|(seed, failed)| (seed, if failed { Failed::Yes } else { Failed::No }))
            .collect(),
        cases: stored.cases.into_iter().map(case).collect(),
    })
}
