//! PHPUnit's tests: what runs again in one process, what PHPUnit runs in a process of its own, and what is risky or warned of, which
//! passes unless a project says otherwise.

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

/// Sets what the driver has variables for, and what a test reads.
const BOOTSTRAP: &str =
    "<?php\n$configuration = ['mine']; $options = 'mine'; $suite = null; $result = 1; $names = 7; $currency = 'EUR';\n";

const APART: &str = r"<?php
use PHPUnit\Framework\TestCase;
final class ApartTest extends TestCase {
    private static bool $first = true;
    /** @runInSeparateProcess */
    public function testApart(): void { $this->assertTrue(self::$first); self::$first = false; $this->assertSame('EUR', $GLOBALS['currency']); }
    public function testReads(): void { $this->assertSame(['mine'], $GLOBALS['configuration']); }
    public function testOnce(): void { $this->assertTrue(self::$first); self::$first = false; }
}
";

#[test]
fn a_test_runs_in_a_process_of_its_own_and_a_bootstrap_may_use_any_name() {
    let Some(project) = project() else { return };
    let settings = "<phpunit bootstrap=\"tests/bootstrap.php\"><testsuites><testsuite name=\"all\"><file>tests/ApartTest.php</file></testsuite></testsuites></phpunit>";
    let project =
        project.with("phpunit.xml", settings).with("tests/bootstrap.php", BOOTSTRAP).with("tests/ApartTest.php", APART);
    once_alone_is_told(&project, "ApartTest::testOnce", &["--suite", "phpunit"]);
}
