//! Resource accounting: what a case leaves behind, and whether that grows.
//!
//! A [`Census`] lists what is held at one moment, each thing by an identity that is nobody else's. A [`Ledger`] enters
//! one census after each trial and so knows during which trial each thing appeared; at the end it tells what is still
//! there. [`growth`] decides from that whether a case leaks. [`observe`] takes a census of processes and folders.

mod allowance;
mod census;
mod growth;
mod ledger;
pub mod observe;

pub use allowance::{Allowed, allowed};
pub use census::{Census, Identity, Item, common_name};
pub use growth::{Growth, REPEATS, REPEATS_OF_MEMORY, growth};
pub use ledger::Ledger;
