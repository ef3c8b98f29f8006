//! System files: what starts, reaches, resets and reads a system.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use steadfast::scenario::load_system;

fuzz_target!(|bytes: &[u8]| {
    let root = folder::with_file("system.yaml", bytes);
    if let Err(problems) = load_system("system.yaml", &root) {
        assert!(problems.to_string().len() < 4 << 20, "what is said of a file is bounded");
    }
});
