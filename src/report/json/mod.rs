//! `report.json`, version 1: what other programs rely on. Its types are its own, so that nothing inside can change it by
//! the way. Fields may be added to version 1; what is there keeps its name and meaning.

mod format;
mod render;

pub use format::{
    GateWord, JsonBrief, JsonCase, JsonCause, JsonCoverage, JsonEarlier, JsonEvidence, JsonHistory, JsonHost,
    JsonKnown, JsonLeak, JsonNote, JsonQuarantine, JsonQuarantineEntry, JsonQuestion, JsonReport, JsonRole, JsonState,
    REPORT_VERSION,
};
pub use render::{json, json_report, json_schema};
