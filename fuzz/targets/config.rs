//! `steadfast.toml`, with its profiles.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let root = folder::with_file("steadfast.toml", bytes);
    steadfast::cli::fuzz_config(&root);
});
