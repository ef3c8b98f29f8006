//! pytest suites: collected once, each round played in a fork of the process that collected them.
//!
//! The suite's own Python runs `steadfast_pytest.py`, a pytest plugin that this program carries. It is written to a
//! scratch folder and named by `-p` and `PYTHONPATH`; nothing is installed and nothing is written into the suite's
//! folder. `docs/suites.md` tells what a user sees of it.

mod accounts;
mod gate;
mod holdings;
mod launch;
mod look;
mod message;
mod naming;
mod plain;
mod python;
mod round;
mod server;
mod spec;
mod suite;

pub use look::{SuiteLook, look};
#[cfg(fuzzing)]
pub use message::fuzz_message;
pub use plain::{PlainRun, plain_run};
pub use python::{PythonChoice, choose_python};
pub use spec::{Explain, KnownTest, ProvidersAround, Start, SuiteSpec};
pub(super) use suite::SuiteSubject;
