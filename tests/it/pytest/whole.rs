//! Options that change how a suite is run, and what is said of it.

use crate::cli::kit::case;
use crate::pytest::kit::Suite;

const PAIR: &str = "state = []\ndef test_victim(): assert not state\ndef test_polluter(): state.append(1)\n";

#[test]
fn fresh_processes_find_the_same() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_pair.py", PAIR);
    suite.command("run", &["--fresh-process", "--rounds", "2"]).exits(1);
    assert_eq!(case(&suite.project.report(), "test_pair.py::test_victim")["verdict"], "order_dependent");
    suite.project.assert_nothing_left();
}

#[test]
fn arguments_after_two_dashes_go_to_pytest_and_a_filter_chooses_among_what_it_collects() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_pair.py", PAIR).with("test_other.py", "def test_a(): pass\ndef test_b(): pass\n");
    let listed = |more: &[&str]| suite.command("list", more).exits(0).out;
    assert_eq!(listed(&["--", "-k", "test_a or test_victim"]), "test_other.py::test_a\ntest_pair.py::test_victim\n");
    assert_eq!(listed(&["--filter", "test_other.py::*", "--", "-x"]), "test_other.py::test_a\ntest_other.py::test_b\n");
    suite
        .command("run", &["--rounds", "2", "--", "test_other.py", "-x"])
        .exits(0)
        .says(&["-x and --maxfail do not count"]);
}

#[test]
fn the_hash_seeds_of_rounds_vary_and_stand_in_the_journal() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_one.py", "def test_a(): pass\ndef test_b(): pass\n");
    suite.command("run", &["--seed", "1", "--rounds", "3"]).exits(0);
    let journal = suite.project.journal();
    let seeds = journal.iter().filter_map(|entry| entry["event"].get("round_started")?["hash_seed"].as_u64());
    let distinct: std::collections::BTreeSet<u64> = seeds.collect();
    assert_eq!(distinct.len(), 3, "{distinct:?}");
}
