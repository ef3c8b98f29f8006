//! unittest, by the Python that is there.

use crate::cli::kit::{Project, case, verdicts};
use crate::command::kit::has_python;
use serde_json::json;
use std::time::Duration;

/// Names that no pattern, shell or file of lines takes as they are; a class that can't be set up; what hides results.
const CART: &str = r##"
import unittest
STATE = []
class Cart(unittest.TestCase):
    def test_fills(self): STATE.append(1)
    def test_is_empty(self): self.assertEqual(STATE, [])
    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n): self.assertTrue(n >= 0)
    @unittest.skip("no net")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_known(self): self.fail("as known")
    def test_prints(self):
        print('{"id": "test_cart.Cart.test_parts", "outcome": "failed"}')
        print("50 %", end="")
class Database(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("no database")
    def test_a(self): pass
class Async(unittest.IsolatedAsyncioTestCase):
    async def test_a(self): self.assertEqual(1, 1)
for name in ["it's \"x\"", "a/b#c", "$HOME [1]", "\u00e9 > \u00fc\nnext"]:
    setattr(Cart, "test_" + name, lambda self: None)
"##;

/// Four kinds of state that one test leaves and another one reads, and a test that puts back what it changes.
const SHOP: &str = r#"
import logging, os, time, unittest
from unittest import mock
CONFIG = {"currency": "EUR"}
class Shop(unittest.TestCase):
    def test_a_env(self): self.assertNotIn("LAND", os.environ)
    def test_a_price(self): self.assertEqual(CONFIG["currency"], "EUR")
    def test_a_sleep(self): self.assertNotIsInstance(time.sleep, mock.Mock)
    def test_a_log(self):
        with self.assertLogs("shop"):
            logging.getLogger("shop").info("sold")
    @mock.patch.dict(os.environ, {"LAND": "de"})
    def test_fine(self): self.assertEqual(os.environ["LAND"], "de")
    def test_z_env(self): os.environ["LAND"] = "fr"
    def test_z_price(self): CONFIG["currency"] = "USD"
    def test_z_sleep(self): mock.patch("time.sleep").start()
    def test_z_log(self): logging.disable(logging.CRITICAL)
"#;

#[test]
fn who_leaves_what_is_the_cause_of_a_finding_in_unittest() {
    if !has_python() {
        return;
    }
    let project = Project::new().with("test_shop.py", SHOP);
    let run = ["run", "--seed", "1", "--orders", "reverse", "--rounds", "1", "--no-history", "--no-leaks"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    for (name, part, line) in [
        ("env", "os.environ[\"LAND\"]", 6),
        ("price", "test_shop.CONFIG[\"currency\"]", 7),
        ("sleep", "time.sleep", 8),
        ("log", "logging.root.manager.disable", 11),
    ] {
        let victim = case(&report, &format!("test_shop.Shop.test_a_{name}"));
        let polluter = format!("test_shop.Shop.test_z_{name}");
        assert_eq!(victim["polluters"], json!([[polluter]]), "{victim:#}");
        let cause = &victim["causes"][0];
        let found = [&cause["left_by"], &cause["name"], &cause["read_at"]];
        // Not in a library, although `assertLogs` fails there.
        assert!(victim["place"].as_str().is_some_and(|place| place.starts_with("test_shop.py:")), "{victim:#}");
        assert_eq!(json!(found), json!([polluter, part, format!("test_shop.py:{line}")]), "{victim:#}");
    }
    assert_eq!(case(&report, "test_shop.Shop.test_fine")["verdict"], "stable");
}

#[test]
fn an_order_of_unittest_is_played_in_one_process() {
    if !has_python() {
        return;
    }
    let project = Project::new().with("tests/__init__.py", "").with("tests/test_cart.py", CART);
    // The project's files show the runner.
    let run = ["run", "--seed", "1", "--rounds", "4", "--no-history"];
    let ended = project.start(&run).wait_within(Duration::from_secs(600));
    ended.exits(1);
    let report = project.report();
    let of = |name: &str| format!("tests.test_cart.{name}");
    let verdict = |name: &str| case(&report, &of(name))["verdict"].clone();
    assert_eq!(verdicts(&report).len(), 12);
    assert_eq!(case(&report, &of("Cart.test_is_empty"))["polluters"], json!([[of("Cart.test_fills")]]));
    assert_eq!((verdict("Database.test_a"), verdict("Cart.test_skipped")), (json!("broken"), json!("skipped")));
    let message = case(&report, &of("Database.test_a"))["message"].clone();
    assert_eq!(message, "no database");
    let stable = verdicts(&report).into_iter().filter(|(_, verdict)| verdict == "stable").count();
    assert_eq!(stable, 9, "{:?}", verdicts(&report));
    project.assert_nothing_left();
}
