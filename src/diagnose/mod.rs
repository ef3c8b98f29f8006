//! From suspects to conclusions, and who leaks: what is asked of a subject once its planned rounds have run.
//!
//! Suspects that fail alike are one cluster: its first one is minimised, each other one is verified with what was found.
//! `docs/minimising.md` tells how an order is shrunk, `docs/leaks.md` how leaks are looked for. Rounds are run through
//! [`crate::engine::Rounds`], facts are told to a [`RunLog`]: this module knows no transport and no terminal.

mod agreement;
mod by_itself;
mod conclude;
mod error;
mod examine;
mod explain;
mod leaks;
mod marking;
mod outside;
mod parallel;
mod probe;
mod repro;
mod search;
mod setting;
#[cfg(test)]
mod simulated;
mod suite_details;
mod suspects;

pub use agreement::compare_with_own_runner;
pub use error::DiagnoseError;
pub use examine::{diagnose, diagnose_again};
pub use leaks::{accounts_for_resources, look_for_leaks};
pub use parallel::play_in_parallel;
pub use repro::{Expected, ReproError, ReproFile};
pub use setting::{Deadlines, RunLog, Setting};
