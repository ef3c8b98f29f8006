//! The HTML page as a reader sees it.

use super::sample::{IDS, Teller, VERDICTS, clean, context, failed, judged_findings, one_failure};
use steadfast::event::{Event, RunEnd, TrialReport};
use steadfast::model::{CaseIndex, Excerpt, Failure, Outcome, Place, Position, RoundId, RoundKind, Seed};
use steadfast::record::Record;
use steadfast::report::html;
use steadfast::verdict::judge;

/// A run of many cases in many rounds; a few fail, one after another one.
pub fn large(cases: u32, rounds: u32) -> Record {
    let ids: Vec<String> = (0..cases)
        .map(|at| format!("providers/module-{}/behaviour-{}.yaml[language=fr,provider=p{at}]", at / 100, at / 10))
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut teller = Teller::new(&ids);
    for round in 0..rounds {
        let seed = Seed::new(u64::from(round));
        let mut order: Vec<u32> = (0..cases).collect();
        order.sort_by_key(|case| seed.hash(&case.to_le_bytes()));
        let kind = if round == 0 { RoundKind::Declared } else { RoundKind::Shuffle };
        let mut polluted = false;
        teller.round(kind, &order, |case, _| {
            polluted |= case == 7;
            let fails = (case == 11 && polluted) || (case % 97 == 5 && seed.hash(&[1, case as u8]).is_multiple_of(9));
            Some(if fails { failed("cost: expected 0, was 1", "scenarios/a.yaml", 3) } else { Outcome::Passed })
        });
    }
    // As much as is kept of what a passing trial wrote.
    let wrote = "2026-11-28 10:00:00 INFO another line of the log of a service\n".repeat(120);
    for (round, case) in (rounds..).zip((0..cases).filter(|case| *case == 11 || case % 97 == 5)) {
        let report = TrialReport::of(Outcome::Passed).with_output(&format!("{wrote}{case}"));
        teller.round(RoundKind::Probe, &[case], |_, _| None);
        teller.fact(Event::TrialFinished {
            round: RoundId(round),
            position: Position(0),
            case: CaseIndex(case),
            report,
        });
    }
    teller.record(Some(RunEnd::Completed))
}

#[test]
fn it_stands_alone() {
    let (record, judgement) = judged_findings();
    let page = html(&record, &judgement, &context()).unwrap();
    for outside in ["http://", "https://", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<script").count(), 3);
}

#[test]
fn everything_that_must_be_read_stands_in_it_without_a_script() {
    let (record, judgement) = judged_findings();
    let page = html(&record, &judgement, &context()).unwrap();
    let readable = page.split("<script").next().unwrap();
    assert!(!readable.contains("event loop,") && !readable.contains("one event loop"), "all rounds have the same");
    for (case, verdict) in VERDICTS {
        let row =
            format!(">{}</a></th><td><span class=\"badge {verdict}\">", IDS[case as usize].replace('/', "&#x2f;"));
        assert!(readable.contains(&row), "{row}");
    }
    assert_eq!(readable.matches("<article").count(), judgement.causes.len());
    for text in [
        "alert_level: expected <mark class=\"expected\">HIGH</mark>, was <mark class=\"actual\">CRITICAL</mark>",
        "In rounds in which the accused ran before it, it failed 4 of 4 times; in the others 0 of 1 times.",
        "speech is not covered",
        "<li>1 declared</li>",
        "A line is a round (the cases in one order, on one system that lives on from case to case)",
    ] {
        assert!(readable.contains(text), "{text}");
    }
}

/// A case that failed in its first round and passed in its second, and what it wrote there.
pub fn failed_and_passed(details: &str, wrote: Option<&str>) -> String {
    let mut teller = Teller::new(&["a.js > adds"]);
    let failure = Failure::new("no", Some(Place { file: "a.js".to_owned(), line: 2, column: 1 }));
    let excerpt = Excerpt { first: 1, lines: ["let a = 1;", "expect(a).toBe(2);"].map(str::to_owned).to_vec() };
    let failed =
        TrialReport { excerpt: Some(excerpt), ..TrialReport::of(Outcome::Failed(failure.with_details(details))) };
    let passed = TrialReport { output: wrote.map(str::to_owned), ..TrialReport::of(Outcome::Passed) };
    for (round, report) in [(0, failed), (1, passed)] {
        teller.round(RoundKind::Shuffle, &[0], |_, _| None);
        teller.fact(Event::TrialFinished { round: RoundId(round), position: Position(0), case: CaseIndex(0), report });
    }
    let record = teller.record(Some(RunEnd::Completed));
    html(&record, &judge(&record), &context()).unwrap()
}

#[test]
fn a_failure_stands_beside_a_pass_with_its_source_and_the_lines_that_differ() {
    let page = failed_and_passed("GET /a 0.1 s\nprice 1\nlast\n", Some("GET /a 0.7 s\nprice 3\n"));
    for text in [
        "beside a trial that passed: 2 lines differ",
        "<span class=\"at\">&gt; 2  expect(a).toBe(2);\n</span>",
        "GET &#x2f;a 0.1 s\n<mark class=\"differs\">price 1\n</mark><mark class=\"differs\">last\n</mark>",
        "GET &#x2f;a 0.7 s\n<mark class=\"differs\">price 3\n</mark><span class=\"gap\">\n</span>",
        "Failed in round 1",
        "Passed in round 2",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let page = failed_and_passed("stack", None);
    assert!(page.contains("Code and log of the failure") && !page.contains("class=\"sides\""));
    let page = failed_and_passed("--- Captured log call\nx\n", Some(""));
    assert!(page.contains("1 line differs") || page.contains("2 lines differ"), "{page}");
}

#[test]
fn no_text_from_outside_becomes_markup() {
    let record = one_failure("</script><script>alert(1)</script><!-- {{ 1 + 1 }}");
    let page = html(&record, &judge(&record), &context()).unwrap();
    assert_eq!(page.matches("<script").count(), 3);
    assert_eq!(page.matches("</script").count(), 3);
    assert!(page.contains("{{ 1 + 1 }}"));
}

#[test]
fn a_run_of_any_size_has_a_page() {
    let empty = Teller::new(&[]).record(None);
    for record in [clean(), empty, Teller::new(&["a.yaml"]).record(Some(RunEnd::Interrupted))] {
        let page = html(&record, &judge(&record), &context()).unwrap();
        assert!(page.ends_with("</html>\n") || page.ends_with("</html>"), "it is whole");
    }
}

#[test]
fn five_thousand_cases_in_fifty_rounds_stay_under_ten_megabytes() {
    let record = large(5_000, 50);
    let page = html(&record, &judge(&record), &context()).unwrap();
    assert!(page.len() < 10_000_000, "{}", page.len());
    assert!(page.len() > 500_000, "the orders are in it");
}
