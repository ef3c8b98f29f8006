//! Scenarios, played against a system: the steps of a case, the truth of its answers, and the calls that it made.

pub(super) mod answer;
mod answers;
pub(super) mod calls;
mod carried;
pub(super) mod case_run;
mod leave;
pub(super) mod live;
pub(super) mod loaded;
pub(super) mod matching;
mod needs;
pub(super) mod spec;
pub(super) mod steps;
pub(super) mod stream;
pub(super) mod subject;
pub(super) mod transport;
pub(super) mod trial_run;
pub(super) mod truth;
