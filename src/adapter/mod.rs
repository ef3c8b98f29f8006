//! Makes subjects: things whose cases can be run in an order.
//!
//! So far one: scenarios against a tutoring system that is embedded, started as a process, or already running at a URL.

mod answer;
mod calls;
mod case_run;
mod check;
mod embedded;
mod output;
mod process;
mod reach;
mod sandbox;
mod scenarios;
mod spec;
mod stage;
mod step_run;
mod stream;
mod stress;
mod template;
mod transport;
mod truth;

pub use reach::Reach;
pub use sandbox::Sandbox;
pub use scenarios::{ScenarioSubject, load_subject};
pub use spec::{ScenarioSpec, SubjectProblem};
