//! Makes subjects: things whose cases can be run in an order.
//!
//! Three kinds: scenarios against a tutoring system that is embedded, started as a process, or already running at a URL;
//! pytest suites; and suites with any runner that can list and run cases by name.

mod choice;
mod command;
mod detect;
mod kinds;
mod leave;
mod named;
mod portable;
mod problem;
mod pytest;
mod scenario;
mod shared;
mod spec;
mod subject;
mod system;

pub use choice::{CommandOptions, PytestOptions, SuiteOptions, scenario_spec, suite_spec};
pub use command::{CommandLook, CommandSpec, ListedCase, is_shipped_profile, shipped_profiles};
pub use detect::{FoundSuite, found_suites, the_suite};
pub use kinds::{load_subject, subject_at_work};
pub use leave::Leave;
pub use named::{NamedSuite, SuiteChoice, SuiteNameError};
pub use problem::{SubjectProblem, SuiteProblem};
#[cfg(fuzzing)]
pub use pytest::fuzz_message;
pub use pytest::{
    KnownTest, PlainRun, ProvidersAround, PytestLook, PytestSpec, Start, TestPathProblem, plain_run, tests_named,
};
pub use scenario::live::LiveSpec;
pub use scenario::spec::ScenarioSpec;
pub use scenario::steps::Tried;
pub use scenario::subject::{ScenarioSubject, load_scenarios};
pub use scenario::trial_run::{SystemLook, try_system};
pub use shared::python::{Installed, PythonChoice, choose_python};
pub use shared::reach::Reach;
pub use shared::sandbox::Sandbox;
pub use shared::tree::Files;
pub use spec::{DEFAULT_SYSTEM, PURSE, SubjectSpec, Workplace};
pub use subject::{AskedOfRunner, Explain, LeakSearch, LoadedSubject, OwnLine, Plain, RunnerAlone};
