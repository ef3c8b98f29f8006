//! Makes subjects: things whose cases can be run in an order.
//!
//! Two kinds: scenarios against a tutoring system that is embedded, started as a process, or already running at a URL;
//! and pytest suites.

mod answer;
mod calls;
mod case_run;
mod check;
mod embedded;
mod kind;
mod output;
mod port;
mod process;
mod pytest;
mod python;
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

pub use kind::{LoadedSubject, SubjectCase, SubjectSpec, load_subject, subject_at_work};
pub use pytest::{Explain, PlainRun, PythonChoice, Start, SuiteLook, SuiteSpec, choose_python, plain_run};
pub use reach::Reach;
pub use sandbox::Sandbox;
pub use scenarios::{ScenarioSubject, load_scenarios};
pub use spec::{ScenarioSpec, SubjectProblem};
