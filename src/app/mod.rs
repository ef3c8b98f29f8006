//! The use cases, composed of all below: run, resume, repro, check, list, report, serve.

mod diagnose;
mod error;
mod files;
mod inspect;
mod minimise_again;
mod options;
mod probe;
mod reports;
mod repro;
mod resume;
mod run;
mod serve;
mod session;
mod suite_check;
mod suspects;
mod worker;

pub use error::AppError;
pub use inspect::{Listed, check, list, list_suite};
pub use minimise_again::{MinimiseLimits, minimise_again};
pub use options::{AloneRounds, RunOptions, SuiteOptions, ToolInfo};
pub use reports::{Rendered, render, run_folder};
pub use repro::{Expected, ReproFile, ReproOutcome, repro};
pub use resume::resume;
pub use run::{Finished, run};
pub use serve::{TutorSettings, serve_providers, serve_tutor};
pub use session::Watcher;
pub use worker::worker;
