//! Every format, rendered from the facts of synthetic runs.

mod junit;
mod sample;
mod terminal;
