//! The table of words in `docs/verdicts.md` is the program's, and every format knows every word.

use super::agreement::check;
use super::sample::{Teller, context, failed, judged};
use std::path::Path;
use steadfast::event::{Conclusion, RunEnd};
use steadfast::model::{CaseIndex, FindingKind, GateDefault, Outcome, RoundKind, Verdict};
use steadfast::report::Format;
use steadfast::verdict::Gate;

/// The rows of the table: finding, verdict, gate, exit code.
fn rows(page: &str) -> Vec<[String; 4]> {
    let table = page.lines().skip_while(|line| !line.starts_with("| finding |")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        [cells[0], cells[1], cells[3], cells[4]].map(str::to_owned)
    });
    rows.collect()
}

#[test]
fn the_table_of_words_is_the_programs() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdicts.md")).unwrap();
    let expected = FindingKind::ALL.map(|kind| {
        let (gate, exit) = match kind.gate_default() {
            GateDefault::Fails => ("fails", "1"),
            GateDefault::FailsScenarios => ("fails, warns in suites", "1"),
            GateDefault::Warns => ("warns", "0"),
            GateDefault::Unproven => ("unproven", "3"),
            GateDefault::Remark => ("remark", "0"),
        };
        [kind.as_str(), kind.verdict().as_str(), gate, exit].map(str::to_owned)
    });
    assert_eq!(rows(&page), expected);
}

/// A case for each verdict that a diagnosis can come to, failing in two of three rounds.
fn one_of_each() -> Teller {
    let conclusions = [
        (
            "a/victim.yaml",
            Conclusion::Victim { polluters: vec![CaseIndex::list([1])], cleaners: Vec::new(), complete: true },
        ),
        ("a/outside.yaml", Conclusion::EnvironmentDependent { what: "it fails since a file was left".to_owned() }),
        ("a/chance.yaml", Conclusion::Intermittent),
        ("a/open.yaml", Conclusion::Undiagnosed { missing: "time was up".to_owned(), order: Vec::new() }),
        ("a/plain.yaml", Conclusion::Disagrees { plain: "it passes in plain pytest".to_owned() }),
        ("a/twice.yaml", Conclusion::NonIdempotent { repeated: CaseIndex::list([5]) }),
    ];
    let mut teller = Teller::new(&conclusions.clone().map(|(id, _)| id));
    for round in 0..3 {
        teller.round(RoundKind::Shuffle, &[0, 1, 2, 3, 4, 5], |case, _| match round {
            0 => Some(Outcome::Passed),
            _ => Some(failed(
                &format!("failure of its own kind {}", ["a", "b", "c", "d", "e", "f"][case as usize]),
                "f",
                3,
            )),
        });
    }
    for (case, (_, conclusion)) in (0_u32..).zip(conclusions) {
        teller.diagnosed(case, conclusion, (1, 5), (4, 5));
    }
    teller
}

#[test]
fn every_format_knows_every_word() {
    let record = one_of_each().record(Some(RunEnd::Completed));
    let judgement = judged(&record);
    check(&record, &judgement);
    let found: Vec<Verdict> = judgement.cases.iter().map(|case| case.verdict).collect();
    let expected = [
        Verdict::OrderDependent,
        Verdict::EnvironmentDependent,
        Verdict::Intermittent,
        Verdict::Undiagnosed,
        Verdict::Disagrees,
        Verdict::NonIdempotent,
    ];
    assert_eq!(found, expected);
    assert_eq!(judgement.gate, Gate::Failed);
    for format in [Format::Json, Format::Html, Format::Markdown, Format::Terminal] {
        let text = format.render(&record, &judgement, &context()).unwrap();
        for verdict in expected {
            assert!(text.contains(verdict.as_str()), "{format}: {verdict} is missing");
        }
        for said in ["time was up", "it fails since a file was left"] {
            assert!(text.to_lowercase().contains(said), "{format}: `{said}` is missing\n{text}");
        }
    }
    let terminal = Format::Terminal.render(&record, &judgement, &context()).unwrap();
    assert!(
        terminal.contains("steadfast minimise reports/runs/20260801-101112-c0ffee a/open.yaml --max-time 30m"),
        "{terminal}"
    );
}

/// One case that failed in some rounds and passed in others.
fn judged_as(conclusion: Option<Conclusion>, end: RunEnd, outcomes: &[bool]) -> (Verdict, Option<String>) {
    let mut teller = Teller::new(&["a.yaml", "b.yaml"]);
    for passes in outcomes {
        teller.round(RoundKind::Shuffle, &[0, 1], |case, _| {
            Some(if case == 1 && !passes { failed("it is wrong", "b.yaml", 1) } else { Outcome::Passed })
        });
    }
    if let Some(conclusion) = conclusion {
        teller.diagnosed(1, conclusion, (6, 6), (6, 6));
    }
    let record = teller.record(Some(end));
    let judgement = judged(&record);
    assert_eq!(judgement.gate, Gate::Failed);
    (judgement.cases[1].verdict, judgement.cases[1].reason.clone())
}

#[test]
fn what_nobody_examined_is_undiagnosed_and_says_why() {
    for outcomes in [&[false, false][..], &[true, false], &[false]] {
        let (verdict, reason) = judged_as(None, RunEnd::TimeLimit, outcomes);
        assert_eq!(verdict, Verdict::Undiagnosed);
        assert_eq!(reason.as_deref(), Some("time was up before it was examined"));
    }
}

#[test]
fn a_claim_that_the_run_refutes_is_not_made() {
    let said = |conclusion, outcomes: &[bool]| judged_as(Some(conclusion), RunEnd::Completed, outcomes).0;
    assert_eq!(said(Conclusion::Broken, &[false, false]), Verdict::Broken);
    assert_eq!(said(Conclusion::Broken, &[false, true]), Verdict::Undiagnosed, "it passed once");
    assert_eq!(said(Conclusion::Intermittent, &[false, true]), Verdict::Intermittent);
    assert_eq!(said(Conclusion::Intermittent, &[false, false]), Verdict::Undiagnosed, "it never passed");
    assert_eq!(said(Conclusion::DoesNotReproduce, &[false, false]), Verdict::Undiagnosed, "it never passed");
}
