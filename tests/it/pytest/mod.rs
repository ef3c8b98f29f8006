//! Suites: those of `fixtures/suites/`, whose truth is known, run as a user runs them.

mod aftermath;
mod crashes;
mod dirty;
mod effort;
mod groups;
mod hostile;
pub mod kit;
mod leaks;
mod loops;
mod orders;
mod plugins;
mod providers;
mod since;
mod state;
mod surroundings;
mod verdicts;
mod walk;
mod whole;
mod why;
