//! What all shards of a run share: a plan that each of them knows, and a name.

use crate::adapter::LoadedSubject;
use crate::app::plans::Plans;
use crate::app::{AppError, RunOptions};
use crate::model::ContentHash;

/// Refuses a plan that rounds are added to while there is time: every shard must know the whole of it.
///
/// # Errors
/// If it is one.
pub(super) fn refuse_clock(plans: &Plans) -> Result<(), AppError> {
    if plans.extendable().is_none() {
        return Ok(());
    }
    let text = "a shard needs a plan that depends on no clock, so that all shards know the whole of it: add --rounds N, the \
                number of rounds of all shards together";
    Err(AppError::Usage(text.to_owned()))
}

/// A short name for what all shards of a run share.
pub(super) fn key(options: &RunOptions, subject: &dyn LoadedSubject, plans: &Plans) -> String {
    let parts = [subject.hash().to_string(), plans.hash().to_string(), options.seed.to_string()];
    ContentHash::of(parts).short().to_owned()
}
