//! What a case leaves behind is found by kind, owner and case; what only looks like it is not accused.

use crate::defects::{run_all, run_with};
use steadfast::app::{Accounting, Finished};
use steadfast::model::{EventLoop, FindingKind, Measured, Verdict};
use steadfast::tutor::Defect;
use steadfast::verdict::CaseJudgement;

/// Cases that call a cloud provider, one that calls Ollama after a refusal, and one that calls nobody.
const CASES: &str = "providers/each-provider-is-asked-for-its-model, \
                     fallback/a-failure-goes-to-ollama-not-to-the-next-cloud-provider, \
                     budget/the-default-is-thirty-dollars-a-month";

/// What was found of each case: its id, then kind and text of each leak.
fn leaks(finished: &Finished) -> Vec<(String, Vec<(String, String)>)> {
    let of = |case: &CaseJudgement| {
        let id = finished.record.case(case.case).expect("a case").id.to_string();
        (id, case.leaks.iter().map(|leak| (leak.kind.to_string(), leak.text.clone())).collect())
    };
    finished.judgement.cases.iter().map(of).collect()
}

/// Every case that calls a provider leaks this kind, saying so; the one that calls nobody leaks nothing.
fn check(defect: Defect, kind: &str, says: &str) {
    let (finished, _folder) = run_all(CASES, vec![defect]);
    let found = leaks(&finished);
    assert!(found.len() > 2, "{found:?}");
    for (id, leaks) in &found {
        if id.starts_with("budget/") {
            assert!(leaks.is_empty(), "{defect:?}: {id} calls nobody: {leaks:?}");
            continue;
        }
        if defect == Defect::BodyNeverDrained && id.starts_with("providers/") {
            assert!(leaks.is_empty(), "{defect:?}: {id} meets no refusal: {leaks:?}");
            continue;
        }
        let is_told = |(one, text): &(String, String)| one == kind && text.contains(says);
        assert!(leaks.iter().any(is_told), "{defect:?}: {id}: {leaks:?}");
        let strange = leaks.iter().find(|(one, _)| one != kind && one != "loop_bound task");
        assert!(strange.is_none(), "{defect:?}: {id}: {leaks:?}");
    }
}

/// A tutor that only looks like a leaking one.
fn check_harmless(defect: Defect) {
    assert!(Defect::HARMLESS.contains(&defect));
    let (finished, _folder) = run_all(CASES, vec![defect]);
    let accused: Vec<_> = finished.judgement.cases.iter().filter(|case| case.verdict != Verdict::Stable).collect();
    assert!(accused.is_empty(), "{defect:?}: {accused:?}");
}

#[test]
fn a_poller_spawned_per_request_is_a_task_of_its_place() {
    check(Defect::PollerPerRequest, "task", "spawned at src/tutor/providers/leaky_pool.rs:");
}

#[test]
fn a_timer_that_nobody_cancels_is_a_task_of_its_place() {
    check(Defect::TimerNeverCancelled, "task", "spawned at src/tutor/providers/leaky_pool.rs:");
}

#[test]
fn idle_connections_that_nobody_reaps_are_the_providers() {
    check(Defect::IdleConnectionsNeverReaped, "connection", "to mock provider");
}

#[test]
fn a_body_that_is_never_drained_holds_its_connection() {
    check(Defect::BodyNeverDrained, "connection", "to mock provider");
}

#[test]
fn a_pool_without_a_limit_grows() {
    check(Defect::PoolWithoutLimit, "connection", "to mock provider");
}

#[test]
fn a_temporary_file_per_request_is_told_by_its_name() {
    check(Defect::TemporaryFilePerRequest, "temporary_file", "tutor-call-*-*.json");
}

#[test]
fn a_thread_per_request_is_told_by_its_name() {
    check(Defect::ThreadPerRequest, "thread", "tutor-call-*");
}

#[test]
fn a_listener_left_open_is_told() {
    check(Defect::ListenerLeftOpen, "listener", "a listening socket");
}

#[test]
fn a_child_left_running_is_told_by_its_program() {
    check(Defect::ChildLeftRunning, "process", "sleep");
}

#[test]
fn memory_kept_per_request_grows() {
    check(Defect::MemoryPerRequest, "memory", "KiB of memory per trial");
}

#[test]
fn a_client_of_the_first_loop_is_bound_to_it() {
    let cases = "providers/each-provider-is-asked-for-its-model";
    let (finished, _folder) = run_all(cases, vec![Defect::ClientBoundToFirstLoop]);
    for case in &finished.judgement.cases {
        assert!(case.findings.contains(&FindingKind::LoopBound), "{case:?}");
        let text = &case.leaks.first().expect("a leak").text;
        assert!(text.contains("src/tutor/providers/transport.rs:"), "{text}");
    }
}

#[test]
fn what_fails_with_one_life_of_event_loops_only_is_told_with_what_is_bound_to_it() {
    let both = |defects| {
        let cases = "providers/each-provider-is-asked-for-its-model";
        let (finished, _folder) = run_with(cases, defects, |options| {
            options.event_loops = vec![EventLoop::Case, EventLoop::Round];
        });
        let remarks = |case: &CaseJudgement| case.remarks.clone();
        finished.judgement.cases.iter().flat_map(remarks).collect::<Vec<String>>()
    };
    let told = both(vec![Defect::ClientBoundToFirstLoop]);
    let says = |text: &str| told.iter().any(|remark| remark.contains(text));
    assert!(
        says("it fails where each case has an event loop of its own (")
            && says("and passes where a round has one (0 of"),
        "{told:#?}"
    );
    let explained = told.iter().find(|remark| remark.starts_with("what explains it: loop_bound"));
    assert!(explained.is_some_and(|remark| remark.contains("src/tutor/providers/transport.rs:")), "{told:#?}");
    let healthy = both(Vec::new());
    assert!(!healthy.iter().any(|remark| remark.contains("event loop")), "{healthy:#?}");
}

#[test]
fn a_pool_with_a_limit_is_no_leak() {
    check_harmless(Defect::BoundedPool);
}

#[test]
fn a_cache_that_fills_once_is_no_leak() {
    check_harmless(Defect::CacheFilledOnce);
}

/// For a dozen trials of one case it grows like a leak.
#[test]
fn a_cache_that_fills_slowly_is_no_leak() {
    let case = "providers/each-provider-is-asked-for-its-model[provider=claude,model=*,language=en]";
    let (finished, _folder) = run_all(case, vec![Defect::CacheFilledSlowly]);
    assert_eq!(finished.judgement.cases.len(), 1);
    let accused: Vec<_> = finished.judgement.cases.iter().filter(|case| case.verdict != Verdict::Stable).collect();
    assert!(accused.is_empty(), "{accused:?}");
    let suspected = steadfast::verdict::growing_in_memory(&finished.record);
    assert!(suspected.is_empty(), "the longer row of trials has the last word: {suspected:?}");
    let rows = finished.record.rounds.iter().filter(|round| round.slots.len() == steadfast::leak::REPEATS_OF_MEMORY);
    assert_eq!(rows.count(), 1, "it was suspected");
}

#[test]
fn a_helper_thread_is_no_leak() {
    check_harmless(Defect::HelperThread);
}

#[test]
fn a_task_that_ends_soon_is_no_leak() {
    check_harmless(Defect::TaskThatEndsLater);
}

#[test]
fn what_is_allowed_is_told_with_its_reason_and_accuses_nobody() {
    let allowance = "thread tutor-call-* <= 4: kept until the tutor goes".parse().expect("an allowance");
    let (finished, _folder) =
        run_with(CASES, vec![Defect::ThreadPerRequest], |options| options.leaks = vec![allowance]);
    for case in &finished.judgement.cases {
        assert_eq!(case.verdict, Verdict::Stable, "{case:?}");
        let id = finished.record.case(case.case).expect("a case").id.to_string();
        let told = case.remarks.iter().any(|remark| remark.starts_with("allowed (kept until the tutor goes): leak: +"));
        assert_eq!(told, !id.starts_with("budget/"), "{id}: {:?}", case.remarks);
    }
}

#[test]
fn what_is_not_accounted_for_is_said_to_be_not_measured() {
    let (finished, _folder) =
        run_with(CASES, vec![Defect::ThreadPerRequest], |options| options.accounting = Accounting::Off);
    assert!(finished.judgement.cases.iter().all(|case| case.leaks.is_empty()));
    let measured = &finished.record.header.subject.measured;
    assert_eq!(measured.get("thread").and_then(Measured::reason), Some("switched off by --no-leaks"));
}
