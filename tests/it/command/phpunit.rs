//! PHPUnit's tests: what runs again in one process, and what is risky or warned of, which passes unless a project says otherwise.

use crate::cli::kit::{Project, case};
use crate::command::repeats::once_alone_is_told;
use std::process::Command;
use std::time::Duration;

const TESTS: &str = r"<?php
use PHPUnit\Framework\TestCase;
final class ShopTest extends TestCase {
    private static bool $first = true;
    private array $rows = [];
    public function testOnce(): void { $this->assertTrue(self::$first); self::$first = false; }
    public function testFills(): void { $this->assertSame([], $this->rows); $this->rows[] = 1; }
    public function testAsksNothing(): void { $price = 1; }
    public function testWarns(): void { $this->addWarning('old'); $this->assertTrue(true); }
    public function testIsToDo(): void { $this->markTestIncomplete('later'); }
}
";

/// A project of PHPUnit; nothing where there is none.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn project() -> Option<Project> {
    if !Command::new("phpunit").arg("--version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no phpunit");
        return None;
    }
    Some(Project::new().with("tests/ShopTest.php", TESTS))
}

#[test]
fn a_test_runs_again_and_what_is_risky_passes_as_under_phpunit_itself() {
    if let Some(project) = project() {
        once_alone_is_told(&project, "ShopTest::testOnce", &["--suite", "phpunit"]);
    }
}

#[test]
fn what_is_risky_or_warned_of_fails_where_a_project_says_so() {
    let Some(project) = project() else { return };
    let settings = "<phpunit failOnRisky=\"true\" failOnWarning=\"true\"><testsuites><testsuite name=\"all\"><directory>tests</directory></testsuite></testsuites></phpunit>";
    let project = project.with("phpunit.xml", settings);
    let run = ["run", "--suite", "phpunit", "--seed", "1", "--effort", "quick", "--no-leaks"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    for (name, verdict) in [
        ("AsksNothing", "broken"),
        ("Warns", "broken"),
        ("Fills", "stable"),
        ("IsToDo", "skipped"),
        ("Once", "non_idempotent"),
    ] {
        let found = case(&report, &format!("ShopTest::test{name}"));
        assert_eq!(found["verdict"], verdict, "{found:#}");
    }
}
