//! A Rust workspace with cargo.

use crate::cli::kit::{Project, Running, case, verdicts};
use crate::command::kit::fixture;
use crate::pytest::kit::notes;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

#[test]
fn tests_of_libraries_programs_folders_and_documentation_are_told_apart() {
    let read = |name: &str| std::fs::read(fixture("runners/cargo").join(name)).expect("the fixture is there");
    let files = ["Cargo.toml", "src/lib.rs", "src/main.rs", "tests/whole.rs", "inner/Cargo.toml", "inner/src/lib.rs"];
    let project = files.into_iter().fold(Project::new(), |project, name| project.with(name, read(name)));
    // Chance has no place in a test that says how each case ends.
    let chancy = String::from_utf8(read("src/lib.rs")).expect("text");
    let project =
        project.with("src/lib.rs", chancy.replace("now.subsec_micros() % 10 < 6", "now.subsec_micros() < 1_000_000"));
    let run = ["run", "--suite", "auto", "--seed", "1", "--orders", "declared", "--rounds", "1", "--no-history"];
    let mut command = project.command(&[&run[..], &["--", "--workspace"]].concat());
    // The toolchain that builds this test: a chooser of toolchains looks for its own in HOME.
    let tools = Path::new(env!("CARGO")).parent().expect("a program lies in a folder").display();
    let path = std::env::var("PATH").unwrap_or_default();
    command.env_remove("CARGO_TARGET_DIR").env("PATH", format!("{tools}:{path}"));
    // `is_empty` and `fills` share a variable: beside each other, plain cargo's threads would decide which comes first.
    command.env("RUST_TEST_THREADS", "1");
    Running::of(command).wait_within(Duration::from_secs(900)).exits(1);
    let report = project.report();
    let mut found = verdicts(&report);
    found.sort();
    let expected: Vec<(String, String)> = [
        ("inner doc inner inner/src/lib.rs - two (line 1)", "stable"),
        ("inner lib inner tests::fills_too", "stable"),
        ("shop bin shop tests::is_in_the_program", "stable"),
        ("shop doc shop src/lib.rs - one (line 3)", "stable"),
        ("shop doc shop src/lib.rs - one (line 7)", "skipped"),
        ("shop lib shop tests::fills", "stable"),
        ("shop lib shop tests::is_broken", "broken"),
        ("shop lib shop tests::is_chancy", "stable"),
        ("shop lib shop tests::is_empty", "order_dependent"),
        ("shop lib shop tests::is_skipped", "skipped"),
        ("shop lib shop tests::loads_the_prices", "stable"),
        ("shop lib shop tests::match_\u{fc}n\u{ef}", "stable"),
        ("shop lib shop tests::needs_the_prices", "order_dependent"),
        ("shop test whole is_in_the_program", "stable"),
    ]
    .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()))
    .into();
    assert_eq!(found, expected);
    let victim = case(&report, "shop lib shop tests::is_empty");
    assert_eq!(victim["polluters"], json!([["shop lib shop tests::fills"]]), "{victim:#}");
    assert!(notes(&project).contains(&"plain cargo agrees 14 of 14".to_owned()), "{:?}", notes(&project));
    project.assert_nothing_left();
}
