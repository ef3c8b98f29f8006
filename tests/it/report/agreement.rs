//! Every format says the same of the same journal: one table, checked in all of them.

use super::sample::{self, clean, context, findings, judged, judged_findings, one_failure};
use std::collections::BTreeMap;
use std::path::Path;
use steadfast::event::{Conclusion, Diagnosis, Event, RunEnd, RunnerLine};
use steadfast::model::statistics::Tally;
use steadfast::model::{CaseIndex, Verdict};
use steadfast::record::{self, Record};
use steadfast::report::{Format, github_annotations};
use steadfast::verdict::{Gate, Judgement, judge};

/// What the judgement says, as every format must.
struct Table<'a> {
    record: &'a Record,
    judgement: &'a Judgement,
}

impl Table<'_> {
    fn id(&self, case: CaseIndex) -> &str {
        self.record.header.cases[case.index()].id.as_str()
    }

    fn text(&self, format: Format) -> String {
        format.render(self.record, self.judgement, &context()).unwrap()
    }

    /// Verdict by case.
    fn verdicts(&self) -> BTreeMap<String, String> {
        self.judgement.cases.iter().map(|case| (self.id(case.case).to_owned(), case.verdict.to_string())).collect()
    }

    /// The causes as they are told: the verdict, the case that leads, and how many more fail for it.
    fn causes(&self) -> Vec<(String, &str, usize)> {
        let told = |cause: &steadfast::verdict::Cause| {
            (cause.verdict.to_string(), self.id(cause.cases[0]), cause.cases.len() - 1)
        };
        self.judgement.causes.iter().map(told).collect()
    }

    fn gate(&self) -> &'static str {
        match self.judgement.gate {
            Gate::Passed => "passed",
            Gate::Failed => "failed",
            Gate::Unproven { .. } => "unproven",
            Gate::Error { .. } => "error",
            Gate::Interrupted => "interrupted",
        }
    }
}

/// The table is in the JSON report, case by case and cause by cause.
fn json_agrees(table: &Table<'_>) {
    let report: serde_json::Value = serde_json::from_str(&table.text(Format::Json)).unwrap();
    assert_eq!(report["gate"], table.gate());
    let cases = report["cases"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let told: BTreeMap<String, String> = cases.map(|case| (text(&case["id"]), text(&case["verdict"]))).collect();
    assert_eq!(told, table.verdicts());
}

/// The page's data has every case with its verdict, and a card for each cause.
fn html_agrees(table: &Table<'_>) {
    let page = table.text(Format::Html);
    let data = page.split("id=\"data\">").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let texts = |key: &str| -> Vec<String> {
        data[key].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let told: BTreeMap<String, String> = texts("ids").into_iter().zip(texts("verdicts")).collect();
    assert_eq!(told, table.verdicts());
    assert!(page.to_lowercase().contains(table.gate()), "{}", table.gate());
    for (verdict, lead, _) in table.causes() {
        let escaped = lead.replace('[', "&#91;");
        let card = page.find(&format!("badge {verdict}")).is_some() && (page.contains(lead) || page.contains(&escaped));
        assert!(card, "{verdict} {lead}");
    }
}

/// A testcase is red, skipped or neither as its verdict wants it.
fn junit_agrees(table: &Table<'_>) {
    let xml = table.text(Format::Junit);
    assert!(xml.contains(&format!("name=\"steadfast.gate\" value=\"{}\"", table.gate())));
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for part in ["<failure ", "<skipped "].iter().flat_map(|tag| xml.split(*tag).skip(1)) {
        let kind = part.split("type=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("");
        *told.entry(kind).or_default() += 1;
    }
    let fails = |verdict: Verdict| {
        let of_it = table.judgement.cases.iter().filter(|case| case.verdict == verdict);
        // What only warns turns nothing red.
        of_it
            .filter(|case| {
                !verdict.is_finding()
                    || case.findings.iter().any(|kind| kind.fails(&table.record.header.policy.fail_on))
            })
            .count()
    };
    for verdict in Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Stable) {
        assert_eq!(told.get(verdict.as_str()).copied().unwrap_or(0), fails(verdict), "{verdict}\n{xml:.3000}");
    }
}

/// A summary has the gate, and a heading for each cause in the same order.
fn summary_agrees(table: &Table<'_>, format: Format, shown: usize) {
    let text = table.text(format);
    assert!(text.contains(&table.gate().to_uppercase()), "{text}");
    let mut from = 0;
    for (verdict, lead, others) in table.causes().into_iter().take(shown) {
        // A terminal cuts long ids at its width.
        let start: String = lead.chars().take(30).collect();
        let headed = |line: &str| line.contains(&verdict) && line.contains(&start);
        let mut found = text[from..].lines().scan(from, |at, line| {
            let here = *at;
            *at += line.len() + 1;
            Some((here, line))
        });
        let head = found.find(|(_, line)| headed(line)).map(|(at, line)| (at, line.to_owned()));
        let (at, line) =
            head.unwrap_or_else(|| panic!("{format}: no heading of {verdict} {lead} behind {from}:\n{text}"));
        from = at + line.len();
        if others > 0 {
            assert!(line.contains(&others.to_string()), "{format}: {others} more is not in {line}");
        }
    }
}

fn annotations_agree(table: &Table<'_>) {
    let text = github_annotations(table.record, table.judgement, &context());
    let lines: Vec<&str> = text.lines().collect();
    let causes = table.causes();
    assert_eq!(lines.len(), causes.len().min(10) + usize::from(causes.len() > 10));
    for (line, (verdict, lead, _)) in lines.iter().zip(causes) {
        let escaped = lead.replace('%', "%25").replace(':', "%3A").replace(',', "%2C");
        assert!(line.contains(&format!("title={verdict}%3A {escaped}")), "{line}");
    }
}

/// The six answers of each cause as `report.json` has them: what, cause, where, repeat, sure, remedy.
fn answers(table: &Table<'_>) -> Vec<[String; 6]> {
    let report: serde_json::Value = serde_json::from_str(&table.text(Format::Json)).unwrap();
    let cases = report["cases"].as_array().unwrap();
    let of = |lead: &str| {
        let case = cases.iter().find(|case| case["id"] == lead).unwrap();
        ["what", "cause", "where", "repeat", "sure", "remedy"].map(|name| {
            let text = case["brief"][name].as_str().unwrap_or_else(|| panic!("{lead} has no {name}")).to_owned();
            assert!(!text.trim().is_empty(), "{lead}: {name} is empty");
            text
        })
    };
    table.causes().into_iter().map(|(_, lead, _)| of(lead)).collect()
}

/// Only what can be read: no markup, no case, no space, nothing that one format writes otherwise than another.
fn letters(text: &str) -> String {
    let mut bare = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => bare.push(c),
            _ => {}
        }
    }
    let unescaped = ["#x2f", "#x27", "quot", "amp", "lt", "gt", "#10"]
        .iter()
        .fold(bare, |text, name| text.replace(&format!("&{name};"), ""));
    unescaped.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Every format has the six answers of every cause that it shows, in one order.
fn answers_agree(table: &Table<'_>) {
    let formats: Vec<(String, String, usize, usize)> = vec![
        ("terminal".into(), table.text(Format::Terminal), 3, 3),
        ("markdown".into(), table.text(Format::Markdown), 20, 20),
        ("html".into(), table.text(Format::Html).split("<article").skip(1).collect::<Vec<_>>().concat(), 100, 100),
        ("annotations".into(), github_annotations(table.record, table.judgement, &context()), 10, 10),
    ];
    let causes = answers(table);
    for (format, text, shown, at_length) in formats {
        // More findings than these are told with each answer cut to a line.
        if format == "terminal" && causes.len() > at_length {
            continue;
        }
        let text = letters(&text.replace("%0A", " ").replace("%25", "%"));
        let mut from = 0;
        for answer in causes.iter().take(shown).flatten() {
            // Long answers are cut.
            let wanted: String = letters(answer).chars().take(60).collect();
            let at =
                text[from..].find(&wanted).unwrap_or_else(|| panic!("{format}: `{answer}` is not told in its place"));
            from += at + wanted.len();
        }
    }
    let xml = letters(&table.text(Format::Junit).replace("<![CDATA[", "").replace("]]>", ""));
    for [what, cause, _, repeat, sure, remedy] in causes {
        for answer in [what, cause, repeat, sure, remedy] {
            assert!(xml.contains(&letters(&answer)), "junit: `{answer}` is not told");
        }
    }
}

#[track_caller]
pub fn check(record: &Record, judgement: &Judgement) {
    let table = Table { record, judgement };
    json_agrees(&table);
    html_agrees(&table);
    junit_agrees(&table);
    summary_agrees(&table, Format::Markdown, 20);
    summary_agrees(&table, Format::Terminal, 10);
    annotations_agree(&table);
    answers_agree(&table);
}

#[test]
fn every_format_shows_the_same_verdicts_for_the_same_journal() {
    let (record, judgement) = judged_findings();
    check(&record, &judgement);
    for record in [clean(), one_failure("it is wrong"), findings().record(None)] {
        check(&record, &judged(&record));
    }
    let journals = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/journals");
    let mut checked = 0;
    for file in std::fs::read_dir(journals).unwrap().flatten() {
        let record = record::read(&file.path()).unwrap();
        check(&record, &judge(&record));
        checked += 1;
    }
    assert!(checked > 0, "a committed journal is checked too");
}

/// Earlier journals have the line of a suite's own runner as a remark, which reports took to pieces.
#[test]
fn the_runners_own_line_is_told_alike_from_journals_old_and_new() {
    let line = RunnerLine {
        runner: "pytest".to_owned(),
        line: "cd /home/a/shop && python -m pytest a.py::b".to_owned(),
        folder: None,
    };
    let told = |remarks: Vec<String>, runner_line: Option<RunnerLine>| {
        let mut teller = findings();
        teller.fact(Event::Diagnosed(Diagnosis {
            case: CaseIndex(sample::LOGIN),
            cluster: None,
            conclusion: Conclusion::Broken,
            alone: Tally::new(5, 5),
            in_order: Tally::new(5, 5),
            probes: 1,
            repro: None,
            causes: Vec::new(),
            remarks,
            runner_line,
            hash_seeds: None,
        }));
        let record = teller.record(Some(RunEnd::Completed));
        let judgement = judged(&record);
        let formats = [Format::Terminal, Format::Json, Format::Junit, Format::Html, Format::Markdown];
        formats.map(|format| format.render(&record, &judgement, &context()).unwrap())
    };
    let new = told(vec!["another remark".to_owned()], Some(line.clone()));
    let old = told(vec!["another remark".to_owned(), line.to_string()], None);
    assert_eq!(new, old);
    assert!(new.iter().all(|text| text.contains("python -m pytest a.py::b")));
    assert!(new[1].contains("pytest alone shows it: cd /home/a/shop"));
}
