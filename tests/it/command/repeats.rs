//! Cases that fail when they run a second time in one process, and their healthy twins, where a runner's driver runs a case again.

use crate::cli::kit::{Project, case, verdicts};
use crate::command::kit::{has_python, node_modules};
use serde_json::json;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

/// One that notices its own traces; others that clean up, prepare themselves, or are used up by their first run.
const UNITTEST: &str = r#"
import doctest, sys, unittest
SEEN = []
def price(n):
    """
    >>> amount = 3
    >>> price(amount)
    6
    """
    return n * 2
def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite(sys.modules[__name__]))
    return tests
class Shop(unittest.TestCase):
    def test_once(self):
        self.assertEqual(SEEN, [])
        SEEN.append(1)
    def test_cleans(self):
        self.addCleanup(SEEN.clear)
        self.assertFalse(getattr(self, "has_run", False))
        self.has_run = True
class Kept(unittest.TestCase):
    def setUp(self): self.rows = []
    def test_fills(self):
        self.assertEqual(self.rows, [])
        self.rows.append(1)
class Waits(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self): self.ready = True
    async def test_a(self): self.assertTrue(self.ready)
"#;

const NODE: &str = r"
const assert = require('node:assert');
const { beforeEach, describe, test } = require('node:test');
let first = true;
test('once', () => { assert.ok(first); first = false; });
test('fine', (t, done) => setImmediate(done));
describe('rows', () => {
  let rows;
  beforeEach(() => { rows = []; });
  test('are filled', async () => { assert.deepEqual(rows, []); rows.push(1); });
  test('are skipped', { skip: 'no' }, () => { throw new Error(); });
});
";

/// Jest numbers the snapshots of a test, and those of each hint by themselves: the second run finds the first one's again.
const JEST: &str = r"
let first = true;
test('once', () => { expect(first).toBe(true); first = false; });
test('matches', () => { expect({ tea: 1 }).toMatchSnapshot(); expect({ tea: 2 }).toMatchSnapshot(); });
test('matches by name', () => { expect({ tea: 3 }).toMatchSnapshot('named'); expect({ tea: 4 }).toMatchSnapshot('named'); });
test.each([1, 2])('counts to %d', (n) => { expect.assertions(1); expect(n).toBeGreaterThan(0); });
test.failing('is known to fail', () => { throw new Error('known'); });
describe('rows', () => {
  let rows;
  beforeEach(() => { rows = []; });
  test('are filled', async () => { expect(rows).toEqual([]); rows.push(1); });
  test.todo('are sold');
});
";

const SNAPSHOT: &str = "// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n\n\
    exports[`matches 1`] = `\n{\n  \"tea\": 1,\n}\n`;\n\nexports[`matches 2`] = `\n{\n  \"tea\": 2,\n}\n`;\n\n\
    exports[`matches by name: named 1`] = `\n{\n  \"tea\": 3,\n}\n`;\n\n\
    exports[`matches by name: named 2`] = `\n{\n  \"tea\": 4,\n}\n`;\n";

/// `once` alone is told, as a warning, and each other case is well.
pub(super) fn once_alone_is_told(project: &Project, once: &str, words: &[&str]) {
    let run = [&["run", "--seed", "1", "--effort", "quick", "--no-leaks"], words].concat();
    project.start(&run).wait_within(Duration::from_secs(600)).exits(0);
    let report = project.report();
    let found = case(&report, once);
    assert_eq!(found["verdict"], "non_idempotent", "{found:#}");
    assert!(found.to_string().contains("fails the second time in one process"), "{found:#}");
    let notes = report["notes"].to_string();
    assert!(!notes.contains("a second time in one process"), "{notes}");
    let others = verdicts(&report).into_iter().filter(|(id, _)| id != once);
    let ill: Vec<_> = others.filter(|(_, verdict)| verdict != "stable" && verdict != "skipped").collect();
    assert_eq!(json!(ill), json!([]), "{report:#}");
}

#[test]
fn unittest_runs_a_test_again_as_it_was() {
    if has_python() {
        let project = Project::new().with("test_shop.py", UNITTEST);
        once_alone_is_told(&project, "test_shop.Shop.test_once", &[]);
        let found = project.report();
        assert_eq!(case(&found, "test_shop.Shop.test_once")["causes"][0]["name"], "test_shop.SEEN", "{found:#}");
    }
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn node_runs_a_test_again() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: there is no node");
        return;
    }
    let project = Project::new().with("shop.test.js", NODE);
    once_alone_is_told(&project, "shop.test.js > once", &["--suite", "node"]);
}

#[test]
fn jest_runs_a_test_again_with_the_snapshots_of_the_first_time() {
    let Some(modules) = node_modules() else { return };
    let project = Project::new()
        .with("package.json", "{}")
        .with("shop.test.js", JEST)
        .with("__snapshots__/shop.test.js.snap", SNAPSHOT);
    symlink(modules, project.path("node_modules")).expect("a link");
    once_alone_is_told(&project, "shop.test.js > once", &["--suite", "jest", "--", "--ci"]);
}
