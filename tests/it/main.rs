//! The integration tests, as one program.

mod cli;
mod defects;
mod minimise;
mod plan;
mod provider;
mod report;
mod samples;
mod scenario;
mod selfcheck;
mod tutor;
