//! Verdicts on tests that depend on orders, on chance, or on neither.

use crate::cli::kit::{case, verdicts};
use crate::pytest::kit::{Suite, notes, sequences};

/// The truth about `fixtures/suites/orders`.
const TRUTH: &[(&str, &str)] = &[
    ("test_victim_of_the_environment", "order_dependent"),
    ("test_polluter_of_the_environment", "stable"),
    ("test_victim_of_either", "order_dependent"),
    ("test_one_polluter", "stable"),
    ("test_other_polluter", "stable"),
    ("test_victim_of_two", "order_dependent"),
    ("test_first_of_two", "stable"),
    ("test_second_of_two", "stable"),
    ("test_victim_of_a_failing_one", "order_dependent"),
    ("test_failing_polluter", "broken"),
    ("test_state_setter", "stable"),
    ("test_brittle", "order_dependent"),
    ("test_broken", "broken"),
    ("test_by_hash_seed", "intermittent"),
    ("test_skipped", "skipped"),
    ("test_expected_failure", "stable"),
    ("test_healthy[1]", "stable"),
    ("test_healthy[2]", "stable"),
];

#[test]
fn every_way_of_depending_on_an_order_gets_its_verdict_and_its_causes() {
    let Some(suite) = Suite::of_fixture("orders") else { return };
    let before = suite.files();
    suite.command("run", &["--seed", "1"]).exits(1).says(&["plain pytest agrees 18 of 18"]);
    assert_eq!(suite.files(), before, "something was written into the suite");
    let report = suite.project.report();
    let expected: Vec<(String, String)> =
        TRUTH.iter().map(|(name, verdict)| (format!("test_orders.py::{name}"), (*verdict).to_owned())).collect();
    assert_eq!(verdicts(&report), expected);
    let polluters = |name: &str| {
        let mut found = sequences(case(&report, &format!("test_orders.py::{name}")), "polluters");
        found.sort();
        found
    };
    assert_eq!(polluters("test_victim_of_the_environment"), [["test_polluter_of_the_environment"]]);
    assert_eq!(polluters("test_victim_of_either"), [["test_one_polluter"], ["test_other_polluter"]]);
    assert_eq!(polluters("test_victim_of_two"), [["test_first_of_two", "test_second_of_two"]]);
    assert_eq!(polluters("test_victim_of_a_failing_one"), [["test_failing_polluter"]]);
    let brittle = case(&report, "test_orders.py::test_brittle");
    assert_eq!(sequences(brittle, "state_setters"), [["test_state_setter"]]);
    let summary = suite.project.run(&["report", "--format", "markdown"]);
    summary.says(&["times alone, 0 of", "unless test_orders.py::test_state_setter ran before it"]);
    let journal = suite.project.read("reports/latest/events.jsonl");
    for told in [
        r#""name":"os.environ[\"SHOP_MODE\"]","after":"\"test\"","decides":true"#,
        "test_failing_polluter fails itself",
        r#""hash_seeds":{"fails":"#,
        r#""runner_line":{"runner":"pytest","line":"cd "#,
        "-m pytest test_orders.py::test_polluter_of_the_environment test_orders.py::test_victim_of_the_environment",
    ] {
        assert!(journal.contains(told), "`{told}` is not in the journal");
    }
    suite.project.assert_nothing_left();
}

#[test]
fn what_a_victim_wrote_where_it_passed_is_kept_once_without_secrets_and_shown_beside_its_failure() {
    let Some(suite) = Suite::empty() else { return };
    let key = "Bearer sk-live-0123456789abcdefghij";
    let text = format!(
        "state = []\ndef test_healthy(): print('nobody reads this')\n\
         def test_victim():\n    print('the state is', state, 'as {key}')\n    assert not state\n\
         def test_polluter(): state.append(1)\n"
    );
    let suite = suite.with("test_pair.py", &text);
    suite.command("run", &["--rounds", "3"]).exits(1);
    let journal = suite.project.read("reports/latest/events.jsonl");
    assert_eq!(journal.matches(r#""output":"#).count(), 1, "of the victim, once");
    assert!(journal.contains("the state is [] as") && !journal.contains("nobody reads this"));
    assert!(!journal.contains("sk-live-0123456789"), "the secret is taken out");
    let page = suite.project.read("reports/latest/report.html");
    for side in ["the state is [1] as", "the state is [] as"] {
        assert!(page.contains(&format!("<mark class=\"differs\">{side}")), "{side}");
    }
    suite.project.run(&["report", "--format", "markdown"]).says(&["<b>Log</b>: only where it failed (round"]);
}

#[test]
fn a_repro_shows_its_finding_again() {
    let Some(suite) = Suite::empty() else { return };
    let text = "state = []\ndef test_victim(): assert not state\ndef test_polluter(): state.append(1)\n";
    let suite = suite.with("test_pair.py", text);
    suite.command("run", &[]).exits(1);
    let report = suite.project.report();
    let repro = case(&report, "test_pair.py::test_victim")["repro"].as_str().expect("a repro").to_owned();
    suite.again(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["shows (5 of 5)"]);
    suite
        .with("test_pair.py", "state = []\ndef test_victim(): assert not state\ndef test_polluter(): pass\n")
        .again(&["repro", &format!("reports/latest/{repro}")])
        .exits(0)
        .says(&["gone (0 of 5)"]);
}

#[test]
fn however_many_victims_there_are_each_gets_the_name_of_its_own_polluter() {
    let Some(suite) = Suite::empty() else { return };
    let pairs: Vec<String> = (0..40).map(|pair| format!("{pair:02}")).collect();
    let mut text = "state = set()\n".to_owned();
    for pair in &pairs {
        text.push_str(&format!("def test_victim_{pair}(): assert '{pair}' not in state\n"));
        text.push_str(&format!("def test_polluter_{pair}(): state.add('{pair}')\n"));
    }
    let suite = suite.with("test_pairs.py", &text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    for pair in &pairs {
        let victim = case(&report, &format!("test_pairs.py::test_victim_{pair}"));
        assert_eq!(sequences(victim, "polluters"), [[format!("test_polluter_{pair}")]], "{victim:#}");
        assert_eq!(case(&report, &format!("test_pairs.py::test_polluter_{pair}"))["verdict"], "stable");
    }
}

#[test]
fn a_test_that_can_run_once_only_is_not_idempotent_and_depends_on_no_order() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os\nseen = []\ndef test_once():\n    assert 'SHOP_SEEN' not in os.environ\n    \
                os.environ['SHOP_SEEN'] = 'yes'\ndef test_cleans_up():\n    assert not seen\n    seen.append(1)\n    \
                seen.clear()\n";
    let suite = suite.with("test_once.py", text);
    suite.command("run", &["--seed", "1"]).exits(0).says(&[
        "non_idempotent (warns)",
        "failed 9 of 9 times when it ran again, 0 of 9 alone",
        "it passes the first time and fails the second time in one process",
    ]);
    let report = suite.project.report();
    assert!(suite.project.read("reports/latest/events.jsonl").contains("SHOP_SEEN"));
    let once = case(&report, "test_once.py::test_once");
    assert_eq!((once["verdict"].as_str(), once.get("polluters")), (Some("non_idempotent"), None), "{once:#}");
    assert_eq!(case(&report, "test_once.py::test_cleans_up")["verdict"], "stable");
}

#[test]
fn a_test_that_fails_in_the_probes_of_another_only_is_looked_into_as_well() {
    let Some(suite) = Suite::empty() else { return };
    let text = "state = set()\ndef test_state_setter(): state.add('set')\ndef test_both():\n    state.add('dirt')\n    \
                assert 'set' in state\ndef test_victim(): assert 'dirt' not in state\n";
    let suite = suite.with("test_both.py", text);
    suite.command("run", &["--orders", "declared", "--no-alone"]).exits(1);
    let report = suite.project.report();
    let of = |name: &str| case(&report, &format!("test_both.py::{name}"));
    assert_eq!(sequences(of("test_victim"), "polluters"), [["test_both"]], "{report:#}");
    assert_eq!(sequences(of("test_both"), "state_setters"), [["test_state_setter"]], "{report:#}");
    assert_eq!(of("test_state_setter")["verdict"], "stable");
}

#[test]
fn a_failure_by_chance_is_intermittent_and_its_neighbour_is_not_blamed() {
    let Some(suite) = Suite::of_fixture("chance") else { return };
    suite.command("run", &["--seed", "1", "--rounds", "20"]).exits(1);
    let report = suite.project.report();
    let verdict = |name: &str| case(&report, &format!("test_chance.py::{name}"))["verdict"].clone();
    assert_eq!(verdict("test_by_chance"), "intermittent");
    assert_eq!(verdict("test_healthy"), "stable");
}

#[test]
fn odd_ids_survive_and_fixtures_are_set_up_as_by_pytest() {
    let Some(suite) = Suite::of_fixture("odd") else { return };
    suite.command("run", &["--seed", "1"]).exits(0).says(&["PASSED", "plain pytest agrees"]);
    let listed = suite.command("list", &[]).exits(0).out;
    let count = suite.project.report()["cases"].as_array().expect("cases").len();
    assert_eq!(listed.lines().count(), count, "each id stands on one line:\n{listed}");
    // What is listed is an order.
    suite.project.write("order.txt", &listed);
    suite.command("run", &["--order", "order.txt"]).exits(0);
    let noted = notes(&suite.project);
    assert!(!noted.iter().any(|note| note.contains("there is no case")), "{noted:#?}");
}
