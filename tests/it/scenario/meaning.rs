//! What is typed becomes what is meant.

use super::{Files, case, cases};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use steadfast::model::Money;
use steadfast::provider::{
    Answer, Barrier, Behaviour, FailureKind, Fault, Finish, Malformed, ProviderName, ProviderScript, Reply, ResetAt,
    Usage,
};
use steadfast::scenario::{CallExpectation, CallField, Capability, Matcher};

/// What `ollama` does.
fn script(does: &str) -> ProviderScript {
    let case = case(&format!("scenario: s\nproviders:\n  ollama: {does}\nsteps: [budget: ]\n"));
    case.script.providers[&ProviderName::new("ollama")].clone()
}

/// What `ollama` answers to every attempt.
fn behaviour(does: &str) -> Behaviour {
    match script(does) {
        ProviderScript::Always(behaviour) => behaviour,
        other => panic!("{does}: {other:?}"),
    }
}

fn reply(does: &str) -> Reply {
    match behaviour(does).answer {
        Answer::Reply(reply) => reply,
        other => panic!("{does}: {other:?}"),
    }
}

/// What is expected of calls.
fn calls(calls: &str) -> Vec<CallExpectation> {
    case(&format!("scenario: s\nsteps: [budget: ]\ncalls: {calls}\n")).calls.calls
}

fn is_equal(matcher: Option<&Matcher>, expected: &serde_json::Value) -> bool {
    matches!(matcher, Some(Matcher::Equals(value)) if value == expected)
}

#[test]
fn the_whole_of_a_case_is_there() {
    let case = case(
        "scenario: a title\ntags: [x, y]\nneeds: [reset]\ntimeout: 30s\nleaks:\n  - { kind: connection, count: 2, name: 'tcp*', reason: kept }\nsteps: [budget: ]\n",
    );
    assert_eq!(case.id.as_str(), "m/s");
    assert_eq!((case.title.as_str(), case.module.as_str()), ("a title", "m"));
    assert_eq!(case.place.to_string(), "scenarios/m/s.yaml:1:1");
    assert_eq!(case.tags, BTreeSet::from(["x".to_owned(), "y".to_owned()]));
    assert_eq!(case.needs, BTreeSet::from([Capability::Reset]));
    assert_eq!(case.timeout, Some(Duration::from_secs(30)));
    assert_eq!((case.leaks[0].count, case.leaks[0].name.as_deref()), (Some(2), Some("tcp*")));
    assert_eq!(case.given.learners.len(), 1);
    assert_eq!(case.given.learners[0].name, "ada");
}

#[test]
fn a_case_that_does_not_run_says_why_and_needs_no_steps() {
    assert_eq!(
        case("scenario: speech\nskip: speech has no contract\n").skip.as_deref(),
        Some("speech has no contract")
    );
}

#[test]
fn money_is_read_from_its_text() {
    let case = case("scenario: s\ngiven: { budget: { limit: 30.00, used: 14.999999999 } }\nsteps: [budget: ]\n");
    assert_eq!(case.given.limit, Some(Money::from_nanos(30_000_000_000)));
    assert_eq!(case.given.used, Some(Money::from_nanos(14_999_999_999)));
    assert_eq!(case.needs, BTreeSet::from([Capability::Budget]));
}

#[test]
fn the_state_at_the_start_is_read() {
    let case = case(
        "scenario: s
given:
  now: 2025-01-31T23:59:59Z
  provider_timeout: 200ms
  models: [a:7b, { name: b }]
  health: { claude: down, mistral: up, ollama: down }
  learner: { name: eve, local_only: true, models: { general: a } }
  learners: { bob: { budget_enforcement: false }, cid: }
steps: [{ budget: , as: bob }]
",
    );
    assert_eq!(case.given.now.unwrap().to_string(), "2025-01-31T23:59:59Z");
    assert_eq!(case.given.provider_timeout, Some(Duration::from_millis(200)));
    assert_eq!(case.script.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["a:7b", "b"]);
    assert_eq!(case.given.unhealthy, [ProviderName::new("claude")]);
    assert_eq!(case.script.down, [ProviderName::new("ollama")]);
    let learners: Vec<_> = case.given.learners.iter().map(|learner| learner.name.as_str()).collect();
    assert_eq!(learners, ["eve", "bob", "cid"]);
    assert_eq!(json!(case.given.learners[0].settings), json!({"local_only": true, "models": {"general": "a"}}));
    assert_eq!(case.steps[0].learner.as_deref(), Some("bob"));
    use Capability::{Clock, Health, Journal, ProviderTimeout};
    assert_eq!(case.needs, BTreeSet::from([Clock, Health, Journal, ProviderTimeout]));
}

#[test]
fn a_lone_name_keeps_its_type_and_one_in_a_text_does_not() {
    let cases = cases(
        "scenario: s
matrix: { v: [true, false], n: [5], m: [0.10] }
given: { budget: { limit: \"${m}\" } }
steps:
  - chat: { message: \"${n} is ${v} of $${n}\", language: en, local_only: \"${v}\" }
    expect: { cost: \"${m}\" }
",
    );
    let arguments = |index: usize| match &cases[index].steps[0].action {
        steadfast::scenario::Action::Verb(_, arguments) => json!(arguments),
        other => panic!("{other:?}"),
    };
    assert_eq!(arguments(0), json!({"message": "5 is true of $${n}", "language": "en", "local_only": true}));
    assert_eq!(arguments(1)["local_only"], json!(false));
    assert_eq!(cases[0].given.limit, Some(Money::from_nanos(100_000_000)));
    let expected = &cases[0].steps[0].expect[0].matcher;
    assert!(matches!(expected, Matcher::Money(money) if money.nanos() == 100_000_000), "{expected:?}");
}

#[test]
fn a_provider_answers_every_attempt_attempt_by_attempt_or_by_rule() {
    assert!(matches!(script("{ reply: a }"), ProviderScript::Always(_)));
    let ProviderScript::Sequence(answers) = script("[{ fail: overloaded, times: 2 }, { reply: a }]") else { panic!() };
    assert_eq!(answers.iter().map(|answer| answer.times).collect::<Vec<_>>(), [Some(2), None]);
    let ProviderScript::Rules(rules) =
        script("{ rules: [{ when: { message: x, stream: true }, reply: a }, { reply: b }] }")
    else {
        panic!()
    };
    assert_eq!((rules[0].0.message.as_deref(), rules[0].0.stream), (Some("x"), Some(true)));
    assert_eq!(rules[1].0, steadfast::provider::Match::default());
    let case = case("scenario: s\nproviders: { any: { hang: true } }\nsteps: [budget: ]\n");
    assert!(matches!(case.script.any, Some(ProviderScript::Always(Behaviour { answer: Answer::Hang, line: 2, .. }))));
}

#[test]
fn every_kind_of_answer_is_read() {
    let plain = reply("{ reply: hello, usage: { input: 1, output: 2 }, finish: length, model: m }");
    assert_eq!((plain.chunks, plain.as_given), (vec!["hello".to_owned()], false));
    assert_eq!(plain.usage, Usage::Given { input: 1, output: 2 });
    assert_eq!((plain.finish, plain.model.as_deref()), (Finish::Length, Some("m")));
    let streamed = reply("{ stream: [a, b], usage: none, finish: none, then: { fail: overloaded, retry_after: 1s } }");
    assert_eq!((streamed.chunks.len(), streamed.as_given), (2, true));
    assert_eq!((streamed.usage, streamed.finish), (Usage::Absent, Finish::Absent));
    assert_eq!(streamed.then.unwrap().retry_after, Some(Duration::from_secs(1)));
    let Answer::Fail(failing) = behaviour("{ fail: overloaded, status: 430, message: slow down }").answer else {
        panic!()
    };
    assert_eq!(
        (failing.kind, failing.status, failing.message.as_deref()),
        (FailureKind::Overloaded, Some(430), Some("slow down"))
    );
    assert_eq!(behaviour("{ malformed: html }").answer, Answer::Malformed(Malformed::Html));
    assert_eq!(behaviour("{ malformed: null }").answer, Answer::Malformed(Malformed::Null));
}

#[test]
fn how_an_answer_goes_over_the_wire_is_read() {
    let slow = behaviour("{ reply: a, after: 20ms, every: 1.5s, hold_until: { calls: 8 }, headers: { x-a: 1 } }");
    assert_eq!((slow.after, slow.every), (Duration::from_millis(20), Duration::from_millis(1500)));
    assert_eq!(slow.hold_until, Some(Barrier { calls: 8 }));
    assert_eq!(slow.headers["x-a"], "1");
    let fault = |does: &str| behaviour(does).fault.unwrap();
    assert_eq!(fault("{ reset: start }"), Fault::Reset(ResetAt::Start));
    assert_eq!(fault("{ reset: 10, stream: [a] }"), Fault::Reset(ResetAt::Byte(10)));
    assert_eq!(fault("{ truncate: middle, reply: a }"), Fault::Truncate(ResetAt::Middle));
    assert_eq!(fault("{ trickle: 5ms }"), Fault::Trickle(Duration::from_millis(5)));
    assert_eq!(fault("{ wrong_length: +10 }"), Fault::WrongLength(10));
    assert!(!reply("{ wrong_length: -3 }").chunks[0].is_empty());
}

#[test]
fn a_fixture_is_read_from_the_projects_folder() {
    let text = "scenario: s\nproviders: { ollama: { fixture: f/a.ndjson, status: 503 } }\nsteps: [budget: ]\n";
    let files = Files::new(&[("scenarios/s.yaml", text), ("f/a.ndjson", "{}\n")]);
    let case = &files.load().unwrap().cases[0];
    let ProviderScript::Always(behaviour) = &case.script.providers[&ProviderName::new("ollama")] else { panic!() };
    let expected = Answer::Raw { status: 503, content_type: "application/x-ndjson".into(), body: b"{}\n".to_vec() };
    assert_eq!(behaviour.answer, expected);
}

#[test]
fn calls_are_counted_by_provider_endpoint_and_property() {
    let plain = &calls("{ claude: 0 }")[0];
    assert_eq!(plain.provider, Some(ProviderName::new("claude")));
    assert!(is_equal(plain.count.as_ref(), &json!(0)) && plain.endpoint.is_none() && plain.each.is_empty());
    assert!(matches!(calls("{ any: { at_least: 2 } }")[0].count, Some(Matcher::AtLeast(_))));
    assert_eq!(calls("{ any: 1 }")[0].provider, None);
    let ollama = calls("{ ollama: { generate: 1, tags: { at_most: 2 }, count: 1, model: m } }");
    let endpoints: Vec<_> = ollama.iter().map(|expectation| expectation.endpoint.as_deref()).collect();
    assert_eq!(endpoints, [Some("generate"), Some("tags"), None]);
    assert_eq!(ollama[2].each[0].what, CallField::Model);
    let in_order = &calls("{ ollama: [{ model: a }, { stream: true, message: { contains: x } }] }")[0];
    assert!(is_equal(in_order.count.as_ref(), &json!(2)));
    let each: Vec<_> = in_order.each.iter().map(|property| (property.index, property.what)).collect();
    assert_eq!(each, [(Some(0), CallField::Model), (Some(1), CallField::Stream), (Some(1), CallField::Message)]);
}

#[test]
fn the_order_of_calls_and_attempts_are_read() {
    let case = case("scenario: s\nsteps: [budget: ]\ncalls: { order: [claude, ollama] }\nattempts: { claude: 3 }\n");
    let (place, order) = case.calls.order.unwrap();
    assert_eq!(order, [ProviderName::new("claude"), ProviderName::new("ollama")]);
    assert_eq!((place.line, place.column), (3, 10));
    assert!(is_equal(case.calls.attempts[0].count.as_ref(), &json!(3)));
    assert_eq!(case.needs, BTreeSet::from([Capability::Journal]));
}

#[test]
fn a_case_that_expects_nothing_is_noted() {
    let files = Files::new(&[("scenarios/s.yaml", "scenario: s\nsteps: [budget: ]\n")]);
    let notes = files.load().unwrap().notes;
    assert_eq!(notes, ["scenarios/s.yaml:1:1: `s` expects nothing, so that it proves little"]);
}
