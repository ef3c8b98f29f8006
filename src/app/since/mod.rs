//! `--since REV`: the cases that a change touches get more rounds than the others.

mod imports;
mod touched;

pub(super) use touched::{Since, since};
