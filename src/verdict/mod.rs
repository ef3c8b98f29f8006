//! Judges facts: a verdict for each case, a gate for the run, and how sure that is. A function of the record alone.

mod case_judgement;
mod cause;
mod claim;
mod coverage;
mod hosts;
mod judge;
mod judgement;
mod leaks;
mod loops;
mod orders;
mod quarantine;
mod question;
mod trials;

pub use case_judgement::{CaseJudgement, Order};
pub use cause::Cause;
pub use hosts::HostJudgement;
pub use judge::judge;
pub use judgement::{Evidence, Gate, Judgement};
pub use leaks::{Leak, LeakKind, growing_in_memory};
pub use quarantine::{EntryStatus, QuarantineJudgement};
pub use question::Tries;
