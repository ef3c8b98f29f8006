//! Journals and repro files of any content: read or refused, never a panic and never a hang.

use proptest::prelude::*;
use std::path::Path;
use steadfast::app::ReproFile;
use steadfast::event::JournalReader;
use steadfast::{record, verdict};

fn sample() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals/sample.jsonl");
    let text = std::fs::read(path).expect("the committed journal");
    // Its begin has every kind of fact but the last ones; all of it would make each try slow.
    text.split_inclusive(|byte| *byte == b'\n').take(60).flatten().copied().collect()
}

static SAMPLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(sample);

/// Reads a journal to its end, and judges what it says if it says something.
fn read(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    std::fs::write(&path, bytes).expect("a file");
    if let Ok(reader) = JournalReader::open(&path) {
        // An iterator that goes on after an error must still end.
        assert!(reader.take(10_000).count() < 10_000);
    }
    if let Ok(record) = record::read(&path) {
        let _ = verdict::judge(&record);
    }
    let _ = ReproFile::read(&path);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

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
    fn a_journal_with_other_numbers_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        number in prop::sample::select(vec!["0", "-1", "4294967295", "18446744073709551616", "1e309", "null", "[]"]),
    ) {
        let text = String::from_utf8_lossy(&SAMPLE).into_owned();
        let places: Vec<usize> =
            text.match_indices(':').map(|(at, _)| at + 1).filter(|at| text.as_bytes()[*at].is_ascii_digit()).collect();
        let at = places[which.index(places.len())];
        let end = text[at..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |length| at + length);
        read(format!("{}{number}{}", &text[..at], &text[end..]).as_bytes());
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
