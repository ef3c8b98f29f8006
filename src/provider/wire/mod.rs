//! The wire formats: requests as providers read them, answers and errors as providers write them.
//!
//! Each format is one file, which implements [`format::Format`], and one line of [`table`]. Nothing outside this folder
//! tells one format from another: what differs between them is asked of the trait. `docs/architecture.md` shows what a
//! further format takes.

pub(crate) mod ask;
pub(crate) mod endpoint;
pub(crate) mod failing;
pub(crate) mod format;
pub(crate) mod installed;
pub(crate) mod multipart;
pub(crate) mod page;
pub(crate) mod parsed_answer;
pub(crate) mod reading;
pub(crate) mod reply;
pub(crate) mod table;
pub(crate) mod told;

mod anthropic;
mod completions;
mod deepseek;
#[cfg(fuzzing)]
pub(crate) mod fuzzed;
mod gemini;
mod mistral;
mod ollama;
mod openai;
mod piper;
pub(crate) mod transcriptions;
