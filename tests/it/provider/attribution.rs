//! Whose a request is: never the next trial's.

use super::kit::*;
use serde_json::{Value, json};
use std::time::Duration;
use steadfast::model::{Seed, TrialKey};
use steadfast::provider::*;

const WIRE: Wire = Wire::Openai;

fn saying(messages: &[(&str, &str)]) -> Value {
    let messages: Vec<_> = messages.iter().map(|(role, text)| json!({"role": role, "content": text})).collect();
    json!({"model": "m", "messages": messages})
}

fn hi(text: &str) -> Value {
    saying(&[("user", text)])
}

fn next(kit: &Kit, position: u32, sent: &[&str]) {
    kit.providers.begin(trial(position), Seed::new(1), always(reply("Hi")));
    for text in sent {
        kit.providers.sent(text);
    }
}

/// A kit whose first trial has failed to answer `message` and has ended.
fn after_failed(message: &str) -> Kit {
    let kit = Kit::new(always(fail(FailureKind::ServerError)));
    kit.providers.sent(message);
    assert_eq!(kit.ask(WIRE, &hi(message)).status, 500);
    kit.providers.end();
    kit
}

fn with_retry(kit: &Kit, body: &Value, retry: u32) -> Seen {
    let request = kit.request(WIRE, body).header("x-stainless-retry-count", retry.to_string());
    kit.send(request).expect("an answer")
}

/// The late call's trial, with everything else of the trial that ended being untouched.
fn late_of(kit: &Kit, seen: &Seen) -> Option<TrialKey> {
    assert_eq!(seen.status, 503, "{seen:?}");
    assert_eq!(seen.header("connection"), Some("close"));
    let ended = kit.providers.end();
    assert_eq!(ended.calls, [], "a late call is none of the trial's");
    assert_eq!(ended.late.len(), 1);
    assert_eq!(ended.late[0].matched, Matched::Late);
    ended.late[0].trial
}

#[test]
fn a_late_retry_is_its_own_trials() {
    let kit = after_failed("What is a noun?");
    next(&kit, 1, &["What is a verb?"]);
    let seen = kit.ask(WIRE, &hi("What is a noun?"));
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
}

#[test]
fn a_late_retry_is_its_own_trials_even_if_both_say_the_same() {
    let kit = after_failed("Hello");
    next(&kit, 1, &["Hello"]);
    let seen = with_retry(&kit, &hi("Hello"), 2);
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
}

#[test]
fn the_same_message_again_is_the_current_trials() {
    let kit = after_failed("Hello");
    next(&kit, 1, &["Hello"]);
    assert_eq!(kit.ask(WIRE, &hi("Hello")).status, 200);
    assert_eq!(with_retry(&kit, &hi("Hello"), 1).status, 200, "a retry of what this trial asked itself");
    let ended = kit.providers.end();
    assert_eq!((ended.calls.len(), ended.late.len()), (2, 0));
}

#[test]
fn a_mark_alone_is_told_and_with_another_sign_it_makes_a_request_late() {
    let kit = Kit::new(always(reply("Hi")));
    let text = text_of(WIRE, &kit.ask(WIRE, &hi("Hello")).json());
    kit.providers.end();
    next(&kit, 1, &["Bonjour"]);
    let body = saying(&[("user", "Hello"), ("assistant", &text), ("user", "And then?")]);
    assert_eq!(kit.ask(WIRE, &body).status, 200, "what was carried over is no late call");
    assert_eq!(kit.providers.end().calls[0].carries, [trial(0)]);
    next(&kit, 2, &["Bonjour"]);
    let body = saying(&[("user", "Hello"), ("assistant", &text), ("user", "And what else?")]);
    assert_eq!(late_of(&kit, &with_retry(&kit, &body, 1)), Some(trial(0)));
}

#[test]
fn a_leaked_history_under_a_message_of_ones_own_is_told_and_not_late() {
    let kit = Kit::new(always(reply("Hi")));
    let text = text_of(WIRE, &kit.ask(WIRE, &hi("Hello")).json());
    kit.providers.end();
    next(&kit, 1, &["Bonjour"]);
    assert_eq!(kit.ask(WIRE, &saying(&[("user", "Hello"), ("assistant", &text), ("user", "Bonjour")])).status, 200);
    let ended = kit.providers.end();
    assert_eq!(ended.calls[0].carries, [trial(0)]);
    assert_eq!(ended.calls[0].trial, Some(trial(1)));
}

#[test]
fn the_marks_of_ones_own_answers_are_nothing_special() {
    let kit = Kit::new(always(reply("Hi")));
    let text = text_of(WIRE, &kit.ask(WIRE, &hi("Hello")).json());
    assert_eq!(kit.ask(WIRE, &saying(&[("user", "Hello"), ("assistant", &text), ("user", "More")])).status, 200);
    let ended = kit.providers.end();
    assert_eq!((ended.calls.len(), ended.late.len()), (2, 0));
    assert_eq!(ended.calls[1].carries, []);
}

#[test]
fn before_a_trial_sends_anything_nothing_is_its_own() {
    let kit = after_failed("Hello");
    next(&kit, 1, &[]);
    let seen = kit.ask(WIRE, &hi("Hello"));
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
    next(&kit, 2, &[]);
    assert_eq!(kit.ask(WIRE, &hi("Nobody ever said this")).status, 200, "time alone is a guess");
    let ended = kit.providers.end();
    assert!(ended.calls[0].doubtful && ended.late.is_empty());
    next(&kit, 3, &[""]);
    assert_eq!(kit.ask(WIRE, &hi("Nobody ever said this")).status, 200, "a text of the system's own");
}

#[test]
fn between_trials_a_request_is_blamed_on_the_trial_that_it_names() {
    let kit = after_failed("Hello");
    let seen = kit.ask(WIRE, &hi("Hello"));
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
}

#[test]
fn a_first_attempt_that_never_arrived_makes_no_retry_late() {
    // The client's pooled connection had died, so that its first attempt reached nobody.
    let kit = Kit::new(always(reply("Hi")));
    assert_eq!(with_retry(&kit, &hi("Hello"), 1).status, 200);
    assert_eq!(kit.providers.end().calls.len(), 1);
}

#[test]
fn the_texts_of_a_whole_json_body_count_as_sent() {
    let kit = after_failed("What is a noun?");
    next(&kit, 1, &[r#"{"language": "en", "message": "What is a \"noun\"?"}"#]);
    assert_eq!(kit.ask(WIRE, &hi("Please answer: What is a \"noun\"?")).status, 200);
    assert_eq!(kit.providers.end().late, []);
}

#[test]
fn a_word_that_happens_to_be_part_of_a_late_message_claims_nothing() {
    let kit = after_failed("Explain the conversation, then end");
    next(&kit, 1, &[r#"{"use_case": "conversation", "language": "en", "message": "Bonjour"}"#]);
    let seen = kit.ask(WIRE, &hi("Explain the conversation, then end"));
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
}

#[test]
fn by_arrival_the_current_trial_owns_what_nothing_else_claims() {
    let options = ProvidersOptions { attribution: Attribution::ByArrival, ..ProvidersOptions::default() };
    let kit = Kit::with(always(fail(FailureKind::ServerError)), options);
    assert_eq!(kit.ask(WIRE, &hi("Hello")).status, 500);
    kit.providers.end();
    next(&kit, 1, &[]);
    assert_eq!(kit.ask(WIRE, &hi("Something else")).status, 200);
    assert_eq!(kit.providers.end().late, []);
    next(&kit, 2, &[]);
    assert_eq!(kit.ask(WIRE, &hi("Hello")).status, 200, "equal bodies are no proof");
    assert!(kit.providers.end().calls[0].doubtful);
    kit.providers.begin(trial(3), Seed::new(1), always(fail(FailureKind::ServerError)));
    assert_eq!(kit.ask(WIRE, &hi("Good morning")).status, 500);
    kit.providers.end();
    next(&kit, 4, &[]);
    let seen = with_retry(&kit, &hi("Good morning"), 1);
    assert_eq!(late_of(&kit, &seen), Some(trial(3)));
}

#[test]
fn where_all_requests_have_one_text_a_first_call_is_the_cases_own() {
    let kit = Kit::new(always(fail(FailureKind::ServerError)));
    let prompt = hi("Answer the learner.");
    kit.providers.sent("How do I order a coffee?");
    assert_eq!(kit.ask(WIRE, &prompt).status, 500);
    kit.providers.end();
    next(&kit, 1, &["And a cup of tea?"]);
    assert_eq!(kit.ask(WIRE, &prompt).status, 200);
    let ended = kit.providers.end();
    assert_eq!((ended.calls.len(), ended.late.len(), ended.calls[0].doubtful), (1, 0, true));
    // An SDK that says it is its first attempt leaves no doubt.
    kit.providers.begin(trial(2), Seed::new(1), always(fail(FailureKind::ServerError)));
    kit.providers.sent("Hello");
    with_retry(&kit, &prompt, 0);
    kit.providers.end();
    next(&kit, 3, &["Hello"]);
    assert_eq!(with_retry(&kit, &prompt, 0).status, 200);
    assert!(!kit.providers.end().calls[0].doubtful);
    // One that says it is a retry of what failed, and was not tried in this case, is late.
    kit.providers.begin(trial(4), Seed::new(1), always(fail(FailureKind::ServerError)));
    kit.providers.sent("Hello");
    with_retry(&kit, &prompt, 0);
    kit.providers.end();
    next(&kit, 5, &["Goodbye"]);
    let seen = with_retry(&kit, &prompt, 1);
    assert_eq!(late_of(&kit, &seen), Some(trial(4)));
}

#[test]
fn a_call_that_was_given_up_may_come_again_late() {
    let kit = Kit::new(always(Behaviour { after: Duration::from_secs(600), ..reply("Hi") }));
    let request = kit.request(WIRE, &hi("Hello")).timeout(Duration::from_millis(50));
    kit.runtime.block_on(async { request.send().await }).expect_err("it takes too long");
    eventually("the hang-up is noticed", || {
        // The client closes its connection on its own loop.
        kit.runtime.block_on(tokio::task::yield_now());
        kit.providers.in_flight() == 0
    });
    kit.providers.end();
    next(&kit, 1, &["Bonjour"]);
    let seen = kit.ask(WIRE, &hi("Hello"));
    assert_eq!(late_of(&kit, &seen), Some(trial(0)));
}

#[test]
fn an_sdks_retries_are_one_logical_call_and_identical_calls_at_once_are_two() {
    let kit =
        Kit::new(sequence("openai", vec![Behaviour { times: Some(2), ..fail(FailureKind::Overloaded) }, reply("Hi")]));
    for retry in 0..3 {
        with_retry(&kit, &hi("Hello"), retry);
    }
    let logical = logical_calls(&kit.providers.end().calls);
    assert_eq!(logical.iter().map(|call| call.attempts.len()).collect::<Vec<_>>(), [3]);

    kit.providers.begin(
        trial(1),
        Seed::new(1),
        always(Behaviour { hold_until: Some(Barrier { calls: 2 }), ..reply("Hi") }),
    );
    kit.providers.sent("Hello");
    kit.runtime.block_on(async {
        let ask = || kit.request(WIRE, &hi("Hello")).send();
        let (one, two) = tokio::join!(ask(), ask());
        assert!(one.is_ok() && two.is_ok());
    });
    assert_eq!(logical_calls(&kit.providers.end().calls).len(), 2);
}

#[test]
fn a_client_without_a_retry_header_retries_what_failed_and_repeats_what_did_not() {
    let kit = Kit::new(sequence("openai", vec![fail(FailureKind::ServerError), reply("Hi"), reply("Hi")]));
    for _ in 0..3 {
        kit.ask(WIRE, &hi("Hello"));
    }
    let logical = logical_calls(&kit.providers.end().calls);
    assert_eq!(logical.iter().map(|call| call.attempts.len()).collect::<Vec<_>>(), [2, 1]);
}
