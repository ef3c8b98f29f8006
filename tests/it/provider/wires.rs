//! What each wire format answers.

use super::kit::*;
use serde_json::Value;
use steadfast::provider::*;

#[test]
fn every_provider_answers_in_its_own_shape_with_a_mark_of_the_trial() {
    let kit = Kit::new(always(reply("Bonjour !")));
    for wire in chats() {
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
    assert_eq!(logical_calls(&kit.providers.end().calls).len(), chats().count());
}

#[test]
fn every_provider_streams_in_its_own_shape_with_the_mark_in_the_last_text() {
    let kit = Kit::new(always(reply("Bonjour et bienvenue !")));
    for wire in chats() {
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
        answer if answer.get("candidates").is_some() => {
            let usage = &answer["usageMetadata"];
            (usage["promptTokenCount"].as_u64(), usage["candidatesTokenCount"].as_u64())
        }
        answer => (answer["prompt_eval_count"].as_u64(), answer["eval_count"].as_u64()),
    };
    for wire in chats() {
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

/// Gemini's answer to a body, by path and headers.
fn gemini(kit: &Kit, path: &str, key: Option<&str>, body: &Value) -> Seen {
    let request = kit.client.post(kit.url(Wire::Gemini) + path).body(body.to_string());
    let request = key.into_iter().fold(request, |request, key| request.header("x-goog-api-key", key));
    kit.send(request).expect("an answer")
}

#[test]
fn gemini_takes_its_model_from_the_path_and_its_key_from_head_or_url() {
    let kit = Kit::new(always(reply("Bonjour !")));
    let body = hello(Wire::Gemini, false);
    for version in ["v1", "v1beta"] {
        let path = format!("/{version}/models/gemini-2.5-flash:generateContent");
        assert_eq!(gemini(&kit, &path, Some("sk-right"), &body).status, 200);
        assert_eq!(gemini(&kit, &format!("{path}?key=sk-right"), None, &body).status, 200);
        let wrong = gemini(&kit, &format!("{path}?key=sk-wrong"), None, &body);
        assert_eq!((wrong.status, wrong.json()["error"]["status"].as_str()), (400, Some("INVALID_ARGUMENT")));
        let missing = gemini(&kit, &path, None, &body);
        assert_eq!((missing.status, missing.json()["error"]["status"].as_str()), (403, Some("PERMISSION_DENIED")));
    }
    let calls = kit.providers.end().calls;
    assert!(calls.iter().all(|call| call.model == "gemini-2.5-flash" && call.endpoint.as_str() == "generate_content"));
}

#[test]
fn gemini_reads_system_and_conversation_and_streams_events_or_a_list() {
    let kit = Kit::new(always(reply("one two")));
    let body = serde_json::json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"parts": [{"text": "Hello"}]}, {"role": "model", "parts": [{"text": "Hi"}]},
            {"role": "user", "parts": [{"text": "What"}, {"inlineData": {}}, {"text": "now?"}]},
        ],
    });
    let path = "/v1beta/models/m:streamGenerateContent";
    let events = gemini(&kit, &format!("{path}?alt=sse"), Some("sk-right"), &body);
    assert_eq!(Mark::strip(&text_of_stream(Wire::Gemini, &events.text)).0, "one two");
    let call = kit.only_call();
    assert!(call.stream);
    assert_eq!((call.system.as_str(), call.last_user_message()), ("Be brief.", "What\nnow?"));
    assert_eq!(call.messages[1].role, "model");
    let list = gemini(&kit, path, Some("sk-right"), &body);
    assert_eq!(list.header("content-type"), Some("application/json; charset=UTF-8"));
    let documents = list.json();
    let last = documents.as_array().and_then(|documents| documents.last()).expect("a document");
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    let counted = gemini(&kit, "/v1beta/models/m:countTokens", Some("sk-right"), &body);
    assert!(counted.json()["totalTokens"].as_u64() > Some(0));
}

#[test]
fn a_safety_stop_of_gemini_comes_without_content() {
    let kit = Kit::new(always(Behaviour::plain(Answer::Reply(Reply { finish: Finish::Refusal, ..Reply::text("") }))));
    let candidate = kit.ask(Wire::Gemini, &hello(Wire::Gemini, false)).json()["candidates"][0].clone();
    assert_eq!(candidate["finishReason"], "SAFETY");
    assert_eq!(candidate.get("content"), None);
    assert_eq!(kit.only_call().mark, None);
}
