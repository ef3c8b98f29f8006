//! JUnit: written with the `junit-report` crate from cleaned strings, then completed by a pass over the XML.
//!
//! What comes out is valid by the schema of Jenkins' xunit plugin, which is the strictest reader: no `properties` and no
//! `file` in a test case. Rates therefore stand with the suite's properties and in the failure's text.

mod complete;
mod document;

pub use document::{JunitDetail, junit};
