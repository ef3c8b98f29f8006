//! Renders a judged record: for a terminal, for CI (JUnit, annotations), for programs (`report.json`), for
//! people (Markdown, HTML).
//!
//! Every format is a function of the record, its judgement and a small [`Context`]; none looks at the machine. What all
//! of them say is put into words once (`finding`, `summary`, `words`), so that no two can disagree.

mod advice;
mod annotations;
mod beside;
mod brief;
mod code_quality;
mod comment;
mod context;
mod error;
mod explain;
mod finding;
mod format;
mod html;
mod json;
mod junit;
mod lexicon;
mod markdown;
mod own_line;
mod quarantine;
mod question;
mod recipe;
mod role;
mod sarif;
mod state;
mod summary;
mod terminal;
mod text;
mod view;
mod weight;
mod words;

pub use annotations::github_annotations;
pub use code_quality::code_quality;
pub use comment::{Comment, comment};
pub use context::{Context, quote};
pub use error::ReportError;
pub use explain::Topic;
pub use format::{Format, FormatError, RenderOptions};
pub use html::html;
pub use json::{
    GateWord, JsonBrief, JsonCase, JsonCause, JsonCoverage, JsonEarlier, JsonEvidence, JsonHistory, JsonKnown,
    JsonLeak, JsonNote, JsonQuarantine, JsonQuarantineEntry, JsonReport, JsonRole, REPORT_VERSION, json, json_report,
    json_schema,
};
pub use junit::{JunitDetail, junit};
pub use lexicon::Word;
pub use markdown::markdown;
pub use recipe::{Recipe, recipe};
pub use sarif::sarif;
pub use terminal::{Style, terminal};
pub use text::visible;
pub use words::count;
