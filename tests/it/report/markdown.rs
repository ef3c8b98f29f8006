//! `summary.md` and the annotations of GitHub.

use super::sample::{self, IDS, VERDICTS, clean, context, judged_findings, one_failure};
use super::terminal::so_many_findings;
use steadfast::report::{github_annotations, markdown};
use steadfast::verdict::judge;

#[test]
fn findings_have_problem_root_cause_impact_repeat_and_fix() {
    let (record, judgement) = judged_findings();
    let text = markdown(&record, &judgement, &context());
    for point in ["Cause", "Where", "Repeat", "Sure", "Remedy"] {
        assert_eq!(text.matches(&format!("<li><b>{point}</b>: ")).count(), judgement.causes.len(), "{point}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_clean_run_is_short() {
    let record = clean();
    insta::assert_snapshot!(markdown(&record, &sample::judged(&record), &context()));
}

#[test]
fn no_summary_has_more_than_sixty_lines() {
    for number in [1, 3, 4, 5, 10, 20, 21, 60] {
        let record = so_many_findings(number);
        let text = markdown(&record, &judge(&record), &context());
        assert!(text.lines().count() <= 60, "{number} findings: {} lines", text.lines().count());
        assert_eq!(text.matches("<details>").count(), number.min(20) as usize);
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}

#[test]
fn every_finding_is_named_with_its_verdict() {
    let (record, judgement) = judged_findings();
    let text = markdown(&record, &judgement, &context());
    let leads: Vec<u32> = judgement.causes.iter().map(|cause| cause.cases[0].0).collect();
    for (case, verdict) in VERDICTS.iter().filter(|(case, _)| leads.contains(case)) {
        let head = text.lines().find(|line| line.contains(&format!("<code>{}</code>", IDS[*case as usize])));
        assert!(head.is_some_and(|line| line.starts_with(&format!("<details><summary><b>{verdict}</b>"))), "{head:?}");
    }
}

#[test]
fn a_message_can_not_break_out() {
    let record = one_failure("</pre></details>\n\n# @everyone <script>alert(1)</script> `x` **y**");
    let text = markdown(&record, &judge(&record), &context());
    assert!(!text.contains("<script"), "{text}");
    assert_eq!(text.matches("</details>").count(), 1);
    assert!(text.contains("&lt;/pre&gt;&lt;/details&gt;&#10;&#10;# @everyone &lt;script"), "{text}");
}

#[test]
fn annotations_point_to_the_line() {
    let (record, judgement) = judged_findings();
    insta::assert_snapshot!(github_annotations(&record, &judgement, &context()));
}

#[test]
fn annotations_are_escaped_and_bounded() {
    let mut record = one_failure("100 % wrong\r\n::set-output name=x::y");
    record.header.cases[0].file = "a,b:c%.yaml".to_owned();
    let text = github_annotations(&record, &judge(&record), &context());
    assert!(
        text.starts_with(
            "::error file=a%2Cb%3Ac%25.yaml,line=1,title=undiagnosed%3A a/b.yaml[x=1]::failed 1 of 1 times, "
        ),
        "{text}"
    );
    assert!(text.contains("%0Awhere: a,b:c%25.yaml:1   100 %25 wrong%0A"), "{text}");
    assert_eq!(text.lines().count(), 1);

    let record = so_many_findings(12);
    let text = github_annotations(&record, &judge(&record), &context());
    assert_eq!(text.lines().count(), 11);
    assert!(
        text.ends_with(
            "::notice title=steadfast::2 more findings in reports/runs/20260801-101112-c0ffee/report.html\n"
        )
    );
    let record = sample::clean();
    assert_eq!(github_annotations(&record, &judge(&record), &context()), "");
}
