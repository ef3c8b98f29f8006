//! The integration tests, as one program.

mod minimise;
mod plan;
