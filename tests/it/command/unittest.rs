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
