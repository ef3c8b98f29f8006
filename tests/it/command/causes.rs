//! What a case of a JavaScript suite leaves changed, told as the cause of what fails after it.

use crate::cli::kit::{Project, case, verdicts};
use crate::command::kit::node_modules;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const SHOP: &str = "
const config = { currency: 'USD', token: 'x' };
module.exports = { config, price: () => 3 };
";

/// Pairs of a case that leaves something and one that fails after it, and healthy ones that put back what they change.
const TESTS: &str = r"
const assert = require('node:assert');
const { it, mock } = require('node:test');
const shop = require('./shop.js');
let mode = 'plain';
const seen = [];
it('sets the currency', () => { shop.config.currency = 'EUR'; seen.push('noise'); });
it('reads the currency', () => { assert.strictEqual(shop.config.currency, 'USD'); });
it('mocks the price', () => { mock.method(shop, 'price', () => 7); });
it('asks for the price', () => { assert.strictEqual(shop.price(), 3); });
it('sets the mode', () => { mode = 'fancy'; });
it('reads the mode', () => { assert.strictEqual(mode, 'plain'); });
it('sets a variable', () => { process.env.RATE = '2'; });
it('reads a variable', () => { assert.strictEqual(process.env.RATE, undefined); });
it('puts all back', () => { globalThis.rate = 1; shop.config.token = 'y'; shop.config.token = 'x'; delete globalThis.rate; });
";

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn who_leaves_what_is_the_cause_of_a_finding_in_node() {
    if !Command::new("node").arg("--version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no node");
        return;
    }
    let project = Project::new().with("package.json", "{}").with("shop.js", SHOP).with("a.test.js", TESTS);
    let run = ["run", "--suite", "node", "--seed", "1", "--orders", "declared", "--rounds", "1", "--effort", "quick"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    let id = |title: &str| format!("a.test.js > {title}");
    let accused: Vec<String> =
        verdicts(&report).into_iter().filter(|(_, verdict)| verdict != "stable").map(|(id, _)| id).collect();
    assert_eq!(accused.len(), 4, "{accused:?}");
    let cause = |victim: &str| -> Value {
        let causes = case(&report, &id(victim))["causes"].clone();
        assert_eq!(causes.as_array().map(Vec::len), Some(1), "{victim}: {causes}");
        causes[0].clone()
    };
    let check = |victim: &str, polluter: &str, name: &str, values: (Option<&str>, &str)| {
        let cause = cause(victim);
        assert_eq!(cause["left_by"], id(polluter), "{cause}");
        assert_eq!((cause["name"].as_str(), cause["before"].as_str()), (Some(name), values.0), "{cause}");
        assert_eq!(cause["after"], values.1, "{cause}");
    };
    check("reads the currency", "sets the currency", "shop.js: config.currency", (Some("\"USD\""), "\"EUR\""));
    check("asks for the price", "mocks the price", "shop.js: price", (Some("function price"), "a mock"));
    check("reads the mode", "sets the mode", "a.test.js: mode", (Some("\"plain\""), "\"fancy\""));
    check("reads a variable", "sets a variable", "process.env.RATE", (None, "\"2\""));
    assert_eq!(cause("reads the mode")["read_at"], "a.test.js:12");
    assert_eq!(cause("reads a variable")["fix"], "put process.env.RATE back in an afterEach hook");
    project.assert_nothing_left();
}

/// What the driver for Vitest sees: the rest of a finding is the same for all runners.
const MODULE: &str = "
export const config = { currency: 'USD', token: 'x' };
let mode = 'plain';
export const setMode = (to) => { mode = to; };
export const isPlain = () => mode === 'plain';
";

const LEAVING: &str = r"
import { expect, test, vi } from 'vitest';
import { config, isPlain, setMode } from './shop.js';
test('leaves things', () => {
  config.currency = 'EUR';
  setMode('fancy');
  process.env.RATE = '2';
  globalThis.rate = 7;
  vi.useFakeTimers();
});
test('puts all back', () => { config.token = 'y'; config.token = 'x'; globalThis.tax = 1; delete globalThis.tax; });
test('reads', () => { expect([config.currency, isPlain(), process.env.RATE]).toEqual(['USD', false, undefined]); });
";

const VITEST: [&str; 6] = [
    "state.cjs",
    "state-snapshot.cjs",
    "state-functions.cjs",
    "state-handles.cjs",
    "vitest-launch.mjs",
    "vitest-runner.mjs",
];

/// What Vitest's driver tells of these tests in their order, looking at one of them and putting parts back after it.
fn told_by_vitest(project: &Project, watched: &str, put_back: &[&str]) -> Vec<Value> {
    let (results, cases) = (project.path("results"), project.path("cases"));
    let id = |title: &str| format!("a.test.js > {title}");
    let line =
        |title: &str| serde_json::json!({ "id": id(title), "path": project.path("a.test.js") }).to_string() + "\n";
    std::fs::write(&cases, ["leaves things", "puts all back", "reads"].map(line).concat()).expect("the cases");
    // Of an earlier play.
    let _ = std::fs::remove_file(&results);
    let played = Command::new("node")
        .arg(project.path("drivers/vitest-launch.mjs"))
        .args(["run".as_ref(), results.as_os_str(), cases.as_os_str(), "--".as_ref()])
        .current_dir(project.path("."))
        .env("STEADFAST_WATCH", id(watched))
        .env("STEADFAST_RESTORE", serde_json::json!(put_back).to_string())
        .output()
        .expect("node runs");
    let told = std::fs::read_to_string(&results).unwrap_or_else(|error| panic!("{error}: {played:?}"));
    told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn what_a_case_leaves_in_vitest_is_told_and_put_back() {
    let Some(modules) = node_modules() else { return };
    let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapter/command/drivers");
    let project = Project::new().with("package.json", "{}").with("shop.js", MODULE).with("a.test.js", LEAVING);
    let project = VITEST.into_iter().fold(project, |project, name| {
        project.with(&format!("drivers/{name}"), std::fs::read(drivers.join(name)).expect("the driver"))
    });
    std::os::unix::fs::symlink(modules, project.path("node_modules")).expect("a link");
    let marks = |told: &[Value]| {
        told.iter().find_map(|line| line["marks"].as_array().cloned()).unwrap_or_else(|| panic!("no marks: {told:?}"))
    };
    let end = |told: &[Value]| told.iter().rev().find_map(|line| line["outcome"].as_str().map(str::to_owned));
    let told = told_by_vitest(&project, "leaves things", &[]);
    let left = marks(&told);
    let seen: Vec<(&str, Option<&str>, &str)> = left
        .iter()
        .map(|mark| {
            (
                mark["name"].as_str().unwrap_or_default(),
                mark["before"].as_str(),
                mark["after"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    for expected in [
        ("shop.js: config.currency", Some("\"USD\""), "\"EUR\""),
        ("shop.js: mode", Some("\"plain\""), "\"fancy\""),
        ("process.env.RATE", None, "\"2\""),
        ("globalThis.rate", None, "7"),
    ] {
        assert!(seen.contains(&expected), "{expected:?} is not among {seen:?}");
    }
    assert!(seen.len() == 5 && seen.iter().any(|(name, ..)| name.starts_with("fake timers")), "{seen:?}");
    assert_eq!(end(&told).as_deref(), Some("failed"));
    let healed = told_by_vitest(&project, "leaves things", &["shop.js: config.currency", "process.env.RATE"]);
    assert_eq!(end(&healed).as_deref(), Some("passed"), "{healed:?}");
    assert_eq!(marks(&told_by_vitest(&project, "puts all back", &[])), Vec::<Value>::new());
}
