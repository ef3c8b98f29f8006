//! pytest suites: collected once, each round played in a fork of the process that collected them.
//!
//! The suite's own Python runs `steadfast_pytest`, a pytest plugin that this program carries. It is written to a scratch
//! folder and named by `-p` and `PYTHONPATH`; nothing is installed and nothing is written into the suite's
//! folder. `docs/suites.md` tells what a user sees of it.

mod accounts;
mod error;
mod gate;
mod holdings;
mod launch;
mod leave;
mod loaded;
mod look;
mod message;
mod naming;
mod own_runner;
mod paths;
mod plain;
mod round;
mod server;
mod spec;
mod suite;
mod tree;

pub use error::PytestError;
pub use look::{PytestLook, look};
#[cfg(fuzzing)]
pub use message::fuzz_message;
pub use paths::{TestPathProblem, tests_named};
pub use plain::{PlainRun, plain_run};

pub use crate::adapter::shared::kept::KeptTree;
pub(super) use loaded::PytestSuite;
pub use spec::{KnownTest, ProvidersAround, PytestSpec, Start};
pub(super) use suite::PytestSubject;
