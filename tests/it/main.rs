//! The integration tests, as one program.

mod cli;
mod defects;
mod minimise;
mod plan;
mod provider;
mod pytest;
mod report;
mod samples;
mod scenario;
mod tutor;
