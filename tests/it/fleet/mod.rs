//! Runs whose rounds are played by workers: what a fleet comes to is what one run comes to, whatever fails meanwhile.

mod failures;
mod kit;
mod metrics;
mod refusals;
mod same;
mod security;
