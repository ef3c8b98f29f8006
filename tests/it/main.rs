//! The integration tests, as one program.

mod cli;
mod defects;
mod history;
mod minimise;
mod plan;
mod provider;
mod python;
mod quarantine;
mod report;
mod samples;
mod scenario;
mod selfcheck;
mod tutor;
