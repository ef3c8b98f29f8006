//! What a journal says, folded: rounds with the outcome of each trial, cases with their failures.

mod fold;
mod record;

pub use fold::{Fold, FoldError, read};
pub use record::{FAILURES_KEPT, FailureSeen, Record, RoundRecord, Slot, is_failure};
