//! Every format, rendered from the facts of synthetic runs.

mod json;
mod junit;
mod markdown;
mod sample;
mod terminal;
