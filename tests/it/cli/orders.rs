//! Which rounds are run: the same seed, the same orders; and what limits of time do.

use crate::cli::kit::{BROKEN, Project, is_planned, orders, verdicts};
use serde_json::Value;
use std::collections::BTreeSet;

#[track_caller]
fn run(project: &Project, arguments: &[&str], code: i32) -> Vec<Value> {
    project.run(&[&["run", "--seed", "00c0ffee"], arguments].concat()).exits(code);
    project.assert_nothing_left();
    project.journal()
}

/// The orders of a journal as lists of places.
fn lists(journal: &[Value]) -> Vec<Vec<u64>> {
    orders(journal).values().map(|(_, _, order)| serde_json::from_str(order).expect("a list")).collect()
}

#[test]
fn the_same_seed_gives_the_same_orders_and_verdicts() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    let first = run(&project, &["--rounds", "3"], 1);
    let first_verdicts = verdicts(&project.report());
    let second = run(&project, &["--rounds", "3", "--jobs", "2"], 1);
    assert_eq!(orders(&first), orders(&second));
    assert_eq!(first_verdicts, verdicts(&project.report()));
    project.run(&["run", "--rounds", "3", "--seed", "00c0ffef"]).exits(1);
    assert_ne!(orders(&first), orders(&project.journal()), "another seed, other orders");
}

#[test]
fn orders_are_what_they_are_called() {
    let project = Project::that_passes();
    let declared = [0, 1, 2, 3];
    let just = |orders, rounds: &[&str]| {
        let arguments = [&["--orders", orders, "--no-alone"], rounds].concat();
        lists(&run(&project, &arguments, 0))
    };
    assert_eq!(just("declared", &["--rounds", "2"]), [declared, declared]);
    assert_eq!(just("reverse", &[]), [[3, 2, 1, 0]]);
    let shuffles = just("shuffle", &["--rounds", "5"]);
    assert_eq!(shuffles.len(), 5);
    assert_eq!(shuffles.iter().collect::<BTreeSet<_>>().len(), 5, "each of its own: {shuffles:?}");
    let all = just("all", &[]);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 24, "every order of four cases, once");
    let pairs: BTreeSet<(u64, u64)> = just("pairs", &[])
        .iter()
        .flat_map(|order| order.windows(2).map(|two| (two[0], two[1])).collect::<Vec<_>>())
        .collect();
    assert_eq!(pairs.iter().filter(|(a, b)| a != b).count(), 12, "every ordered pair of neighbours: {pairs:?}");
}

#[test]
fn a_given_order_is_run_and_what_it_lacks_is_told() {
    let project = Project::that_passes();
    let listed = project.run(&["list"]).exits(0).out;
    let ids: Vec<&str> = listed.lines().collect();
    assert_eq!(ids.len(), 4, "{listed}");
    project.write("order.txt", format!("# two of them\n{}\n\n{}\nnobody\n", ids[2], ids[0]));
    let journal = run(&project, &["--order", "order.txt"], 0);
    assert_eq!(lists(&journal), [[2, 0]]);
    let told: Vec<String> = verdicts(&project.report()).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(told, ["stable", "skipped", "stable", "skipped"]);
    project.run(&["report"]).exits(0).says(&["there is no case `nobody`"]);
}

#[test]
fn a_filter_chooses_cases_by_id_and_tag() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    run(&project, &["--filter", "tag:greeting", "--rounds", "1"], 0);
    assert_eq!(verdicts(&project.report()).len(), 4);
    run(&project, &["--filter", "wrong", "--rounds", "1"], 1);
    assert_eq!(verdicts(&project.report()), [("wrong".to_owned(), "broken".to_owned())]);
    run(&project, &["--filter", "!tag:wrong", "--rounds", "1"], 0);
}

#[test]
fn event_loops_live_as_long_as_they_are_told() {
    let project = Project::that_passes();
    let loops = |journal: &[Value]| -> BTreeSet<String> {
        let rounds =
            journal.iter().filter_map(|entry| entry["event"].get("round_started")).filter(|round| is_planned(round));
        rounds.map(|round| round["event_loop"].to_string()).collect()
    };
    assert_eq!(loops(&run(&project, &["--rounds", "1"], 0)), BTreeSet::from(["\"case\"".to_owned()]));
    assert_eq!(
        loops(&run(&project, &["--event-loop", "round", "--rounds", "1"], 0)),
        BTreeSet::from(["\"round\"".to_owned()])
    );
    assert_eq!(loops(&run(&project, &["--event-loop", "both", "--rounds", "1"], 0)).len(), 2);
}

#[test]
fn too_little_time_is_unproven_and_not_a_success() {
    let project = Project::that_passes();
    run(&project, &["--max-time", "300ms", "--rounds", "5000", "--no-alone"], 3);
    let report = project.report();
    assert_eq!(report["gate"], "unproven");
    assert!(report["rounds"].as_u64() < report["planned_rounds"].as_u64());
}

#[test]
fn a_wanted_rate_that_was_not_proven_is_said() {
    let project = Project::that_passes();
    run(&project, &["--max-flake-rate", "0.2", "--no-alone"], 0);
    let evidence = project.report()["evidence"].clone();
    assert!(evidence["round_rate_upper"].as_f64().is_some_and(|rate| rate <= 0.2), "{evidence}");
}

#[test]
fn only_chosen_findings_fail_the_gate() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    run(&project, &["--rounds", "1", "--fail-on", "intermittent,leak"], 0);
    let report = project.report();
    let wrong = crate::cli::kit::case(&report, "wrong");
    assert_eq!(wrong["verdict"], "broken", "it is told all the same");
    run(&project, &["--rounds", "1", "--fail-on", "broken"], 1);
}
