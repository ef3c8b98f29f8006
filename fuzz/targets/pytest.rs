//! What the plugin within pytest says: anything, once a suite has got hold of its pipe.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| steadfast::adapter::fuzz_message(bytes));
