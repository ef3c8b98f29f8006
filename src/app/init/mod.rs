//! `steadfast init`: what a project needs to begin, written once and never over anything.

mod toolchain;
mod write;

pub use write::{CiService, Initialised, Written, init};
