//! The final summary.

use super::sample::{self, Teller, clean, context, failed, judged_findings};
use steadfast::event::RunEnd;
use steadfast::model::{Outcome, RoundKind};
use steadfast::record::Record;
use steadfast::report::{Style, markdown, terminal};
use steadfast::verdict::judge;

const PLAIN: Style = Style { color: false, width: 80 };

fn too_wide(text: &str) -> Vec<&str> {
    let command = |line: &str| line.trim_start().starts_with("$ ") || line.contains("reports/runs/");
    text.lines().filter(|line| line.chars().count() > 80 && !command(line)).collect()
}

/// So many cases, each failing in its own way.
pub fn so_many_findings(number: u32) -> Record {
    let ids: Vec<String> = (0..number).map(|at| format!("faults/kind-{at}.yaml[provider=claude]")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let order: Vec<u32> = (0..number).collect();
    let mut teller = Teller::new(&ids);
    for kind in [RoundKind::Declared, RoundKind::Reverse, RoundKind::Shuffle] {
        teller.round(kind, &order, |case, _| {
            let word: String = (0..=case).map(|_| "so ").collect();
            Some(failed(&format!("status: expected {word}, was 500"), "scenarios/faults/kind.yaml", 3))
        });
    }
    teller.record(Some(RunEnd::Completed))
}

#[test]
fn a_clean_run_says_what_is_excluded() {
    let record = clean();
    let text = terminal(&record, &sample::judged(&record), &context(), PLAIN);
    insta::assert_snapshot!(text);
}

#[test]
fn findings_are_told_by_cause() {
    let (record, judgement) = judged_findings();
    let text = terminal(&record, &judgement, &context(), PLAIN);
    assert_eq!(too_wide(&text), [""; 0], "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn few_findings_are_told_at_length() {
    let (record, mut judgement) = judged_findings();
    judgement.causes.retain(|cause| [sample::ALERT_HIGH, sample::MODELS].contains(&cause.cases[0].0));
    let text = terminal(&record, &judgement, &context(), PLAIN);
    assert_eq!(too_wide(&text), [""; 0], "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_line_that_is_there_to_be_copied_is_never_broken() {
    let mut teller = Teller::new(&["a/a-case-of-a-name-that-is-longer-than-most-others-are.yaml", "b.yaml"]);
    for fails in [true, false] {
        teller.round(RoundKind::Shuffle, &[0, 1], |case, _| {
            Some(if fails && case == 0 { failed("it is wrong", "a.yaml", 1) } else { Outcome::Passed })
        });
    }
    let record = teller.record(Some(RunEnd::TimeLimit));
    let text = terminal(&record, &sample::judged(&record), &context(), PLAIN);
    let line = "steadfast minimise reports/runs/20260801-101112-c0ffee \
                a/a-case-of-a-name-that-is-longer-than-most-others-are.yaml --max-time 30m";
    assert!(text.contains(&format!("   repeat     {line}\n")), "{text}");
    assert!(text.ends_with(&format!("next       examine it to the end:\n           {line}\n")), "{text}");
    let summary = markdown(&record, &sample::judged(&record), &context());
    assert!(summary.contains(&format!("- **Next:** examine it to the end: `{line}`\n")), "{summary}");
}

#[test]
fn ten_findings_are_told_in_short() {
    for number in [10, 40] {
        let record = so_many_findings(number);
        let text = terminal(&record, &judge(&record), &context(), PLAIN);
        assert!(text.lines().count() <= 115, "{} lines\n{text}", text.lines().count());
        assert_eq!(too_wide(&text), [""; 0], "{text}");
        assert_eq!(text.matches("   repeat     steadfast").count(), 10);
        assert_eq!(text.contains("30 more findings"), number == 40);
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (record, judgement) = judged_findings();
    let plain = terminal(&record, &judgement, &context(), PLAIN);
    let coloured = terminal(&record, &judgement, &context(), Style { color: true, width: 80 });
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(steadfast::report::visible(&coloured), plain);
}

#[test]
fn a_message_can_not_take_over_the_terminal() {
    let record = sample::one_failure("\u{1b}[2J\u{1b}]0;owned\u{7}expected 1\u{8}\u{8}, was \u{202e}2");
    let text = terminal(&record, &judge(&record), &context(), PLAIN);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(text.contains(r"expected 1\x08\x08, was \u{202e}2"), "{text}");
}

#[test]
fn every_way_to_end_has_its_own_banner() {
    let banner = |end: Option<RunEnd>| {
        let mut teller = Teller::new(&["a.yaml", "b.yaml"]);
        teller.round(RoundKind::Declared, &[0, 1], |_, _| Some(Outcome::Passed));
        teller.header().planned.insert("shuffle".to_owned(), 3);
        let record = teller.record(end);
        let text = terminal(&record, &judge(&record), &context(), PLAIN);
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(banner(Some(RunEnd::Completed)), "UNPROVEN  1 of 4 planned rounds ran to their end");
    assert_eq!(banner(Some(RunEnd::Interrupted)), "INTERRUPTED  after 1 of 4 rounds");
    assert_eq!(banner(None), "INTERRUPTED  after 1 of 4 rounds");
    let end = RunEnd::SubjectFailed { reason: "port 80 is taken".to_owned() };
    assert_eq!(banner(Some(end)), "ERROR  port 80 is taken");
}
