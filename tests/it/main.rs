//! The integration tests, as one program.

mod cli;
mod plan;
mod provider;
mod report;
mod scenario;
mod tutor;
