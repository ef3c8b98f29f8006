//! Makes subjects: things whose cases can be run in an order.
//!
//! Three kinds: scenarios against a tutoring system that is embedded, started as a process, or already running at a URL;
//! pytest suites; and suites with any runner that can list and run cases by name.

mod answer;
mod books;
mod calls;
mod case_run;
mod check;
mod command;
mod embedded;
mod event_loop;
mod kind;
mod mirror;
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
mod steps;
mod stream;
mod stress;
mod surroundings;
mod system_holdings;
mod template;
mod transport;
mod truth;

pub use command::{CommandLook, CommandSpec, runs_through};
pub use kind::{LoadedSubject, SubjectCase, SubjectSpec, load_subject, subject_at_work};
#[cfg(fuzzing)]
pub use pytest::fuzz_message;
pub use pytest::{
    Explain, KnownTest, PlainRun, ProvidersAround, PythonChoice, Start, SuiteLook, SuiteSpec, choose_python, plain_run,
};
pub use reach::Reach;
pub use sandbox::Sandbox;
pub use scenarios::{ScenarioSubject, load_scenarios};
pub use spec::{ScenarioSpec, SubjectProblem};
