//! Feeds bytes to the reader of repro files.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use steadfast::diagnose::ReproFile;

fuzz_target!(|bytes: &[u8]| {
    let path = folder::with_file("repro.json", bytes).join("repro.json");
    if let Ok(repro) = ReproFile::read(&path) {
        let name = repro.file_name();
        assert!(name.len() < 100 && !name.contains(['/', '\0']), "a name for a file");
    }
});
