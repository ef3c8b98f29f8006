//! The vocabulary of the whole project: ids, seeds, clocks, outcomes, findings. No I/O.

mod aftermath;
mod case_id;
mod causes;
mod clock;
mod finding;
mod hash;
mod index;
mod loop_bound;
mod measured;
mod money;
mod outcome;
mod owners;
mod resource;
mod round;
mod seed;
mod state_mark;
pub mod statistics;
mod stress;

pub use aftermath::Aftermath;
pub use case_id::CaseId;
pub use causes::with_causes;
pub use clock::{Clock, SystemClock};
pub use finding::{FindingKind, GateDefault, Verdict};
pub use hash::ContentHash;
pub use index::{CaseIndex, Position};
pub use loop_bound::{LoopBound, Reuse};
pub use measured::Measured;
pub use money::{Money, MoneyError};
pub use outcome::{Failure, NOT_COLLECTED, Outcome, OutcomeKind, Place};
pub use owners::{OwnerLookup, Owners};
pub use resource::{AllowanceError, LEAK_KINDS, LeakAllowance, ResourceKind, Retained};
pub use round::{EventLoop, RoundId, RoundKind, TrialKey};
pub use seed::{Seed, SeedError};
pub use state_mark::{MarkKind, StateMark};
pub use stress::{Stress, UnknownStress};
