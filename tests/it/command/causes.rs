//! What a case of a JavaScript suite leaves changed, told as the cause of what fails after it.

use crate::cli::kit::{Project, case, verdicts};
use serde_json::Value;
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
