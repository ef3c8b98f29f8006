//! Journals and repro files of any content: read or refused, never a panic and never a hang.

use proptest::prelude::*;
use regex::{Captures, Regex};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use steadfast::diagnose::ReproFile;
use steadfast::event::JournalReader;
use steadfast::model::RoundKind;
use steadfast::report::{Context, Format};
use steadfast::{record, verdict};
use tempfile::TempDir;

fn sample() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals/sample.jsonl");
    let text = std::fs::read_to_string(path).expect("the committed journal");
    // Its begin has every kind of fact but what is found in the end; all of it would make each try slow.
    let wanted =
        ["round_finished\":{\"round\":1,", "round_finished\":{\"round\":2,", "\"diagnosed\"", "\"run_finished\""];
    let rare = |line: &&str| wanted.iter().any(|kind| line.contains(kind));
    let lines = text.split_inclusive('\n');
    let chosen = lines.clone().take(60).chain(lines.skip(60).filter(rare)).collect::<String>();
    with_a_past(&chosen).into_bytes()
}

/// The same with all that a header can say of earlier runs.
fn with_a_past(journal: &str) -> String {
    let (header, rest) = journal.split_once('\n').expect("lines");
    let mut header: Value = serde_json::from_str(header).expect("JSON");
    let started = &mut header["event"]["run_started"];
    let case = started["cases"][0]["id"].clone();
    let day = "2026-07-01T00:00:00Z";
    started["background"]["past"] = json!({
        "runs": 2,
        "rounds": { "rate": { "failures": 0, "trials": 12 }, "runs": 2, "since": day, "until": day },
        "trials": { "0": { "failures": 0, "trials": 12 } },
        "known": [{ "case": 0, "kind": "broken", "run": "run", "since": day, "until": day, "runs": 1 }],
    });
    started["background"]["quarantine"] = json!({
        "file": "quarantine.toml",
        "today": "2026-07-02",
        "entries": [{ "case": case, "owner": "ana", "until": "2026-12-31", "seen": { "failures": 1, "trials": 3 }, "line": 1 }],
    });
    let text = format!("{header}\n{rest}");
    let (_folder, path) = kept(text.as_bytes());
    let record = record::read(&path).expect("a journal");
    assert!(record.rounds.iter().any(|round| round.kind == RoundKind::Shuffle && round.is_complete()));
    let background = &record.header.background;
    assert!(background.past.is_some() && background.quarantine.is_some(), "{background:?}");
    text
}

/// A journal in a folder of its own.
fn kept(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

static SAMPLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(sample);

/// Reads a journal to its end, and judges what it says if it says something.
fn read(bytes: &[u8]) {
    let (_folder, path) = kept(bytes);
    if let Ok(reader) = JournalReader::open(&path) {
        // An iterator that goes on after an error must still end.
        assert!(reader.take(10_000).count() < 10_000);
    }
    if let Ok(record) = record::read(&path) {
        let judgement = verdict::judge(&record);
        let context = Context::new("steadfast", "run");
        for format in Format::ALL {
            let _ = format.render(&record, &judgement, &context);
        }
    }
    let _ = ReproFile::read(&path);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..crate::properties::same_inputs() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes);
    }

    #[test]
    fn a_journal_with_changed_bytes_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = SAMPLE.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        read(&bytes);
    }

    #[test]
    fn lines_that_are_lost_doubled_or_swapped_are_read_or_refused(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..80),
    ) {
        let lines: Vec<&[u8]> = SAMPLE.split_inclusive(|byte| *byte == b'\n').collect();
        let picked = picks.iter().map(|pick| lines[pick.index(lines.len())]);
        let bytes: Vec<u8> = lines[..1].iter().copied().chain(picked).flatten().copied().collect();
        read(&bytes);
    }
}

/// Every number of the sample, replaced by each of those that a careless sum or index would not survive.
#[test]
fn a_journal_with_other_numbers_is_read_or_refused() {
    let text = String::from_utf8_lossy(&SAMPLE).into_owned();
    let starts = text.match_indices([':', '[', ',']).map(|(at, _)| at + 1);
    let places: Vec<usize> = starts.filter(|at| text.as_bytes()[*at].is_ascii_digit()).collect();
    assert!(places.len() > 300, "{} places", places.len());
    let numbers = ["0", "-1", "4294967295", "18446744073709551615", "18446744073709551616", "1e309", "null", "[]"];
    for (place, number) in places.iter().flat_map(|place| numbers.map(|number| (*place, number))) {
        let end = text[place..].find(|letter: char| !letter.is_ascii_digit()).map_or(text.len(), |end| place + end);
        read(format!("{}{number}{}", &text[..place], &text[end..]).as_bytes());
    }
}

/// As above, each key's numbers all at once: a sum of them is what one alone doesn't overflow.
#[test]
fn a_journal_whose_numbers_of_a_key_are_all_huge_is_read_or_refused() {
    let text = String::from_utf8_lossy(&SAMPLE).into_owned();
    let number = Regex::new(r#""([a-z_]+)":(\d+)"#).expect("a pattern");
    let keys: BTreeSet<&str> = number.captures_iter(&text).map(|found| found.extract::<2>().1[0]).collect();
    assert!(keys.len() > 15, "{keys:?}");
    for (key, huge) in keys.iter().flat_map(|key| ["4294967295", "18446744073709551615"].map(|huge| (*key, huge))) {
        let replaced =
            number.replace_all(
                &text,
                |found: &Captures| {
                    if &found[1] == key { format!("\"{key}\":{huge}") } else { found[0].to_owned() }
                },
            );
        read(replaced.as_bytes());
    }
}
