//! What each wire format answers.

use super::kit::*;
use serde_json::Value;
use steadfast::provider::*;

#[test]
fn every_provider_answers_in_its_own_shape_with_a_mark_of_the_trial() {
    let kit = Kit::new(always(reply("Bonjour !")));
    for wire in Wire::ALL {
        let from = kit.providers.cursor();
        let seen = kit.ask(wire, &hello(wire, false));
        assert_eq!(seen.status, 200, "{wire:?}: {seen:?}");
        let (text, marks) = Mark::strip(&text_of(wire, &seen.json()));
        assert_eq!(text, "Bonjour !");
        let calls = kit.providers.calls_since(from);
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].mark.into_iter().collect::<Vec<_>>(), marks);
        assert!(calls[0].is_answered());
        assert_eq!(calls[0].trial, Some(trial(0)));
        assert_eq!(calls[0].last_user_message(), "Hello");
        assert_eq!(calls[0].model, "m");
    }
    assert_eq!(logical_calls(&kit.providers.end().calls).len(), Wire::ALL.len());
}

#[test]
fn every_provider_streams_in_its_own_shape_with_the_mark_in_the_last_text() {
    let kit = Kit::new(always(reply("Bonjour et bienvenue !")));
    for wire in Wire::ALL {
        let seen = kit.ask(wire, &hello(wire, true));
        assert_eq!(seen.status, 200, "{wire:?}: {seen:?}");
        assert_eq!(seen.header("content-length"), None);
        let (text, marks) = Mark::strip(&text_of_stream(wire, &seen.text));
        assert_eq!(text, "Bonjour et bienvenue !", "{}", seen.text);
        assert_eq!(marks.len(), 1);
        let ends_with_done = matches!(wire, Wire::Mistral | Wire::Deepseek | Wire::Openai);
        assert_eq!(seen.text.ends_with("data: [DONE]\n\n"), ends_with_done);
    }
}

#[test]
fn anthropics_events_come_in_their_order() {
    let kit = Kit::new(always(reply("one two")));
    let seen = kit.ask(Wire::Anthropic, &hello(Wire::Anthropic, true));
    let events: Vec<_> = seen.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let expected = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(events, expected);
    assert!(seen.header("request-id").is_some_and(|id| id.starts_with("req_")));
}

#[test]
fn usage_is_counted_from_the_texts_or_as_scripted() {
    let given = Reply { usage: Usage::Given { input: 1000, output: 500 }, ..Reply::text("x") };
    let absent = Reply { usage: Usage::Absent, ..Reply::text("x") };
    let kit = Kit::new(always(reply("Twelve chars")));
    let usage = |answer: Value| match answer {
        answer if answer.get("usage").is_some() => {
            let usage = &answer["usage"];
            let either = |a: &str, b: &str| usage.get(a).or(usage.get(b)).and_then(Value::as_u64);
            (either("input_tokens", "prompt_tokens"), either("output_tokens", "completion_tokens"))
        }
        answer => (answer["prompt_eval_count"].as_u64(), answer["eval_count"].as_u64()),
    };
    for wire in Wire::ALL {
        kit.providers.begin(trial(1), steadfast::model::Seed::new(1), always(reply("Twelve chars")));
        kit.providers.sent("Hello");
        assert_eq!(usage(kit.ask(wire, &hello(wire, false)).json()), (Some(2), Some(3)), "{wire:?}");
        for (reply, expected) in [(&given, (Some(1000), Some(500))), (&absent, (None, None))] {
            let script = always(Behaviour::plain(Answer::Reply(reply.clone())));
            kit.providers.begin(trial(2), steadfast::model::Seed::new(1), script);
            kit.providers.sent("Hello");
            assert_eq!(usage(kit.ask(wire, &hello(wire, false)).json()), expected, "{wire:?}");
        }
    }
}
