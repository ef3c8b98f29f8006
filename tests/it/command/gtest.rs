//! A program of GoogleTest, which plays orders by seeds of its own shuffle.

use crate::cli::kit::{Project, case, verdicts};
use std::process::Command;
use std::time::Duration;

/// A victim that is listed first and its polluter, which is listed last; others between them.
const TESTS: &str = r#"
#include <gtest/gtest.h>
static int price = 3;
TEST(Shop, AsksThePrice) { EXPECT_EQ(price, 3); }
TEST(Shop, Counts) { EXPECT_EQ(1 + 1, 2); }
TEST(Shop, DISABLED_Sells) { FAIL(); }
TEST(Tea, IsHot) { EXPECT_TRUE(true); }
TEST(Tea, IsGreen) { EXPECT_STREQ("green", "green"); }
TEST(Coffee, IsBroken) { EXPECT_EQ(1, 2); }
class Rows : public testing::TestWithParam<int> {};
TEST_P(Rows, AreFilled) { EXPECT_GT(GetParam(), 0); }
INSTANTIATE_TEST_SUITE_P(All, Rows, testing::Values(1, 2, 3));
TEST(Sale, LowersThePrice) { price = 1; EXPECT_EQ(price, 1); }
"#;

/// A project with the program, built; nothing where there is no compiler or no GoogleTest.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn built() -> Option<Project> {
    let project = Project::new().with("shop.cc", TESTS);
    let mut compiler = Command::new("c++");
    compiler.current_dir(project.path("")).args([
        "-std=c++14",
        "shop.cc",
        "-o",
        "shop",
        "-lgtest",
        "-lgtest_main",
        "-pthread",
    ]);
    let has_built = compiler.output().is_ok_and(|run| run.status.success());
    if !has_built {
        eprintln!("skipped: nothing here builds a program of GoogleTest");
    }
    has_built.then_some(project)
}

#[test]
fn a_victim_that_is_listed_before_its_polluter_is_found_by_googletests_own_shuffle() {
    let Some(project) = built() else { return };
    let run = ["run", "--suite", "gtest", "--seed", "1", "--", "./shop"];
    let ended = project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    let victim = case(&report, "Shop.AsksThePrice");
    assert_eq!(victim["verdict"], "order_dependent", "{victim:#}");
    assert_eq!(victim["polluters"], serde_json::json!([["Sale.LowersThePrice"]]), "{victim:#}");
    assert_eq!(case(&report, "Coffee.IsBroken")["verdict"], "broken");
    for (id, verdict) in verdicts(&report) {
        let is_told = id == "Shop.AsksThePrice" || id == "Coffee.IsBroken";
        assert!(is_told || verdict == "stable" || verdict == "skipped", "{id}: {verdict}");
    }
    // The line that GoogleTest alone needs is printed, and fails when it is typed.
    let line = victim["brief"]["repeat"].as_str().unwrap_or_default();
    assert!(line.contains("--gtest_shuffle") && ended.out.contains("--gtest_random_seed="), "{line}\n{}", ended.out);
    let typed = Command::new("sh").args(["-c", line]).current_dir(project.path("")).output().expect("a shell");
    assert!(!typed.status.success(), "{}", String::from_utf8_lossy(&typed.stdout));
    project.assert_nothing_left();
}
