//! `steadfast why CASE`: one case that failed somewhere. What made it fail?
//!
//! The run is one like any other, with a journal and reports; its header holds the question. It tries the case alone, in
//! the order that was recorded, in the suite's own orders, after what each other case leaves, and right after each of
//! them, until the case has failed and passed. The diagnosis finds out what decides.

mod course;
mod names;
mod options;
mod recorded;
mod steps;

pub(super) use course::Inquiry;
pub use options::{ToldBy, WhyOptions};
pub(super) use steps::Asked;
