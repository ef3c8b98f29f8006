//! `report.json`, version 1: what other programs rely on. Its types are its own, so that nothing inside can change it by
//! the way. Fields may be added to version 1; what is there keeps its name and meaning.

mod case;
mod format;
mod render;

pub use case::{JsonBrief, JsonCase, JsonKnown, JsonLeak, JsonRole, JsonState};
pub use format::{
    GateWord, JsonCause, JsonCoverage, JsonEarlier, JsonEvidence, JsonHistory, JsonHost, JsonNote, JsonQuarantine,
    JsonQuarantineEntry, JsonQuestion, JsonReport, REPORT_VERSION,
};
pub use render::{json, json_report, json_schema};
