//! What a journal says, folded: rounds with the outcome of each trial, cases with their failures.

mod fold;
mod folded;

pub use fold::{Contradiction, Fold, FoldError, read};
pub use folded::{FAILURES_KEPT, FailureSeen, OutputSeen, Record, RoundRecord, Slot, is_failure};
