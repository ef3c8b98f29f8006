//! JUnit: well-formed whatever a message contains, and valid for the strictest reader.

use super::sample::{ALERT_HIGH, CACHE, IDS, VERDICTS, clean, context, judged_findings, one_failure};
use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::{BTreeMap, BTreeSet};
use steadfast::model::Verdict;
use steadfast::record::Record;
use steadfast::report::{JunitDetail, junit};
use steadfast::verdict::{Judgement, judge};

/// An element as a reader sees it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn begun(start: &BytesStart<'_>) -> Self {
        let mut attributes = BTreeMap::new();
        for attribute in start.attributes() {
            let attribute = attribute.expect("attributes are well-formed and named once");
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).expect("entities are known").into_owned();
            attributes.insert(utf8(attribute.key.as_ref()), value);
        }
        Self { name: utf8(start.name().as_ref()), attributes, ..Self::default() }
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Reads a document strictly: every character must be one that XML 1.0 allows, every element must be closed.
fn parse(xml: &str) -> Element {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None);
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Eof => break,
            Event::Start(start) => open.push(Element::begun(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(Element::begun(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::CData(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content().expect("UTF-8")),
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content().expect("UTF-8")),
            Event::Decl(_) => {}
            other => panic!("nothing else is written: {other:?}"),
        }
    }
    assert_eq!(open.len(), 1, "every element is closed");
    let mut root = open.pop().unwrap();
    assert_eq!(root.children.len(), 1);
    root.children.pop().unwrap()
}

/// An element, its required attributes, its optional ones, its children, whether it holds text.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str], bool);

/// What the schema of Jenkins' xunit plugin allows.
const RULES: [Rule; 9] = [
    ("testsuites", &[], &["name", "time", "tests", "failures", "errors"], &["testsuite"], false),
    (
        "testsuite",
        &["name", "tests", "failures", "errors"],
        &["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"],
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
        false,
    ),
    ("properties", &[], &[], &["property"], false),
    ("property", &["name", "value"], &[], &[], false),
    (
        "testcase",
        &["name"],
        &["time", "classname", "group"],
        &["skipped", "error", "failure", "system-out", "system-err"],
        false,
    ),
    ("skipped", &[], &["type", "message"], &[], true),
    ("failure", &[], &["type", "message"], &[], true),
    ("error", &[], &["type", "message"], &[], true),
    ("system-out", &[], &[], &[], true),
];

fn obey(element: &Element) {
    let rule = RULES.iter().find(|rule| rule.0 == element.name);
    let (name, required, optional, children, text) =
        *rule.unwrap_or_else(|| panic!("unknown element {}", element.name));
    for attribute in required {
        assert!(element.attributes.contains_key(*attribute), "{name} needs {attribute}");
    }
    for attribute in element.attributes.keys() {
        let known = required.contains(&attribute.as_str()) || optional.contains(&attribute.as_str());
        assert!(known, "{name} has no {attribute}");
    }
    for child in &element.children {
        assert!(children.contains(&child.name.as_str()), "{name} holds no {}", child.name);
        obey(child);
    }
    assert!(text || element.text.trim().is_empty(), "{name} holds no text");
    if let Some(time) = element.attributes.get("time") {
        let (whole, fraction) = time.split_once('.').expect("a fraction");
        assert!(fraction.len() == 3 && (whole.to_owned() + fraction).bytes().all(|b| b.is_ascii_digit()), "{time}");
    }
}

fn render(record: &Record, judgement: &Judgement, detail: JunitDetail) -> Element {
    let xml = junit(record, judgement, &context(), detail).unwrap();
    let root = parse(&xml);
    obey(&root);
    root
}

#[test]
fn a_run_with_every_kind_of_finding_is_one_testcase_per_case() {
    let (record, judgement) = judged_findings();
    let xml = junit(&record, &judgement, &context(), JunitDetail::Case).unwrap();
    obey(&parse(&xml));
    insta::assert_snapshot!(xml);
}

#[test]
fn every_verdict_is_in_it() {
    let (record, judgement) = judged_findings();
    let root = render(&record, &judgement, JunitDetail::Case);
    let suite = &root.children[0];
    let cases: Vec<&Element> = suite.all("testcase").collect();
    assert_eq!(cases.len(), IDS.len());
    for (case, verdict) in VERDICTS {
        let element = cases[case as usize];
        let child = element.children.first().map(|child| (child.name.as_str(), child.attribute("type")));
        match verdict {
            Verdict::Stable => assert_eq!(child, None),
            Verdict::Skipped | Verdict::Unproven => assert_eq!(child, Some(("skipped", verdict.as_str()))),
            _ if case == CACHE => assert_eq!(child, Some(("system-out", "")), "a warning turns nothing red"),
            _ => assert_eq!(child, Some(("failure", verdict.as_str()))),
        }
    }
}

#[test]
fn a_case_keeps_its_name_over_runs() {
    let (record, judgement) = judged_findings();
    let root = render(&record, &judgement, JunitDetail::Case);
    let case = root.children[0].all("testcase").nth(ALERT_HIGH as usize).unwrap();
    assert_eq!(case.attribute("classname"), "budget/alerts.yaml");
    assert_eq!(case.attribute("name"), "what alerts.yaml promises holds [language=fr,level=HIGH]");
    let names: BTreeSet<(&str, &str)> =
        root.children[0].all("testcase").map(|case| (case.attribute("classname"), case.attribute("name"))).collect();
    assert_eq!(names.len(), IDS.len());
}

#[test]
fn a_failure_says_how_to_see_it_again() {
    let (record, judgement) = judged_findings();
    let root = render(&record, &judgement, JunitDetail::Case);
    let case = root.children[0].all("testcase").nth(ALERT_HIGH as usize).unwrap();
    let failure = &case.children[0];
    assert_eq!(failure.attribute("message"), "alert_level: expected HIGH, was CRITICAL");
    for part in [
        "scenarios/budget/alerts.yaml:12:7",
        "00c0ffee00c0ffee",
        "steadfast repro reports/runs/20260801-101112-c0ffee/repros/1.json",
        "budget/spend.yaml",
        "call 2: GET /budget -> 200",
    ] {
        assert!(failure.text.contains(part), "{part} in {}", failure.text);
    }
}

#[test]
fn totals_add_up_in_both_details() {
    let (record, judgement) = judged_findings();
    for (detail, suites) in [(JunitDetail::Case, 1), (JunitDetail::Trial, record.rounds.len())] {
        let root = render(&record, &judgement, detail);
        assert_eq!(root.children.len(), suites);
        let mut sums = [0_usize; 2];
        let mut names = BTreeSet::new();
        for suite in &root.children {
            let tests: Vec<&Element> = suite.all("testcase").collect();
            let having = |name: &str| tests.iter().filter(|test| test.all(name).next().is_some()).count();
            assert_eq!(suite.attribute("tests"), tests.len().to_string());
            assert_eq!(suite.attribute("failures"), having("failure").to_string());
            assert_eq!(suite.attribute("skipped"), having("skipped").to_string());
            sums[0] += tests.len();
            sums[1] += having("failure");
            for test in tests {
                assert!(names.insert((test.attribute("classname").to_owned(), test.attribute("name").to_owned())));
            }
        }
        assert_eq!(root.attribute("tests"), sums[0].to_string());
        assert_eq!(root.attribute("failures"), sums[1].to_string());
    }
}

#[test]
fn the_run_is_named_in_its_properties() {
    let (record, judgement) = judged_findings();
    let root = render(&record, &judgement, JunitDetail::Case);
    let properties = root.children[0].all("properties").next().unwrap();
    let value = |name: &str| {
        let mut named = properties.children.iter().filter(|property| property.attribute("name") == name);
        named.next().map(|property| property.attribute("value").to_owned()).unwrap_or_default()
    };
    assert_eq!(value("steadfast.seed"), "00c0ffee00c0ffee");
    assert_eq!(value("steadfast.gate"), "failed");
    assert_eq!(value(&format!("steadfast.rate {}", IDS[CACHE as usize])), "leaky: 0 of 5 trials failed");
}

#[test]
fn a_clean_run_has_no_failure() {
    let record = clean();
    let root = render(&record, &judge(&record), JunitDetail::Case);
    assert_eq!((root.attribute("tests"), root.attribute("failures")), ("3", "0"));
}

#[test]
fn a_message_of_a_megabyte_is_bounded_and_says_so() {
    let record = one_failure(&"expected ☃]]> ".repeat(80_000));
    for detail in [JunitDetail::Case, JunitDetail::Trial] {
        let root = render(&record, &judge(&record), detail);
        let failure = &root.children[0].all("testcase").next().unwrap().children[0];
        assert!(failure.text.len() < 70_000, "{}", failure.text.len());
        assert!(failure.text.contains("bytes more in events.jsonl"));
        assert!(failure.attribute("message").chars().count() <= 300);
    }
}

#[test]
fn what_xml_can_not_hold_is_shown() {
    let record = one_failure("a]]>b\u{0}c\u{1b}[31md\u{fffe}e<&\"'>f\u{b}g");
    let root = render(&record, &judge(&record), JunitDetail::Case);
    let failure = &root.children[0].all("testcase").next().unwrap().children[0];
    assert!(failure.text.contains("a]]>b\\x00cd\\u{fffe}e<&\"'>f\\x0bg"), "{}", failure.text);
    assert_eq!(failure.attribute("message"), "a]]>b\\x00cd\\u{fffe}e<&\"'>f\\x0bg");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..crate::properties::same_inputs() })]

    #[test]
    fn every_message_gives_a_valid_document(message in "\\PC*|(?s).*|[\\x00-\\x20\\]>&<\u{fffe}\u{85}]{0,40}", trial in any::<bool>()) {
        let record = one_failure(&message);
        let detail = if trial { JunitDetail::Trial } else { JunitDetail::Case };
        let root = render(&record, &judge(&record), detail);
        prop_assert_eq!(root.attribute("failures"), "1");
    }
}
