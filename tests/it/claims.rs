//! What a verdict needs, whatever was counted: over runs and diagnoses of any tallies, also such as no search gives.

use crate::report::sample::Teller;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use steadfast::event::{Conclusion, RunEnd};
use steadfast::minimise::{Answer, Conclusion as Found, Limits, Problem, Question, Reply, Role, minimise};
use steadfast::model::{CaseIndex, Failure, Outcome, RoundKind, Seed, Verdict};
use steadfast::verdict::judge;

/// How a trial ends: it passes, fails in one of two ways, is skipped, or was never reported.
fn outcome(drawn: u8) -> Option<Outcome> {
    let failed = |message: &str| Some(Outcome::Failed(Failure::new(message, None)));
    match drawn {
        0..=2 => Some(Outcome::Passed),
        3 | 4 => failed("expected EUR, was USD"),
        5 => failed("no such file"),
        6 => Some(Outcome::Skipped { reason: "not here".to_owned() }),
        _ => None,
    }
}

fn conclusion(drawn: u8) -> Conclusion {
    match drawn {
        0 => Conclusion::Broken,
        1 => Conclusion::Intermittent,
        2 => Conclusion::DoesNotReproduce,
        3 => Conclusion::NotMinimised { order: CaseIndex::list([1, 0]) },
        _ => Conclusion::Undiagnosed { missing: "time".to_owned(), order: CaseIndex::list([1, 0]) },
    }
}

fn tally() -> impl Strategy<Value = (u32, u32)> {
    (0_u32..40).prop_flat_map(|trials| (0..=trials, Just(trials)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..crate::properties::same_inputs() })]

    /// "Fails by chance" needs a pass and a failure, "broken" a failure alone and no pass of that case in any round.
    #[test]
    fn no_verdict_is_told_of_tallies_that_refute_it(
        rounds in prop::collection::vec((any::<bool>(), 0_u8..9), 1..8),
        told in prop::option::of((0_u8..5, tally(), tally())),
    ) {
        let mut teller = Teller::new(&["suspect", "other"]);
        let (mut passed, mut failed, mut failed_alone) = (false, false, false);
        for (alone, drawn) in &rounds {
            let (kind, order): (_, &[u32]) =
                if *alone { (RoundKind::Alone, &[0]) } else { (RoundKind::Shuffle, &[1, 0]) };
            let end = outcome(*drawn);
            passed |= end == Some(Outcome::Passed);
            failed |= end.as_ref().is_some_and(Outcome::is_failure);
            failed_alone |= *alone && end.as_ref().is_some_and(Outcome::is_failure);
            teller.round(kind, order, |case, _| if case == 0 { end.clone() } else { Some(Outcome::Passed) });
        }
        if let Some((drawn, alone, in_order)) = told {
            failed_alone |= alone.0 > 0;
            teller.diagnosed(0, conclusion(drawn), alone, in_order);
        }
        let judgement = judge(&teller.record(Some(RunEnd::Completed)));
        let verdict = judgement.cases[0].verdict;
        match verdict {
            Verdict::Intermittent => prop_assert!(passed && failed),
            Verdict::Broken => prop_assert!(failed && failed_alone && !passed),
            Verdict::OrderDependent | Verdict::Undiagnosed => prop_assert!(failed),
            Verdict::Stable => prop_assert!(passed && !failed),
            _ => {}
        }
        prop_assert!(!failed || verdict.is_finding(), "a failure is called {verdict}");
    }

    /// A search over answers of any kind, most of them of no sense: what it concludes is what it counted, and what could
    /// not be told is counted as nothing.
    #[test]
    fn no_search_concludes_what_its_tallies_refute(
        seed in any::<u64>(),
        before in 0_u32..9,
        recorded in any::<bool>(),
        (alone, after, unsure) in (0_u32..=4, 0_u32..=4, 0_u32..=4),
    ) {
        let mut problem = Problem::new(CaseIndex(0), CaseIndex::list(1..=before));
        problem.is_recorded = recorded;
        let (mut asked, mut sure) = (0_u64, BTreeSet::new());
        let mut oracle = |question: &Question| {
            asked += 1;
            let drawn = |what: &str| Seed::new(seed).derive(what).hash(&asked.to_le_bytes()) % 5;
            let of_four = if question.order.len() == 1 { alone } else { after };
            let answer = match (drawn("unsure") < u64::from(unsure), drawn("fails") < u64::from(of_four)) {
                (true, _) => Answer::Unsure("skipped".to_owned()),
                (false, true) => Answer::Fails,
                (false, false) => Answer::Passes,
            };
            if !matches!(answer, Answer::Unsure(_)) {
                sure.insert(asked);
            }
            Reply::new(answer, Duration::from_millis(1))
        };
        let found = minimise(&problem, Limits { probes: 400, ..Limits::default() }, &mut oracle);
        let all = found.alone + found.in_order;
        prop_assert!(all.trials() as usize <= sure.len(), "{found:?}");
        match &found.conclusion {
            Found::Intermittent => prop_assert!(all.failures() > 0 && all.passes() > 0, "{found:?}"),
            Found::FailsAlways => prop_assert!(all.failures() > 0 && all.passes() == 0, "{found:?}"),
            Found::DoesNotReproduce => {
                prop_assert!(found.alone.trials() > 0 && found.in_order.trials() > 0 && all.failures() == 0, "{found:?}");
            }
            Found::Confirmed { role, sequences, .. } => {
                for sequence in sequences {
                    let (with_all, alone) = (sequence.with_all.rate(), found.alone.rate());
                    prop_assert!(found.alone.trials() > 0 && sequence.with_all.trials() > 0, "{found:?}");
                    prop_assert!(if *role == Role::Victim { with_all > alone } else { with_all < alone }, "{found:?}");
                }
            }
            Found::Unexplained { .. } | Found::Exhausted { .. } | Found::Untold { .. } => {}
        }
    }
}
