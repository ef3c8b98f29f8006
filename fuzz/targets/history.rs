//! The file that remembers runs: any bytes where a database is expected.
#![no_main]

mod folder;

use libfuzzer_sys::fuzz_target;
use steadfast::history::{History, HistoryPlace, trends_html, trends_text};

fuzz_target!(|bytes: &[u8]| {
    let path = folder::with_file("history.sqlite", bytes).join("history.sqlite");
    let _ = std::fs::remove_file(path.with_extension("sqlite-journal"));
    let Ok(history) = History::open_existing(&HistoryPlace::File(path)) else { return };
    let _ = history.snapshot("20260101-000000-000000");
    if let Ok(trends) = history.trends(None, None) {
        let _ = trends_text(&trends);
        let _ = trends_html(&trends);
    }
});
