//! `steadfast init`: what a project needs to begin, written once and never over anything.

mod write;

pub use write::{CiService, Written, init};
