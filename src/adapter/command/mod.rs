//! Suites with any runner that can list and run tests by name.
//!
//! A profile, in YAML, says how cases are listed, how some of them are run in one process, and where their outcomes are
//! read; profiles of well-known runners are part of this program. `docs/suites.md` tells what a user sees of it.
//!
//! # Rationale
//!
//! An order is made of stretches, each run by one process. A runner that takes its cases as they are named gets a whole
//! order at once. One that runs them as it lists them, whatever the order of their names, gets an order in ascending
//! stretches: within each the order asked for is the order in which they run, and what was never run in that order is
//! never said to have been.

mod drivers;
mod error;
mod fields;
mod formats;
mod laid;
mod launch;
mod leave;
mod listing;
mod loaded;
mod look;
mod own;
mod plain;
mod process;
mod profile;
mod reported;
mod results;
mod round;
mod running;
mod shuffle;
mod spec;
mod stretch;
mod suite;
mod unreported;
mod watched;
mod world;

pub use error::CommandError;
pub use listing::ListedCase;
pub(super) use loaded::CommandSuite;
pub use look::{CommandLook, look_at_command};
pub use profile::{is_shipped_profile, shipped_profiles};
pub use spec::CommandSpec;
pub(super) use spec::Handed;
pub(super) use suite::CommandSubject;
