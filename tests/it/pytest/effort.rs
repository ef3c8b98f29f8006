//! What fixes a plan: nothing is added to it, whatever the effort is. And what else is tried where it is not fixed.

use crate::cli::kit::case;
use crate::pytest::kit::Suite;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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

#[test]
fn added_shuffles_have_hash_seeds_of_their_own_and_find_what_fails_under_few() {
    let Some(suite) = Suite::empty() else { return };
    let seeds = |suite: &Suite, is_added: bool| -> BTreeSet<u64> {
        let journal = suite.project.journal();
        let begun = journal.iter().filter_map(|entry| entry["event"].get("round_started"));
        let wanted = begun.filter(|begun| (begun["added"] == Value::Bool(true)) == is_added);
        wanted.filter_map(|begun| begun["hash_seed"].as_u64()).collect()
    };
    let suite = suite.with("test_few.py", "def test_few(): pass\ndef test_any(): pass\n");
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(0);
    let planned = seeds(&suite, false);
    let text = format!(
        "import os\ndef test_few(): assert int(os.environ['PYTHONHASHSEED']) in {planned:?}\ndef test_any(): pass\n"
    );
    let suite = suite.with("test_few.py", &text);
    suite.command("run", &["--seed", "1", "--no-leaks", "--effort", "1000", "--fail-fast"]).exits(1);
    let own = seeds(&suite, true);
    assert!(own.difference(&planned).next().is_some(), "{own:?} are the planned ones");
    let report = suite.project.report();
    assert_eq!(case(&report, "test_few.py::test_few")["verdict"], "intermittent");
    assert_eq!(case(&report, "test_few.py::test_any")["verdict"], "stable");
    suite.project.run(&["report", "--format", "markdown"]).says(&[
        "fails under some hash seeds of Python",
        "the hash seed decides: it fails with PYTHONHASHSEED=",
        "with the other",
    ]);
}
