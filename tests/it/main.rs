//! The integration tests, as one program.

mod defects;
mod plan;
mod provider;
mod report;
mod scenario;
mod tutor;
