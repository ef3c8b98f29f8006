//! Reports of real failures: well-formed whatever a message contains, and of one mind.

use crate::cli::fake::{chat, project};
use crate::cli::kit::{BROKEN, Project, case, verdicts};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// The verdict of each test case of a JUnit file: `stable` without a failure. Fails if it is no XML, or if a character
/// is in it that XML does not allow.
fn junit(text: &str) -> BTreeMap<String, String> {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
        panic!("{wrong:?} is no character of XML");
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut verdicts, mut name, mut depth) = (BTreeMap::new(), String::new(), 0_usize);
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("at {}: {error}", reader.buffer_position()));
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let attribute = |key: &str| {
                    let found = start.try_get_attribute(key).expect("attributes are well-formed");
                    found.map(|found| String::from_utf8_lossy(&found.value).replace("&quot;", "\""))
                };
                match start.name().as_ref() {
                    b"testcase" => {
                        name = attribute("name").expect("a name");
                        verdicts.insert(name.clone(), "stable".to_owned());
                    }
                    b"failure" | b"error" => {
                        verdicts.insert(name.clone(), attribute("type").expect("a type"));
                    }
                    b"skipped" => {
                        verdicts.insert(name.clone(), "skipped".to_owned());
                    }
                    _ => {}
                }
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "every element is closed");
    verdicts
}

/// The verdicts in the order of the titles, as JUnit names its cases.
fn in_order_of_titles(report: &serde_json::Value) -> Vec<String> {
    let named = verdicts(report).into_iter().map(|(id, verdict)| {
        let title = case(report, &id)["title"].as_str().unwrap_or_default().to_owned();
        (format!("{title} {}", id.split_once('[').map_or("", |(_, cell)| cell)), verdict)
    });
    named.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// Each report of the latest run, and each rendered again, names the same verdicts.
#[track_caller]
fn agree(project: &Project) {
    let report = project.report();
    let written = project.read("reports/latest/junit.xml");
    let found: BTreeMap<String, String> = verdicts(&report).into_iter().collect();
    let in_junit: Vec<String> = junit(&written).into_values().collect();
    assert_eq!(in_junit, in_order_of_titles(&report));
    assert_eq!(project.run(&["report", "--format", "junit"]).exits(0).out, written, "rendered again");
    let again = project.run(&["report", "--format", "json"]).exits(0).out;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&again).expect("JSON"), report);
    let terminal = project.run(&["report"]).exits(0).out;
    for (id, verdict) in found.iter().filter(|(_, verdict)| *verdict != "stable") {
        // What was skipped is counted by its reason; findings are named.
        let told = verdict == "skipped" || terminal.contains(id.as_str());
        assert!(told && terminal.contains(&verdict.replace('_', " ")), "{id} {verdict} is not in\n{terminal}");
    }
    let length = |path: &str| std::fs::metadata(project.path(path)).expect("a file").len();
    for path in ["junit.xml", "report.json", "summary.md"] {
        assert!(length(&format!("reports/latest/{path}")) > 0);
    }
}

#[test]
fn reports_are_of_one_mind() {
    let skipped = "scenario: later\nskip: speech is not covered\n";
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN).with("scenarios/later.yaml", skipped);
    let ended = project.run(&["run", "--rounds", "2", "--seed", "1"]).exits(1);
    agree(&project);
    let report = project.report();
    assert_eq!(case(&report, "later")["verdict"], "skipped");
    assert!(ended.out.contains("wrong") && ended.out.contains("steadfast repro"), "{}", ended.out);
}

#[test]
fn a_nasty_message_of_a_megabyte_breaks_no_report() {
    let nasty = "scenario: \"a nasty one: <&]]>\"\ngiven: { learners: { nasty: {} } }\nproviders: { claude: { reply: Bonjour } }\n\
                 steps:\n  - chat: { language: en, message: honest }\n    as: nasty\n    expect: { status: 200 }\n";
    let ok = "{ status: 200 }";
    let project = project(&[])
        .with("scenarios/nasty.yaml", nasty)
        .with("scenarios/honest.yaml", chat("honest", "{ claude: { reply: Bonjour } }", "honest", ok, ""));
    project.run(&["run", "--system", "fake.yaml", "--orders", "declared", "--rounds", "1", "--no-alone"]).exits(1);
    agree(&project);
    let message = case(&project.report(), "nasty")["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("gave no token") && message.contains("]]>"), "{message:.200}");
    let length = std::fs::metadata(project.path("reports/latest/junit.xml")).expect("a file").len();
    assert!(length < 4 << 20, "one message of a megabyte makes a file of {length} bytes");
    project.assert_nothing_left();
}

#[test]
fn a_reader_that_goes_away_does_not_turn_a_failure_into_a_success() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    let mut command = project.command(&["run", "--rounds", "1", "--no-alone"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    agree(&project);
}

#[test]
fn copies_of_reports_go_where_they_are_wanted() {
    let project = Project::that_passes();
    let copies = ["--junit", "out/j.xml", "--json", "out/r.json", "--markdown", "out/s.md", "--html", "out/r.html"];
    project.run(&[&["run", "--rounds", "1", "--no-alone"], &copies[..]].concat()).exits(0);
    assert_eq!(project.read("out/j.xml"), project.read("reports/latest/junit.xml"));
    assert_eq!(project.read("out/r.json"), project.read("reports/latest/report.json"));
    assert_eq!(project.read("out/s.md"), project.read("reports/latest/summary.md"));
    assert!(project.read("out/r.html").contains("<html"));
}

#[test]
fn junit_has_a_testcase_per_case_or_one_per_trial() {
    let project = Project::that_passes();
    project.run(&["run", "--rounds", "2", "--no-alone", "--junit", "cases.xml"]).exits(0);
    project.run(&["run", "--rounds", "2", "--no-alone", "--junit", "trials.xml", "--junit-detail", "trial"]).exits(0);
    let count = |path: &str| project.read(path).matches("<testcase ").count() as u64;
    let trials = project.report()["trials"].as_u64().expect("a number");
    assert_eq!((count("cases.xml"), count("trials.xml")), (4, trials));
    let again = project.run(&["report", "--format", "junit", "--junit-detail", "trial"]).exits(0).out;
    assert_eq!(again, project.read("trials.xml"));
}
