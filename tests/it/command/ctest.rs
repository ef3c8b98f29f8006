//! ctest, where there is a CMake.

use crate::cli::kit::{Project, case, verdicts};
use crate::pytest::kit::notes;
use serde_json::json;
use std::process::Command;
use std::time::Duration;

const TESTS: &str = r#"
cmake_minimum_required(VERSION 3.21)
project(shop NONE)
enable_testing()
add_test(NAME writes COMMAND sh -c "echo bad > cache.txt")
add_test(NAME "name with space (x|y)" COMMAND true)
add_test(NAME clean COMMAND sh -c "! test -e cache.txt")
add_test(NAME passes COMMAND true)
add_test(NAME tidies COMMAND rm -f cache.txt)
add_test(NAME skips COMMAND sh -c "exit 77")
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME off COMMAND false)
set_tests_properties(off PROPERTIES DISABLED TRUE)
add_test(NAME broken COMMAND sh -c "echo expected 1 got 2; exit 1")
"#;

/// Whole paths lead into the tree, whichever copy of it is looked at.
const IN_THE_SOURCES: &str = r#"
cmake_minimum_required(VERSION 3.21)
project(shop NONE)
enable_testing()
set(STATE ${CMAKE_SOURCE_DIR}/.state)
add_test(NAME first COMMAND true)
add_test(NAME writes WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} COMMAND mkdir -p .state)
add_test(NAME clean COMMAND sh -c "! test -e ${STATE}")
add_test(NAME last COMMAND true)
"#;

/// A project that CMake has made ready, where there is one.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn configured(tests: &str) -> Option<Project> {
    if !Command::new("ctest").arg("--version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no ctest");
        return None;
    }
    let project = Project::new().with("CMakeLists.txt", tests);
    let cmake = Command::new("cmake").args(["-S", ".", "-B", "build"]).current_dir(project.path("")).output();
    let cmake = cmake.expect("cmake comes with ctest");
    assert!(cmake.status.success(), "{}", String::from_utf8_lossy(&cmake.stderr));
    Some(project)
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn what_one_test_leaves_in_the_sources_meets_no_other_round() {
    let Some(project) = configured(IN_THE_SOURCES) else { return };
    let run = ["run", "--suite", "ctest", "--seed", "2", "--rounds", "4", "--no-history"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    if notes(&project).iter().any(|note| note.contains("lets nobody lay a copy over it")) {
        eprintln!("skipped: this system lets nobody lay a copy over a tree");
        return;
    }
    let report = project.report();
    let clean = case(&report, "clean");
    let found = (&clean["verdict"], &clean["polluters"]);
    assert_eq!(found, (&json!("order_dependent"), &json!([["writes"]])), "{clean:#}");
    assert_eq!(verdicts(&report).into_iter().filter(|(_, found)| found == "stable").count(), 3);
}

#[test]
fn a_file_that_one_test_leaves_is_found_by_another_and_by_no_case_alone() {
    let Some(project) = configured(TESTS) else { return };
    let run = ["run", "--suite", "auto", "--seed", "1", "--rounds", "4", "--no-history"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    // The line of ctest alone was tried in the project's folder, and `writes` has left its file there.
    std::fs::remove_file(project.path("build/cache.txt")).expect("the file of `writes`");
    // ctest changes files of its own in the tree: what a run left there is no trouble for the next one.
    project
        .start(&["run", "--suite", "auto", "--seed", "2", "--rounds", "4", "--no-history"])
        .wait_within(Duration::from_secs(600))
        .exits(1);
    assert!(notes(&project).iter().any(|note| note == "plain ctest agrees 8 of 8"), "{:?}", notes(&project));
    let report = project.report();
    let clean = case(&report, "clean");
    assert_eq!(
        (&clean["verdict"], &clean["polluters"]),
        (&json!("order_dependent"), &json!([["writes"]])),
        "{clean:#}"
    );
    let broken = case(&report, "broken");
    assert_eq!((&broken["verdict"], &broken["message"]), (&json!("broken"), &json!("expected 1 got 2")), "{broken:#}");
    let of = |verdict: &str| verdicts(&report).into_iter().filter(|(_, found)| found == verdict).count();
    assert_eq!((of("stable"), of("skipped")), (4, 2), "{:?}", verdicts(&report));
    project.assert_nothing_left();
}
