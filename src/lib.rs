//! Steadfast answers one question with evidence: *will this ever fail by chance?*
//!
//! It loads cases (declarative scenarios, or the tests of a suite), runs them in shuffled orders and repeated
//! rounds, and names every case that is broken, intermittent, order-dependent or leaking, with the smallest
//! order that shows it. `docs/architecture.md` tells how the parts fit; the modules below stand in the order
//! of its layers, lowest first, and a module names modules of lower layers only.

pub mod disk;
pub mod model;
pub mod platform;

pub mod leak;
pub mod plan;
pub mod provider;
pub mod tutor;

pub mod event;
pub mod minimise;
pub mod scenario;

pub mod engine;
pub mod record;

pub mod adapter;
pub mod verdict;

pub mod history;
pub mod report;

pub mod diagnose;
pub mod fleet;

pub mod app;

pub mod cli;

#[cfg(test)]
mod properties;
