//! The self-check itself: it must not be content with just any finding, and must know every defect.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use steadfast::app::{
    self, Expectation, Matrix, ScenarioSource, SelfCheckOptions, Sentence, ToolInfo, expectation, shipped_scenarios,
};
use steadfast::model::{FindingKind, Seed, SystemClock};
use steadfast::tutor::Defect;

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

/// What a check of one defect comes to if this is what must be seen of it.
fn check(defect: Defect, expected: Expectation) -> Matrix {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = SelfCheckOptions {
        scenarios: ScenarioSource::Shipped,
        only: vec![defect.name().to_owned()],
        seed: Seed::new(7),
        jobs: 2,
        report_dir: folder.path().to_owned(),
        healthy_trials: 1,
    };
    let tool = tool(folder.path());
    app::selfcheck(&options, &|_| expected, &tool, &SystemClock, &mut |_| {}, &|_| {}).expect("a check")
}

#[track_caller]
fn assert_wrong_cause(expected: Expectation, says: &str) {
    let matrix = check(Defect::TokensNeverExpire, expected);
    let Sentence::WrongCause { why } = &matrix.rows[0].sentence else { panic!("{:?}", matrix.rows[0]) };
    assert!(why.contains(says), "{why}");
    assert!(!matrix.holds() && matrix.healthy.accused.is_empty());
}

const EXPIRES: &str = "auth/a-token-expires";

#[test]
fn a_finding_where_it_must_be_is_the_right_cause() {
    let matrix = check(Defect::TokensNeverExpire, Expectation::broken(EXPIRES, "was 200", EXPIRES));
    assert!(matrix.holds(), "{matrix:?}");
}

#[test]
fn a_finding_elsewhere_is_the_wrong_cause() {
    let expected = Expectation::broken("auth/a-wrong-password-is-refused", "", "auth/a-*");
    assert_wrong_cause(expected, EXPIRES);
}

#[test]
fn a_failure_that_says_something_else_is_the_wrong_cause() {
    assert_wrong_cause(Expectation::broken(EXPIRES, "used_budget", EXPIRES), "says `used_budget`");
}

#[test]
fn a_finding_of_another_kind_is_the_wrong_cause() {
    assert_wrong_cause(Expectation::by_chance(EXPIRES, "", EXPIRES), EXPIRES);
    assert_wrong_cause(Expectation::victims(EXPIRES, "", "auth/*", EXPIRES), EXPIRES);
}

#[test]
fn a_defect_that_no_case_shows_is_missed() {
    let selection = "auth/settings-are-kept";
    let matrix = check(Defect::TokensNeverExpire, Expectation::broken(selection, "", selection));
    assert_eq!(matrix.rows[0].sentence, Sentence::Missed);
    assert!(!matrix.holds());
}

#[test]
fn every_defect_has_scenarios_that_must_show_it_among_those_that_are_run() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tool = tool(Path::new("/nowhere"));
    let ids = |filter: &str| {
        let listed = app::list(&root, &["scenarios".into()], "embedded", Some(filter), &tool);
        let listed = listed.unwrap_or_else(|error| panic!("{filter}: {error}"));
        listed.into_iter().map(|case| case.id.to_string()).collect::<Vec<_>>()
    };
    assert!(Defect::ALL.len() >= 30);
    for defect in Defect::ALL {
        let expected = expectation(defect);
        let run = ids(expected.selection);
        let among_them = |filter: &str| ids(filter).iter().any(|id| run.contains(id));
        assert!(among_them(expected.cases), "{}", defect.name());
        assert!(expected.polluters.is_none_or(among_them), "{}", defect.name());
        assert_eq!(expected.polluters.is_some(), expected.kind == FindingKind::OrderDependent, "{}", defect.name());
    }
}

#[test]
fn no_two_defects_have_one_name() {
    let names: std::collections::BTreeSet<_> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    assert_eq!(names.len(), Defect::ALL.len());
}

#[test]
fn the_program_carries_the_shipped_scenarios_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).expect("the scenarios").flatten() {
        files += std::fs::read_dir(entry.path()).expect("folders only").count();
    }
    assert_eq!(shipped_scenarios().len(), files);
    for (path, bytes) in shipped_scenarios() {
        assert_eq!(std::fs::read(folder.join(path)).expect("a file"), bytes, "{}", path.display());
    }
}
