//! The wire formats: requests as providers read them, answers and errors as providers write them.

mod anthropic;
mod ask;
mod builtin;
mod completions;
mod failure;
#[cfg(fuzzing)]
mod fuzzed;
mod ollama;
mod page;
mod reply;

pub use failure::supports;
#[cfg(fuzzing)]
pub use fuzzed::fuzz_request;

pub(crate) use ask::{Ask, Refusal, check_key, read};
pub(crate) use builtin::{Installed, builtin};
pub(crate) use failure::{failure, plain_error};
pub(crate) use page::{Page, Stamp};
pub(crate) use reply::{malformed, reply};
