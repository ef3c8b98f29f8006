//! Requests to the mock providers: path, key, and body, a line each.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let (Some(path), Some(key), Some(body)) = (parts.next(), parts.next(), parts.next()) else { return };
    if let Ok(path) = std::str::from_utf8(path) {
        steadfast::provider::fuzz_request(path, key, body);
    }
});
