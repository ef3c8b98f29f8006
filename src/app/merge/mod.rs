//! `steadfast merge DIR…`: the journals of shards become one run, which is diagnosed and judged as any other.

mod fold;
mod journals;
mod same;
mod spool;

pub use fold::{MergeOptions, Missing, merge};
