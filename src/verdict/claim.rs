//! What is claimed of a case that failed: what was proven, or what is missing for a proof.
//!
//! The diagnosis concludes; this looks at whether what the run saw allows the conclusion. A claim that the run itself
//! refutes is not made, and what nobody examined is called so. Nothing here guesses from rounds alone: a case that
//! failed in all of a few rounds may be broken, a victim in each of them, or unlucky.

use crate::event::{Conclusion, Diagnosis, RunEnd};
use crate::model::statistics::{Tally, fisher_one_sided};
use crate::model::{CaseIndex, FindingKind};
use crate::record::Record;
use crate::verdict::Order;
use crate::verdict::trials::Trials;

/// How likely two rates that differ so much, or more, may be if they are one, for a case to be called order-dependent
/// without the cases that make the difference.
const ALIKE: f64 = 1e-4;

/// What is claimed of a case that failed.
pub(super) struct Claim {
    pub finding: FindingKind,
    pub order: Option<Order>,
    /// What is missing for a proof, where the case is undiagnosed; what decides, where it is something outside the
    /// process, or what the suite's own runner says.
    pub missing: Option<String>,
}

impl Claim {
    fn of(finding: FindingKind) -> Self {
        Self { finding, order: None, missing: None }
    }

    fn order_dependent(order: Order) -> Self {
        Self { finding: FindingKind::OrderDependent, order: Some(order), missing: None }
    }

    fn undiagnosed(missing: impl Into<String>) -> Self {
        Self { finding: FindingKind::Undiagnosed, order: None, missing: Some(missing.into()) }
    }
}

/// The claim that what was seen allows.
pub(super) fn of(record: &Record, case: CaseIndex, seen: &Trials, diagnosis: Option<&Diagnosis>) -> Claim {
    let Some(diagnosis) = diagnosis else { return Claim::undiagnosed(not_examined(record)) };
    let has_passed = record.passed.contains(&case);
    match &diagnosis.conclusion {
        Conclusion::Broken if has_passed => Claim::undiagnosed("it fails alone, and passed elsewhere in this run"),
        Conclusion::Broken if diagnosis.alone.failures() == 0 && seen.alone.failures() == 0 => {
            Claim::undiagnosed("it was not run alone from a fresh start")
        }
        Conclusion::Broken => Claim::of(FindingKind::Broken),
        Conclusion::Victim { polluters, cleaners, complete } => Claim::order_dependent(Order::Victim {
            polluters: polluters.clone(),
            cleaners: cleaners.clone(),
            complete: *complete,
        }),
        Conclusion::Brittle { state_setters, complete } => {
            Claim::order_dependent(Order::Brittle { state_setters: state_setters.clone(), complete: *complete })
        }
        Conclusion::NotMinimised { order } if differ(diagnosis.alone, diagnosis.in_order) => {
            Claim::order_dependent(Order::NotMinimised { order: order.clone() })
        }
        Conclusion::NotMinimised { .. } => {
            Claim::undiagnosed("too few runs alone and in the order to tell whether the order matters")
        }
        Conclusion::Collateral { of } => {
            Claim::order_dependent(Order::NotMinimised { order: vec![*of, diagnosis.case] })
        }
        Conclusion::Intermittent | Conclusion::DoesNotReproduce if has_passed && seen.everywhere.failures() > 0 => {
            Claim::of(FindingKind::Intermittent)
        }
        Conclusion::Intermittent | Conclusion::DoesNotReproduce => {
            Claim::undiagnosed("it was never seen to pass, so nothing shows that chance decides")
        }
        Conclusion::Undiagnosed { missing, .. } => Claim::undiagnosed(missing.as_str()),
        Conclusion::NonIdempotent { .. } => Claim::of(FindingKind::NonIdempotent),
        Conclusion::EnvironmentDependent { what } => {
            Claim { missing: Some(what.clone()), ..Claim::of(FindingKind::EnvironmentDependent) }
        }
        Conclusion::Disagrees { plain } => Claim { missing: Some(plain.clone()), ..Claim::of(FindingKind::Disagrees) },
    }
}

/// Why nobody examined it.
fn not_examined(record: &Record) -> &'static str {
    match record.end {
        Some(RunEnd::TimeLimit) => "time was up before it was examined",
        Some(RunEnd::Interrupted) | None => "the run was stopped before it was examined",
        Some(RunEnd::SubjectFailed { .. }) => "the subject could not be run any more before it was examined",
        Some(RunEnd::FirstFailure) => "the run ended at its first failure, and this one was not examined",
        Some(RunEnd::Completed) => "it was not examined",
    }
}

/// Whether the rates alone and in an order can't be one.
fn differ(alone: Tally, in_order: Tally) -> bool {
    alone.trials() > 0
        && in_order.trials() > 0
        && fisher_one_sided(alone, in_order).min(fisher_one_sided(in_order, alone)) <= ALIKE
}
