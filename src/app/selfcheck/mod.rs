//! Proof that every bug built into the reference tutor is found, for what it is, and that the healthy tutor is accused
//! of nothing: the shipped scenarios are run against the embedded tutor once healthy, then once per defect.
//!
//! What must be seen of each defect is declared beforehand ([`Expectation`]): which scenarios, what kind of finding,
//! what their failure says, which polluter. A finding anywhere else, or of another kind, is the wrong cause.

mod defect_runs;
mod expectation;
mod matrix;
mod options;
mod scenarios;
mod table;
mod weigh;

pub use defect_runs::{Progress, selfcheck};
pub use expectation::Expectation;
pub use matrix::{Healthy, Matrix, Row, Sentence};
pub use options::{ScenarioSource, SelfCheckOptions};
pub use scenarios::shipped_scenarios;
pub use table::expectation;
