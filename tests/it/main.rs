//! The integration tests, as one program.

mod cli;
mod defects;
mod hostile_files;
mod minimise;
mod plan;
mod provider;
mod report;
mod samples;
mod scenario;
mod tutor;
