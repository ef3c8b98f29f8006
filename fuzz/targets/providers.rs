//! Files that say what the mock providers do.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use steadfast::scenario::load_providers;

fuzz_target!(|bytes: &[u8]| {
    let root = folder::with_file("providers.yaml", bytes);
    if let Err(problems) = load_providers(Path::new("providers.yaml"), &root) {
        assert!(problems.to_string().len() < 4 << 20, "what is said of a file is bounded");
    }
});
