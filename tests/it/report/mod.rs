//! Every format, rendered from the facts of synthetic runs.

mod sample;
mod terminal;
