//! A run's journal: read, judged and told in every format.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use steadfast::event::JournalReader;
use steadfast::report::{Context, Format};
use steadfast::{record, verdict};

fuzz_target!(|bytes: &[u8]| {
    let path = folder::with_file("events.jsonl", bytes).join("events.jsonl");
    if let Ok(reader) = JournalReader::open(&path) {
        let facts = reader.take(bytes.len() + 2).count();
        assert!(facts <= bytes.len() + 1, "a reader ends");
    }
    let Ok(record) = record::read(&path) else { return };
    let judgement = verdict::judge(&record);
    let context = Context::new("steadfast", "reports/runs/x");
    for format in [Format::Json, Format::Junit, Format::Markdown, Format::Html] {
        format.render(&record, &judgement, &context).expect("what was judged can be told");
    }
});
