//! The HTML page as a reader sees it.

use super::sample::{IDS, Teller, VERDICTS, clean, context, failed, judged_findings, one_failure};
use steadfast::event::RunEnd;
use steadfast::model::{Outcome, RoundKind, Seed};
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
    ] {
        assert!(readable.contains(text), "{text}");
    }
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
