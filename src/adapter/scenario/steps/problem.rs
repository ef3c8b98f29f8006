//! What can be wrong with a step.

use crate::model::Place;
use std::time::Duration;

/// What is wrong with a step.
#[derive(Debug)]
pub(in crate::adapter) struct Problem {
    pub place: Place,
    pub text: String,
    /// The step could not be made at all.
    pub errored: bool,
    pub timed_out: bool,
}

impl Problem {
    pub(super) fn failed(place: &Place, text: impl Into<String>) -> Self {
        Self { place: place.clone(), text: text.into(), errored: false, timed_out: false }
    }

    pub(super) fn errored(place: &Place, text: impl Into<String>) -> Self {
        Self { errored: true, ..Self::failed(place, text) }
    }

    pub fn timed_out(place: Place, deadline: Duration) -> Self {
        let text = format!("the case did not end within {deadline:?}");
        Self { place, text, errored: false, timed_out: true }
    }
}
