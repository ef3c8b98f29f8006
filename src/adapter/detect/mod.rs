//! Which suites a project has, as its files show: `--suite auto`, and what is run where there are no scenarios.
//!
//! Files that only configure a runner count more than tests that several runners could run, so that `test_*.py` under a
//! `pytest.ini` is pytest's. Nothing is started to find out.

mod choose;
mod files;
mod found;
mod rules;

pub use choose::{found_suites, the_suite};
pub use found::FoundSuite;
