//! The integration tests, as one program.

mod provider;
mod report;
