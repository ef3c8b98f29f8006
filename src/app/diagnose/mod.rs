//! From suspects to conclusions. Suspects that fail alike are one cluster: its first one is minimised, each other one
//! is verified with what was found. `docs/minimising.md` tells how an order is shrunk.

mod conclude;
mod doctor;
mod explain;

pub(super) use doctor::{diagnose, diagnose_again};
