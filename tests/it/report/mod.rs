//! Every format, rendered from the facts of synthetic runs.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod agreement;
mod browser;
mod hosts;
mod html;
mod json;
mod junit;
mod markdown;
mod past;
pub mod sample;
mod terminal;
mod words;
