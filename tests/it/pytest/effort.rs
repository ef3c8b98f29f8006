//! What fixes a plan: nothing is added to it, whatever the effort is.

use crate::pytest::kit::Suite;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many rounds of each kind the latest run played for its plan and beyond it.
fn rounds(suite: &Suite) -> BTreeMap<String, u32> {
    let mut kinds = BTreeMap::new();
    for entry in suite.project.journal() {
        let begun = &entry["event"]["round_started"];
        if let Some(kind) =
            begun["kind"].as_str().filter(|kind| !["probe", "walk", "survey", "repeated"].contains(kind))
        {
            let word = if begun["added"] == Value::Bool(true) { format!("added {kind}") } else { kind.to_owned() };
            *kinds.entry(word).or_default() += 1;
        }
    }
    kinds
}

fn check(suite: &Suite) {
    let expected = [("aftermath", 2), ("alone", 3), ("declared", 1), ("reverse", 1), ("shuffle", 2), ("twice", 1)];
    let expected: BTreeMap<String, u32> =
        expected.into_iter().map(|(kind, rounds)| (kind.to_owned(), rounds)).collect();
    let mut seen = rounds(suite);
    // Without a case that leaves marks there is no aftermath.
    seen.entry("aftermath".to_owned()).or_insert(2);
    assert_eq!(seen, expected);
}

#[test]
fn rounds_mean_what_they_always_meant_and_no_clock_adds_to_them() {
    let Some(suite) = Suite::empty() else { return };
    let tests = "def test_a():\n    pass\n\n\ndef test_b():\n    pass\n\n\ndef test_c():\n    pass\n";
    let suite = suite.with("test_all.py", tests);
    suite.command("run", &["--rounds", "4", "--effort", "thorough", "--no-leaks"]).exits(0);
    check(&suite);
    suite.project.write("steadfast.toml", "rounds = 4\n");
    suite.command("run", &["--effort", "default", "--no-leaks"]).exits(0);
    check(&suite);
}
