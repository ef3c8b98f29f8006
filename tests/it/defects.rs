//! Each defect that carries state from case to case is found on the shipped scenarios, with its victim, its polluter and
//! an order of two that shows it every time; the healthy tutor is not accused.

use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use steadfast::adapter::Sandbox;
use steadfast::app::{self, Accounting, AloneRounds, Effort, Finished, RunOptions, ToolInfo, Watcher};
use steadfast::event::Entry;
use steadfast::model::{CaseIndex, Clock, EventLoop, FindingKind, Seed, SystemClock, Verdict};
use steadfast::plan::{Grouping, Strategy};
use steadfast::tutor::Defect;
use steadfast::verdict::{CaseJudgement, Gate, Order};

/// A defect that nobody looks for.
struct Silent;

impl Watcher for Silent {
    fn fact(&mut self, _entry: &Entry) {}
    fn say(&mut self, _line: &str) {}
}

fn tool(temporary: &Path) -> ToolInfo {
    ToolInfo {
        program: PathBuf::from(env!("CARGO_BIN_EXE_steadfast")),
        called: "steadfast".into(),
        typed: None,
        environment: Default::default(),
        system: "linux",
        architecture: "x86_64",
        temporary: temporary.to_owned(),
        python_path: None,
        virtual_env: None,
        secrets: BTreeSet::new(),
        passwords: Vec::new(),
        kept: BTreeSet::new(),
    }
}

fn options(filter: &str, defects: Vec<Defect>, report_dir: &Path) -> RunOptions {
    RunOptions {
        record: None,
        live: None,
        root: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
        paths: vec!["scenarios".into()],
        system: "embedded".into(),
        suite: None,
        python: None,
        suite_name: None,
        question: None,
        filter: Some(filter.to_owned()),
        strategy: Strategy::Mixed,
        order: None,
        group: Some(Grouping::None),
        effort: Effort::default(),
        rounds: None,
        since: None,
        shard: None,
        fleet: None,
        seed: Seed::new(7),
        alone: AloneRounds::WhereCheap,
        keep_going: true,
        fail_fast: false,
        stress: None,
        sandbox: Sandbox::Tmp,
        event_loops: vec![EventLoop::Case],
        fail_on: [FindingKind::Broken, FindingKind::OrderDependent, FindingKind::Intermittent].into(),
        confidence: 0.95,
        max_flake_rate: None,
        max_time: None,
        jobs: 2,
        case_timeout: Duration::from_secs(30),
        report_dir: report_dir.to_owned(),
        history: None,
        junit: None,
        json: None,
        html: None,
        markdown: None,
        junit_detail: Default::default(),
        reach: Default::default(),
        leaks: Vec::new(),
        accounting: Accounting::On,
        trust: false,
        defects,
    }
}

/// Runs the cases that `filter` chooses.
pub(crate) fn run_all(filter: &str, defects: Vec<Defect>) -> (Finished, tempfile::TempDir) {
    run_with(filter, defects, |_| {})
}

/// The same with other options.
pub(crate) fn run_with(
    filter: &str,
    defects: Vec<Defect>,
    adjust: impl FnOnce(&mut RunOptions),
) -> (Finished, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = options(filter, defects, folder.path());
    adjust(&mut options);
    let finished = app::run(&options, &tool(folder.path()), &SystemClock, &mut Silent, &mut |_| {}).expect("a run");
    (finished, folder)
}

fn name(finished: &Finished, case: CaseIndex) -> &str {
    finished.record.case(case).map_or("", |info| info.id.as_str())
}

/// Runs the cases that `filter` chooses with the defect, and checks that nothing found is taken for chance, that each
/// victim has its polluters, and that an order of two shows one of them every time.
fn check(defect: Defect, filter: &str) {
    let (healthy, _kept) = run_all(filter, Vec::new());
    let accused = healthy.judgement.cases.iter().filter(|case| case.verdict.is_finding());
    let accused: Vec<_> = accused.map(|case| (name(&healthy, case.case), case)).collect();
    assert_eq!(healthy.judgement.gate, Gate::Passed, "{filter}: the healthy tutor is accused: {accused:#?}");
    let (finished, folder) = run_all(filter, vec![defect]);
    assert_eq!(finished.judgement.gate, Gate::Failed, "{}", defect.name());
    let found: Vec<&CaseJudgement> = finished.judgement.cases.iter().filter(|case| case.verdict.is_finding()).collect();
    let mut pair = None;
    for case in &found {
        let id = name(&finished, case.case);
        // Some cases show the defect all by themselves: they are broken, and that is true as well.
        // Others spoil only their own second run: that is a finding of its own.
        if matches!(case.verdict, Verdict::Broken | Verdict::NonIdempotent) {
            continue;
        }
        assert_eq!(case.verdict, Verdict::OrderDependent, "{}: {id}: {case:#?}", defect.name());
        let Some(Order::Victim { polluters, .. }) = &case.order else {
            panic!("{}: {id} has no polluter: {case:#?}", defect.name());
        };
        // There may be longer ones: several marks that only together hide all that is there.
        assert!(polluters.iter().all(|sequence| !sequence.is_empty()), "{id}: {polluters:?}");
        if polluters.first().is_some_and(|sequence| sequence.len() == 1) {
            pair = pair.or(Some(*case));
        }
    }
    let first = pair.expect("a victim of one polluter");
    let file = finished.folder.join(first.repro.as_deref().expect("a repro"));
    // Defects are nothing that a file may ask for.
    let all = app::Grants { everything: true, ..app::Grants::default() };
    let seen = app::repro(
        &file,
        Some(5),
        2,
        &tool(folder.path()),
        &SystemClock,
        (Path::new(env!("CARGO_MANIFEST_DIR")), &all),
        &mut |_| {},
    )
    .expect("a repro that runs");
    assert_eq!((seen.seen.failures(), seen.seen.trials()), (5, 5), "{}: {seen:?}", defect.name());
    let order = steadfast::diagnose::ReproFile::read(&file).expect("a repro file").order;
    assert_eq!(order.len(), 2, "{}: {order:?}", defect.name());
}

#[test]
fn a_health_cache_that_outlives_a_case_is_found() {
    check(Defect::StaleHealth, "fallback/privacy-comes-first, fallback/an-exceeded-budget-is-answered-locally");
}

#[test]
fn a_response_cache_that_ignores_the_language_is_found() {
    check(Defect::CacheIgnoresLanguage, "conversations/the-cache-knows*, conversations/a-cached-answer*");
}

#[test]
fn a_budget_that_is_carried_over_is_found() {
    check(Defect::BudgetCarriedOver, "budget/a-call-is-charged-to*, budget/a-new-month*");
}

#[test]
fn settings_that_are_carried_over_are_found() {
    check(Defect::SettingsCarriedOver, "budget/a-limit-of-zero*, budget/enforcement-is-each*, budget/an-override*");
}

#[test]
fn a_client_that_is_bound_to_the_first_event_loop_is_found() {
    check(Defect::ClientBoundToFirstLoop, "languages/a-tag-can-carry*, languages/any-other-tag*");
}

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[test]
fn runs_of_one_process_that_began_at_the_same_moment_leave_each_other_alone() {
    let start = |filter: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = options(filter, Vec::new(), folder.path());
        app::run(&options, &tool(folder.path()), &Still, &mut Silent, &mut |_| {}).expect("a run").judgement.gate
    };
    std::thread::scope(|scope| {
        let long = scope.spawn(|| start("languages/*"));
        let mut short_ones = 0;
        while !long.is_finished() {
            assert_eq!(start("auth/settings-are-kept*"), Gate::Passed);
            short_ones += 1;
        }
        assert_eq!(long.join().expect("no panic"), Gate::Passed);
        assert!(short_ones > 0);
    });
}

/// Makes the journal of which the samples in `reports/` are rendered: `cargo test --test it sample_journal -- --ignored`.
#[test]
#[ignore = "writes fixtures/journals/sample.jsonl: run by hand when the journal's format changes"]
fn make_the_sample_journal() {
    let filter = "conversations/the-cache-knows-the-language, auth/settings*, budget/beyond*, \
                  fallback/only-a-429*claude*";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut options = options(filter, vec![Defect::CacheIgnoresLanguage, Defect::BodyNeverDrained], folder.path());
    options.fail_on.extend([FindingKind::LoopBound, FindingKind::Leak]);
    let tool = tool(folder.path());
    let finished = app::run(&options, &tool, &SystemClock, &mut Silent, &mut |_| {}).expect("a run");
    let text = std::fs::read_to_string(finished.folder.join("events.jsonl")).expect("a journal");
    let kept = text.replace(env!("CARGO_MANIFEST_DIR"), ".");
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals");
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("sample.jsonl"), kept).expect("a file");
}
