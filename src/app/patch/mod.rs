//! Patches that mend what was found: fixtures that put back what a polluter leaves, as unified diffs which nobody applies
//! but the user.

mod diff;
mod fixture;
mod write;

pub use write::{Patches, write_patches};
