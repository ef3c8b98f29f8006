//! Jest and Vitest, where they are: the packages of `tests/node/package.json` in `STEADFAST_NODE_MODULES`.

use crate::cli::kit::{Project, case, verdicts};
use crate::command::kit::node_modules;
use crate::pytest::kit::notes;
use serde_json::json;
use std::os::unix::fs::symlink;
use std::time::Duration;

const CART: &str = "exports.items = []; exports.add = (item) => exports.items.push(item);";

/// A test that fills a module's list for good, one that needs it empty, and others that must not be drawn into it.
const CART_TESTS: &str = r"
const cart = require('./cart.js');
describe('cart', () => {
  test('takes (one) $item > and keeps it', () => { cart.add('apple'); expect(cart.items).toContain('apple'); });
  describe('later', () => { test('is empty', () => { expect(cart.items).toEqual([]); }); });
  test.each([1, 2])('counts to %i', (n) => { expect(n).toBeGreaterThan(0); });
  test.skip('is skipped', () => {});
});
test('is broken', () => { expect(1 + 1).toBe(3); });
";

/// Each file has its own modules, so the same name here is no victim.
const TWIN_TESTS: &str = r"
const cart = require('./cart.js');
test('cart later is empty', () => { expect(cart.items).toEqual([]); });
";

/// A project with the runner's packages; nothing where there are none.
fn project(runner: &str) -> Option<Project> {
    let modules = node_modules()?;
    let header = match runner {
        "vitest" => {
            "import { createRequire } from 'node:module';\nimport { describe, expect, test } from 'vitest';\n\
                     const require = createRequire(import.meta.url);\n"
        }
        _ => "",
    };
    let project = Project::new()
        .with("package.json", "{}")
        .with("src/cart.js", CART)
        .with("src/cart.test.js", format!("{header}{CART_TESTS}"))
        .with("src/twin.test.js", format!("{header}{TWIN_TESTS}"));
    symlink(modules, project.path("node_modules")).expect("a link");
    Some(project)
}

fn the_truth_is_found(runner: &str) {
    let Some(project) = project(runner) else { return };
    let suite = format!("command:{runner}");
    let run = ["run", "--suite", &suite, "--seed", "1", "--orders", "declared", "--rounds", "1"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    let cart = |title: &str| format!("src/cart.test.js > {title}");
    let taker = cart("cart takes (one) $item > and keeps it");
    let empty = cart("cart later is empty");
    let mut expected = [
        (taker.clone(), "stable"),
        (empty.clone(), "order_dependent"),
        (cart("cart counts to 1"), "stable"),
        (cart("cart counts to 2"), "stable"),
        (cart("is broken"), "broken"),
        ("src/twin.test.js > cart later is empty".to_owned(), "stable"),
        (cart("cart is skipped"), "skipped"),
    ];
    expected.sort();
    let mut found = verdicts(&report);
    found.sort();
    let expected: Vec<(String, String)> = expected.into_iter().map(|(id, verdict)| (id, verdict.to_owned())).collect();
    assert_eq!(found, expected);
    assert_eq!(case(&report, &empty)["polluters"], json!([[taker]]));
    let agreement = format!("plain {runner} agrees 7 of 7");
    assert!(notes(&project).contains(&agreement), "{:?}", notes(&project));
    let broken = case(&report, &cart("is broken"));
    assert!(broken["message"].as_str().is_some_and(|text| text.contains("Object.is equality")), "{broken:#}");
    assert!(broken["place"].as_str().is_some_and(|place| place.starts_with("src/cart.test.js:")), "{broken:#}");
    project.assert_nothing_left();
}

#[test]
fn jest_runs_as_it_is() {
    the_truth_is_found("jest");
}

#[test]
fn vitest_runs_as_it_is() {
    the_truth_is_found("vitest");
}

#[test]
fn a_file_that_can_not_be_loaded_is_told_with_its_reason() {
    for (runner, import) in [("jest", "require('./nothing.js')"), ("vitest", "import './nothing.js'")] {
        let Some(project) = project(runner) else { return };
        project.write("src/bad.test.js", import);
        let suite = format!("command:{runner}");
        let ended = project.start(&["list", "--suite", &suite]).wait_within(Duration::from_secs(600));
        ended.exits(2).says(&["could not be listed", "src/bad.test.js: ", "Cannot find module './nothing.js'"]);
    }
}

fn jest(project: &Project, more: &[&str]) -> crate::cli::kit::Ended {
    let run = ["run", "--suite", "jest", "--seed", "1", "--no-history"];
    project.start(&[&run, more].concat()).wait_within(Duration::from_secs(900))
}

/// Jest shuffles for itself here: the listing comes in another order each time, and orders are ours all the same.
#[test]
fn a_jest_that_shuffles_is_played_in_the_orders_asked_for() {
    let Some(project) = project("jest") else { return };
    std::fs::remove_dir_all(project.path("src")).expect("removed");
    project.write("package.json", r#"{"jest": {"testEnvironment": "node", "randomize": true}}"#);
    let tests = "let mode = 'plain';
test('reads the mode', () => { expect(mode).toBe('plain'); });
test('noise', () => {});
test('noise', () => {});
test('sets \"it\" #1 > (a|b) [$x]\\nünï', () => { mode = 'fancy'; });
";
    project.write("a.test.js", tests);
    jest(&project, &["--rounds", "2"]).exits(1);
    let report = project.report();
    let setter = "a.test.js > sets \"it\" #1 > (a|b) [$x]\nünï";
    let expected: Vec<(String, String)> = [
        ("a.test.js > noise", "stable"),
        ("a.test.js > noise [2]", "stable"),
        ("a.test.js > reads the mode", "order_dependent"),
        (setter, "stable"),
    ]
    .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()))
    .into();
    let mut found: Vec<(String, String)> = verdicts(&report).into_iter().collect();
    found.sort();
    assert_eq!(found, expected);
    let victim = case(&report, "a.test.js > reads the mode");
    assert_eq!(victim["polluters"], json!([[setter]]));
    let cause = &victim["causes"][0];
    assert_eq!((cause["name"].as_str(), cause["read_at"].as_str()), (Some("a.test.js: mode"), Some("a.test.js:2")));
    let own = project.read("reports/latest/events.jsonl");
    assert!(own.contains(r#""runner_line":{"runner":"jest""#) && own.contains("--randomize --seed="), "{victim:#}");
    project.assert_nothing_left();
}

#[test]
fn retries_of_jest_hide_no_failure() {
    let Some(project) = project("jest") else { return };
    std::fs::remove_dir_all(project.path("src")).expect("removed");
    let tests = "jest.retryTimes(4);
let n = 0;
test('fails twice, then passes', () => { n += 1; expect(n).toBe(3); });
test('passes at once', () => {});
";
    project.write("a.test.js", tests);
    jest(&project, &["--rounds", "1", "--orders", "declared"]).exits(1);
    let report = project.report();
    assert_eq!(case(&report, "a.test.js > fails twice, then passes")["verdict"], "broken");
    assert_eq!(case(&report, "a.test.js > passes at once")["verdict"], "stable");
}

#[test]
fn a_jest_that_does_not_end_is_told_with_the_file_that_keeps_it() {
    let Some(project) = project("jest") else { return };
    std::fs::remove_dir_all(project.path("src")).expect("removed");
    project
        .write("open.test.js", "test('listens', () => { require('net').createServer().listen(0, '127.0.0.1'); });\n");
    project.write("shut.test.js", "test('is quiet', () => {});\n");
    jest(&project, &["--rounds", "2"]).exits(0);
    let told = notes(&project);
    let is_told =
        told.iter().any(|note| note.contains("does not end") && note.contains("open.test.js left open: TCPServerWrap"));
    assert!(is_told, "{told:?}");
    project.assert_nothing_left();
}

#[test]
fn what_a_test_of_jest_writes_to_the_console_stands_beside_what_it_wrote_when_it_passed() {
    let Some(modules) = node_modules() else { return };
    let tests = "let price = 1;\ntest('sells', () => { price = 3; });\n\
        test('asks', () => { console.log(`GET /tea`); console.warn(`price ${price}`); expect(price).toBe(1); });\n";
    let project = Project::new().with("package.json", "{}").with("shop.test.js", tests);
    symlink(modules, project.path("node_modules")).expect("a link");
    let run = ["run", "--suite", "jest", "--seed", "1", "--effort", "quick", "--no-leaks"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let page = std::fs::read_to_string(project.path("reports/latest/report.html")).expect("a page");
    for text in
        ["beside a trial that passed: 1 line differs", "GET &#x2f;tea", ">price 3\n</mark>", ">price 1\n</mark>"]
    {
        assert!(page.contains(text), "{text}");
    }
}
