//! Steps, expectations, captures, loops and lanes as meant.

use super::{case, problems, with_steps};
use serde_json::json;
use std::time::Duration;
use steadfast::scenario::{
    Action, Auth, Capability, Case, Expectation, HttpBody, Matcher, Step, StreamSubject, Subject, Verb,
};

fn steps(steps: &str) -> Vec<Step> {
    case(&with_steps(steps)).steps
}

/// The expectations of a chat.
fn expected(expect: &str) -> Vec<Expectation> {
    steps(&format!("  - chat: {{ message: hi, language: en, stream: true }}\n    expect: {{ {expect} }}\n"))
        .remove(0)
        .expect
}

fn one(expect: &str) -> (Subject, Matcher) {
    let mut all = expected(expect);
    assert_eq!(all.len(), 1, "{expect}");
    let Expectation { subject, matcher, .. } = all.remove(0);
    (subject, matcher)
}

#[test]
fn verbs_without_arguments_take_none() {
    let steps = steps("  - budget:\n  - health: {}\n  - settings: { local_only: true }\n");
    let verbs: Vec<Verb> = steps
        .iter()
        .map(|step| match &step.action {
            Action::Verb(verb, _) => *verb,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(verbs, [Verb::Budget, Verb::Health, Verb::Settings]);
}

#[test]
fn a_raw_request_is_read() {
    let step = &steps(
        "  - http: { put: /x?y=1, headers: { x-a: b }, json: { a: [1, null] }, auth: admin }\n    expect: { status: 204 }\n",
    )[0];
    let Action::Http(request) = &step.action else { panic!() };
    assert_eq!((request.method.as_str(), request.path.as_str(), &request.auth), ("PUT", "/x?y=1", &Auth::Admin));
    assert!(matches!(&request.body, HttpBody::Json(value) if *value == json!({"a": [1, null]})));
    let step = &steps("  - http: { get: /x, auth: Bearer x }\n    expect: { status: 401 }\n")[0];
    let Action::Http(request) = &step.action else { panic!() };
    assert_eq!(request.auth, Auth::Token("Bearer x".into()));
}

#[test]
fn every_subject_is_read() {
    assert!(matches!(one("status: 200"), (Subject::Status, Matcher::Equals(_))));
    assert!(matches!(one("provider: claude"), (Subject::Field(field), _) if field == "provider"));
    assert!(matches!(one("'$.usage.input_tokens': 3"), (Subject::Path(path, _), _) if path == "$.usage.input_tokens"));
    assert!(matches!(one("header.Retry-After: '1'"), (Subject::Header(name), _) if name == "retry-after"));
    assert!(matches!(one("body: { contains: x }"), (Subject::Body, Matcher::Contains(_))));
    assert!(matches!(one("log: timed out"), (Subject::Log, Matcher::Contains(_))));
    let all =
        expected("stream: { events: [start, delta, done], text: x, chunks: 3, first_within: 1s, max_gap: 300ms }");
    let subjects: Vec<_> = all
        .iter()
        .map(|expectation| match &expectation.subject {
            Subject::Stream(subject) => *subject,
            other => panic!("{other:?}"),
        })
        .collect();
    use StreamSubject::{Chunks, Events, FirstWithin, MaxGap, Text};
    assert_eq!(subjects, [Events, Text, Chunks, FirstWithin, MaxGap]);
    assert!(matches!(&all[4].matcher, Matcher::AtMost(limit) if *limit == json!(300)));
}

#[test]
fn every_operator_is_read() {
    let matcher = |operators: &str| one(&format!("text: {{ {operators} }}")).1;
    assert!(matches!(matcher("equals: x"), Matcher::Equals(_)));
    assert!(matches!(matcher("contains: x"), Matcher::Contains(_)));
    assert!(matches!(matcher("matches: '^x$'"), Matcher::Matches(regex) if regex.is_match("x")));
    assert!(matches!(matcher("one_of: [a, b]"), Matcher::OneOf(values) if values.len() == 2));
    assert!(matches!(matcher("length: { at_most: 5 }"), Matcher::Length(_)));
    assert!(matches!(matcher("is: string"), Matcher::Type(_)));
    assert!(matches!(matcher("is: null"), Matcher::Type(name) if name == "null"));
    assert!(matches!(matcher("present: true"), Matcher::Present(true)));
    assert!(matches!(matcher("absent: true"), Matcher::Present(false)));
    assert!(matches!(matcher("not: { contains: x }"), Matcher::Not(_)));
    assert!(matches!(matcher("contains: x, not: y"), Matcher::All(both) if both.len() == 2));
    assert!(matches!(one("cost: { at_least: 0.5 }").1, Matcher::AtLeast(_)));
    assert!(matches!(one("hint: null").1, Matcher::Equals(value) if value.is_null()));
}

#[test]
fn fields_of_a_mapping_can_be_nested_or_dotted() {
    let fields = |expect: &str| -> Vec<String> {
        let all = expected(expect);
        let name = |expectation: Expectation| match expectation.subject {
            Subject::Field(name) => name,
            other => panic!("{other:?}"),
        };
        all.into_iter().map(name).collect()
    };
    assert_eq!(
        fields("warning: { used: 1.5, requested_provider: claude }"),
        ["warning.used", "warning.requested_provider"]
    );
    assert_eq!(fields("warning.limit: 30, warning: { present: true }"), ["warning.limit", "warning"]);
    let steps = steps("  - health:\n    expect: { providers: { claude: { healthy: false } } }\n");
    assert!(matches!(&steps[0].expect[0].subject, Subject::Field(name) if name == "providers.claude.healthy"));
}

#[test]
fn a_capture_is_known_to_later_steps() {
    let steps = steps(
        "  - chat: { message: hi, language: en }
    capture: { c: conversation, t: $.text }
  - conversation: { id: \"${c}\" }
    expect: { messages: { length: 2 }, id: \"${c}\", \"$.messages[1].text\": \"${t} ${trial}\" }
",
    );
    assert_eq!(steps[0].capture.len(), 2);
    assert!(matches!(&steps[1].expect[1].matcher, Matcher::Equals(value) if *value == json!("${c}")));
}

#[test]
fn a_loop_is_steps_for_each_combination() {
    let steps = steps(
        "  - for_each: { l: [en, fr], n: ['1', '2'] }
    steps:
      - chat: { message: \"${n}\", language: \"${l}\" }
      - budget:
",
    );
    assert_eq!(steps.len(), 8);
    let Action::Verb(Verb::Chat, arguments) = &steps[4].action else { panic!() };
    assert_eq!(json!(arguments), json!({"message": "1", "language": "fr"}));
}

#[test]
fn loops_that_are_wrong_are_told() {
    let check = |steps: &str, expected: &[&str]| assert_eq!(problems(&with_steps(steps)), expected, "{steps}");
    check("  - for_each: { l: [en] }\n", &["3:5 `for_each` without `steps`"]);
    check("  - for_each: { l: [en] }\n    steps: [budget: ]\n", &["3:17 the variable `l` is never used"]);
    check("  - for_each: { l: en }\n    steps: [budget: ]\n", &["3:20 a list of values is wanted, not a text"]);
    check(
        "  - for_each: { l: [1, 2] }\n    expect: {}\n    steps: [models: { language: \"${l}\" }]\n",
        &["4:5 `expect` has no meaning beside `for_each`", "5:33 a text is wanted, not an integer"],
    );
}

#[test]
fn lanes_run_side_by_side_as_often_as_they_say() {
    let steps = steps(
        "  - concurrently:
      - { budget: , times: 3 }
      - [models: , languages: ]
      - { steps: [budget: , models: ], times: 2 }
      - { for_each: { l: [en, fr] }, steps: [models: { language: \"${l}\" }] }
",
    );
    let Action::Concurrently(lanes) = &steps[0].action else { panic!() };
    assert_eq!(lanes.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 2, 1, 1]);
}

#[test]
fn expectations_on_lanes_speak_of_the_set_of_answers() {
    let steps = steps(
        "  - concurrently:
      - { chat: { message: hi, language: en }, times: 8 }
    expect: { status: 200, provider: { claude: 3, ollama: { at_most: 5 } }, cost: { at_most: 1 }, cached: { true: 1, false: 7 } }
",
    );
    let all = &steps[0].expect;
    assert!(all.iter().all(|expectation| matches!(expectation.subject, Subject::Tally(_))));
    assert!(matches!(&all[0].matcher, Matcher::Equals(_)));
    assert!(matches!(&all[1].matcher, Matcher::Tally(counts) if counts.len() == 2));
    assert!(matches!(&all[2].matcher, Matcher::AtMost(_)));
    assert!(matches!(&all[3].matcher, Matcher::Tally(counts) if counts.contains_key("true")));
}

#[test]
fn lanes_that_are_wrong_are_told() {
    let check = |steps: &str, expected: &[&str]| assert_eq!(problems(&with_steps(steps)), expected, "{steps}");
    check("  - concurrently: []\n", &["3:19 no lane at all"]);
    check("  - concurrently: [{ restart: }]\n", &["3:22 `restart` can't stand inside `concurrently`"]);
    check(
        "  - concurrently: [{ concurrently: [budget: ] }]\n",
        &["3:22 `concurrently` can't stand inside `concurrently`"],
    );
    check(
        "  - concurrently: [budget: ]\n    expect: { alert_level: { PURPLE: 1 } }\n",
        &["4:30 `PURPLE` is no alert level"],
    );
    check(
        "  - concurrently: [budget: ]\n    capture: { x: used_budget }\n",
        &["4:16 several answers can't be captured under one name"],
    );
    check(
        "  - concurrently: [{ history: , capture: { x: conversations } }, { conversation: { id: \"${x}\" } }]\n",
        &["3:44 what is captured as `x` is never used", "3:88 nothing is known by the name `x`"],
    );
    check("  - concurrently: [{ budget: , times: 100000 }]\n", &["3:39 100000 lanes are more than 1000"]);
}

#[test]
fn eventually_goes_on_for_a_while() {
    let all = steps(
        "  - eventually: [{ budget: , expect: { used_budget: 1 } }]\n  - eventually: [budget: ]\n    within: 1s\n    every: 5ms\n",
    );
    let times: Vec<_> = all
        .iter()
        .map(|step| match &step.action {
            Action::Eventually { within, every, .. } => (*within, *every),
            other => panic!("{other:?}"),
        })
        .collect();
    let millis = Duration::from_millis;
    assert_eq!(times, [(millis(5000), millis(20)), (millis(1000), millis(5))]);
    assert_eq!(
        problems(&with_steps("  - eventually: [budget: ]\n    expect: { log: x }\n")),
        ["4:5 `expect` has no meaning beside `eventually`"]
    );
}

#[test]
fn needs_follow_from_what_is_done_and_expected() {
    let needs = |steps: &str| case(&with_steps(steps)).needs.into_iter().collect::<Vec<_>>();
    assert_eq!(needs("  - restart:\n"), [Capability::Restart]);
    assert_eq!(needs("  - look:\n    expect: { log: x }\n"), [Capability::Log]);
    assert_eq!(needs("  - chat: { message: a, language: en, stream: true }\n"), [Capability::Stream]);
    assert_eq!(needs("  - chat: { message: a, language: en, stream: false }\n"), []);
}

#[test]
fn places_are_those_of_the_file() {
    let case: Case = case(&with_steps("  - budget:\n    expect: { used_budget: 1 }\n"));
    assert_eq!(case.steps[0].place.to_string(), "scenarios/m/s.yaml:3:5");
    assert_eq!(case.steps[0].expect[0].place.to_string(), "scenarios/m/s.yaml:4:15");
}
