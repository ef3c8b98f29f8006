//! `report.json`, version 1.

use super::sample::{
    ALERT_HIGH, ALERT_LOW, IDS, MODELS, RESUME, VERDICTS, clean, context, judged_findings, one_failure,
};
use steadfast::record::Record;
use steadfast::report::{JsonReport, json, json_report, json_schema};
use steadfast::verdict::{Judgement, judge};

fn valid(record: &Record, judgement: &Judgement) -> serde_json::Value {
    let value = serde_json::from_str(&json(record, judgement, &context()).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    value
}

#[test]
fn it_is_as_promised() {
    let (record, judgement) = judged_findings();
    valid(&record, &judgement);
    insta::assert_snapshot!(json(&record, &judgement, &context()).unwrap());
}

#[test]
fn every_verdict_is_in_it() {
    let (record, judgement) = judged_findings();
    let report = json_report(&record, &judgement, &context());
    for (case, verdict) in VERDICTS {
        let json = &report.cases[case as usize];
        assert_eq!((json.id.as_str(), json.verdict.as_str()), (IDS[case as usize], verdict.as_str()));
        assert_eq!(json.command.is_some(), verdict.is_finding());
    }
}

#[test]
fn order_dependence_has_its_fields_and_no_others() {
    let (record, judgement) = judged_findings();
    let value = valid(&record, &judgement);
    let fields = |case: u32| {
        let all = ["role", "polluters", "state_setters", "cleaners", "complete", "cluster"];
        let case = &value["cases"][case as usize];
        all.into_iter().filter(|field| case.get(field).is_some()).collect::<Vec<&str>>()
    };
    assert_eq!(fields(ALERT_HIGH), ["role", "polluters", "cleaners", "complete"]);
    assert_eq!(fields(ALERT_LOW), ["role", "polluters", "cleaners", "complete", "cluster"]);
    assert_eq!(fields(RESUME), ["role", "state_setters", "complete"]);
    assert_eq!(fields(MODELS), [""; 0], "nothing is claimed of what was not examined to the end");
    assert_eq!(fields(0), [""; 0]);
}

#[test]
fn what_is_promised_is_there_for_any_run() {
    for record in [clean(), one_failure("x")] {
        let value = valid(&record, &judge(&record));
        for field in [
            "version",
            "run",
            "seed",
            "subject",
            "gate",
            "rounds",
            "trials",
            "duration_s",
            "pair_coverage",
            "evidence",
            "measured",
            "cases",
        ] {
            assert!(value.get(field).is_some(), "{field}");
        }
        for field in ["id", "verdict", "findings", "trials", "failures", "rate", "rate_lower", "rate_upper"] {
            assert!(value["cases"][0].get(field).is_some(), "{field}");
        }
    }
}

#[test]
fn it_can_be_read_back_and_fields_that_are_added_later_do_no_harm() {
    let (record, judgement) = judged_findings();
    let report = json_report(&record, &judgement, &context());
    let mut value = serde_json::to_value(&report).unwrap();
    value["added_later"] = 1.into();
    assert_eq!(serde_json::from_value::<JsonReport>(value).unwrap(), report);
}
