//! Every format, rendered from the facts of synthetic runs.

mod html;
mod json;
mod junit;
mod markdown;
mod sample;
mod terminal;
