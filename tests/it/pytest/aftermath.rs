//! What hardly an order shows, and an aftermath does.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, sequences};
use serde_json::Value;

/// Victims of `fixtures/suites/aftermath`, each with its polluters.
const VICTIMS: &[(&str, &[&str])] = &[
    ("test_victim_of_the_cleaned", &["test_polluter_of_the_cleaned"]),
    ("test_victim_between_cleaners", &["test_polluter_between_cleaners"]),
    ("test_victim_of_two", &["test_first_together", "test_second_together"]),
    ("test_victim_of_the_chain", &["test_link_one", "test_link_two"]),
    ("test_victim_of_red", &["test_sets_red"]),
    ("test_victim_of_green", &["test_sets_green"]),
    ("test_victim_of_blue", &["test_sets_blue"]),
    ("test_victim_of_the_failing", &["test_failing_polluter"]),
    ("test_victim_that_is_healed", &["test_polluter_of_the_healed"]),
    ("test_victim_of_the_file", &["test_leaves_a_file"]),
    ("test_victim_of_the_context", &["test_sets_the_context"]),
    ("test_victim_of_sleep", &["test_patches_sleep"]),
];

fn check(report: &Value) {
    let of = |name: &str| case(report, &format!("test_hidden.py::{name}"));
    let mut accused: Vec<&str> = Vec::new();
    for (victim, polluters) in VICTIMS {
        let found = of(victim);
        assert_eq!(found["verdict"], "order_dependent", "{victim}: {found}");
        let mut members = sequences(found, "polluters").swap_remove(0);
        if *victim == "test_victim_of_two" {
            members.sort();
        }
        assert_eq!(members, *polluters, "{victim}");
        accused.push(victim);
    }
    assert_eq!(sequences(of("test_brittle"), "state_setters"), [["test_setter"]]);
    assert_eq!(of("test_failing_polluter")["verdict"], "broken");
    accused.extend(["test_brittle", "test_failing_polluter"]);
    for judged in report["cases"].as_array().into_iter().flatten() {
        let name = judged["id"].as_str().and_then(|id| id.rsplit("::").next()).unwrap_or_default();
        assert!(judged["verdict"] == "stable" || accused.contains(&name), "{judged}");
    }
}

#[test]
fn what_cleaners_hide_is_found_with_any_seed() {
    let Some(suite) = Suite::of_fixture("aftermath") else { return };
    for seed in ["1", "2", "3"] {
        suite.command("run", &["--seed", seed]).exits(1);
        check(&suite.project.report());
    }
    let journal = suite.project.read("reports/latest/events.jsonl");
    assert!(journal.contains(r#""kind":"aftermath""#) && journal.contains(r#""aftermath":{"marking":"#), "{journal}");
    suite.project.assert_nothing_left();
}
