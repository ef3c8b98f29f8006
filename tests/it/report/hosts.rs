//! A run of two hosts: what fails on one of them only is told so, and nothing is said of what fails on both.

use crate::report::sample::context;
use std::path::Path;
use steadfast::record::{Record, read};
use steadfast::report::{html, json_report};
use steadfast::verdict::{Judgement, judge};

/// `test_date` fails on `builder-2` only, whose kernel is another; `test_calendar` passes everywhere, `test_wrong` fails
/// everywhere, and `test_now_and_then` fails now and then on both. `builder-2` takes five times as long.
fn recorded() -> (Record, Judgement) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals/hosts.jsonl");
    let record = read(&path).expect("a journal");
    let judgement = judge(&record);
    (record, judgement)
}

/// What is remarked of a case about hosts.
fn told_of(judgement: &Judgement, case: usize) -> Option<&String> {
    judgement.cases[case].remarks.iter().find(|remark| remark.contains("builder-"))
}

#[test]
fn a_case_that_fails_on_one_host_only_is_told_so_with_what_differs_there() {
    let (_, judgement) = recorded();
    let told = told_of(&judgement, 0).expect("a remark");
    for text in [
        "fails on builder-2 only: in 6 of 6 trials there, in none of 6 elsewhere",
        "kernel 5.10.0-28-amd64 (elsewhere 6.1.0-18-amd64)",
    ] {
        assert!(told.contains(text), "{told}");
    }
    assert!(!told.contains("processor"), "{told}");
}

#[test]
fn hosts_are_not_accused_of_what_fails_on_both_or_nowhere() {
    let (_, judgement) = recorded();
    for twin in 1..4 {
        assert_eq!(told_of(&judgement, twin), None);
    }
}

#[test]
fn one_host_says_nothing_of_hosts() {
    let (mut record, _) = recorded();
    record.hosts.clear();
    record.rounds.iter_mut().for_each(|round| round.host = None);
    let judgement = judge(&record);
    assert_eq!(judgement.hosts, vec![]);
    assert_eq!(told_of(&judgement, 0), None);
}

#[test]
fn every_report_has_the_hosts_and_tells_the_lame_one() {
    let (record, judgement) = recorded();
    let context = context();
    let report = json_report(&record, &judgement, &context);
    let lame: Vec<(Option<&str>, bool)> = report.hosts.iter().map(|host| (host.host.as_deref(), host.lame)).collect();
    assert_eq!(lame, [(Some("builder-1"), false), (Some("builder-2"), true)]);
    assert_eq!(report.hosts[1].cases, ["suite/test_shop.py::test_date"]);
    assert_eq!((report.hosts[0].rounds, report.hosts[0].trials), (6, 24));
    let page = html(&record, &judgement, &context).expect("a page");
    for text in ["id=\"hosts\"", "builder-1", "lame: its rounds took 5.0 times as long as elsewhere", "AMD EPYC 7763"] {
        assert!(page.contains(text), "{text}");
    }
}
