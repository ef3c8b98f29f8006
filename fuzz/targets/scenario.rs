//! Scenario files: read into cases, or refused with problems that can be shown.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use steadfast::scenario::{System, load, load_system};

static EMBEDDED: LazyLock<System> =
    LazyLock::new(|| load_system("embedded", Path::new(".")).expect("the shipped system is good"));

fuzz_target!(|bytes: &[u8]| {
    let root = folder::with_file("scenarios/s.yaml", bytes);
    match load(&root, &[PathBuf::from("scenarios/s.yaml")], &EMBEDDED.providers) {
        Ok(loaded) => assert!(loaded.cases.len() <= 100_000, "the number of cases is bounded"),
        Err(problems) => assert!(problems.to_string().len() < 4 << 20, "what is said of a file is bounded"),
    }
});
