//! `quarantine.toml`: read, edited, and still readable.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use steadfast::history::QuarantineFile;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut file) = QuarantineFile::read(text) else { return };
    let entries = file.entries().to_vec();
    if let Some(first) = entries.first() {
        file.remove(&BTreeSet::from([first.case.clone()]));
        let again = QuarantineFile::read(file.text()).expect("what is left of a good file is good");
        assert_eq!(again.entries(), file.entries(), "what the file says and what is held agree");
        file.add(first.clone());
        let again = QuarantineFile::read(file.text()).expect("a good file with a good entry is good");
        assert_eq!(again.entries(), file.entries(), "what the file says and what is held agree");
    }
});
