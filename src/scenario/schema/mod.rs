//! JSON Schemas (draft 2020-12) of scenario and system files, for editors and other programs.
//!
//! They are made from the tables that the loader goes by, so that a key which one of them knows the other knows too.
//! The loader says more: it knows the providers of the system, what was captured, and what a matrix expands to.

mod expect;
mod parts;
mod providers;
mod scenario;
mod step;
mod system;

pub use scenario::schema;
pub use system::system_schema;
