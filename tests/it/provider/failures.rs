//! Each provider's errors, and what it refuses by itself.

use super::kit::*;
use serde_json::{Value, json};
use steadfast::model::Seed;
use steadfast::provider::*;

/// What `docs/providers.md` says: wire format, failure, status, the word that names it in the body.
const DOCUMENTED: &[(Wire, FailureKind, u16, &str)] = {
    use FailureKind as K;
    use Wire as W;
    &[
        (W::Anthropic, K::BadRequest, 400, "invalid_request_error"),
        (W::Anthropic, K::Unauthorized, 401, "authentication_error"),
        (W::Anthropic, K::OutOfCredit, 402, "billing_error"),
        (W::Anthropic, K::Forbidden, 403, "permission_error"),
        (W::Anthropic, K::NotFound, 404, "not_found_error"),
        (W::Anthropic, K::TooLarge, 413, "request_too_large"),
        (W::Anthropic, K::RateLimited, 429, "rate_limit_error"),
        (W::Anthropic, K::SpendLimit, 429, "rate_limit_error"),
        (W::Anthropic, K::ServerError, 500, "api_error"),
        (W::Anthropic, K::Timeout, 504, "timeout_error"),
        (W::Anthropic, K::Overloaded, 529, "overloaded_error"),
        (W::Mistral, K::BadRequest, 400, "invalid_request_error"),
        (W::Mistral, K::Unauthorized, 401, "unauthorized"),
        (W::Mistral, K::OutOfCredit, 402, "payment_required"),
        (W::Mistral, K::Forbidden, 403, "forbidden"),
        (W::Mistral, K::NotFound, 404, "not_found"),
        (W::Mistral, K::Unprocessable, 422, "detail"),
        (W::Mistral, K::RateLimited, 429, "rate_limited"),
        (W::Mistral, K::ServerError, 500, "internal_server_error"),
        (W::Mistral, K::BadGateway, 502, "bad_gateway"),
        (W::Mistral, K::Unavailable, 503, "service_unavailable"),
        (W::Mistral, K::Timeout, 504, "gateway_timeout"),
        (W::Mistral, K::Overloaded, 503, "service_unavailable"),
        (W::Deepseek, K::BadRequest, 400, "invalid_request_error"),
        (W::Deepseek, K::Unauthorized, 401, "authentication_error"),
        (W::Deepseek, K::OutOfCredit, 402, "Insufficient Balance"),
        (W::Deepseek, K::Unprocessable, 422, "invalid_request_error"),
        (W::Deepseek, K::RateLimited, 429, "rate_limit_error"),
        (W::Deepseek, K::ServerError, 500, "server_error"),
        (W::Deepseek, K::Unavailable, 503, "service_unavailable_error"),
        (W::Deepseek, K::Overloaded, 503, "service_unavailable_error"),
        (W::Openai, K::BadRequest, 400, "invalid_request_error"),
        (W::Openai, K::Unauthorized, 401, "invalid_api_key"),
        (W::Openai, K::OutOfCredit, 429, "insufficient_quota"),
        (W::Openai, K::Forbidden, 403, "request_forbidden"),
        (W::Openai, K::NotFound, 404, "model_not_found"),
        (W::Openai, K::RateLimited, 429, "rate_limit_exceeded"),
        (W::Openai, K::ServerError, 500, "server_error"),
        (W::Openai, K::Unavailable, 503, "server_error"),
        (W::Openai, K::Overloaded, 503, "overloaded"),
        (W::Gemini, K::BadRequest, 400, "INVALID_ARGUMENT"),
        (W::Gemini, K::Unauthorized, 400, "API key not valid"),
        (W::Gemini, K::OutOfCredit, 429, "RESOURCE_EXHAUSTED"),
        (W::Gemini, K::Forbidden, 403, "PERMISSION_DENIED"),
        (W::Gemini, K::NotFound, 404, "NOT_FOUND"),
        (W::Gemini, K::TooLarge, 400, "payload size"),
        (W::Gemini, K::RateLimited, 429, "RESOURCE_EXHAUSTED"),
        (W::Gemini, K::ServerError, 500, "INTERNAL"),
        (W::Gemini, K::Unavailable, 503, "UNAVAILABLE"),
        (W::Gemini, K::Timeout, 504, "DEADLINE_EXCEEDED"),
        (W::Gemini, K::Overloaded, 503, "overloaded"),
        (W::Ollama, K::BadRequest, 400, "invalid request"),
        (W::Ollama, K::NotFound, 404, "not found"),
        (W::Ollama, K::ServerError, 500, "llama runner"),
        (W::Ollama, K::Unavailable, 503, "server busy"),
        (W::Ollama, K::Overloaded, 503, "server busy"),
    ]
};

#[test]
fn every_documented_failure_has_its_status_and_body_on_every_provider() {
    let kit = Kit::new(Script::default());
    for wire in chats() {
        for kind in FailureKind::ALL {
            let documented = DOCUMENTED.iter().find(|(w, k, ..)| *w == wire && *k == kind);
            assert_eq!(wire.documents(kind), documented.is_some(), "{wire:?} {kind:?}");
            let Some((_, _, status, word)) = documented else { continue };
            kit.providers.begin(trial(0), Seed::new(1), always(fail(kind)));
            kit.providers.sent("Hello");
            let seen = kit.ask(wire, &hello(wire, true));
            assert_eq!(seen.status, *status, "{wire:?} {kind:?}: {seen:?}");
            assert!(seen.text.contains(word), "{wire:?} {kind:?}: {}", seen.text);
            assert_shape(wire, &seen.json());
            assert_eq!(kit.only_call().status, Some(*status));
            assert_eq!(kit.only_call().mark, None);
        }
    }
}

fn assert_shape(wire: Wire, body: &Value) {
    let text = match wire {
        Wire::Anthropic => {
            assert_eq!(body["type"], "error");
            assert!(body["request_id"].is_string());
            &body["error"]["message"]
        }
        Wire::Mistral if body.get("detail").is_some() => &body["detail"][0]["msg"],
        Wire::Mistral => {
            assert_eq!(body["object"], "error");
            &body["message"]
        }
        Wire::Deepseek | Wire::Openai => &body["error"]["message"],
        Wire::Gemini => {
            assert!(body["error"]["code"].is_u64() && body["error"]["status"].is_string());
            &body["error"]["message"]
        }
        Wire::Ollama => &body["error"],
        Wire::Piper => panic!("it writes pages"),
    };
    assert!(text.is_string(), "{wire:?}: {body}");
}

#[test]
fn a_rate_limit_says_when_to_try_again_and_a_spend_limit_does_not() {
    let kit = Kit::new(always(fail(FailureKind::RateLimited)));
    let seen = kit.ask(Wire::Anthropic, &hello(Wire::Anthropic, false));
    assert_eq!(seen.header("retry-after"), Some("1"));
    assert_eq!(seen.header("anthropic-ratelimit-requests-remaining"), Some("0"));
    assert!(seen.header("anthropic-ratelimit-tokens-reset").is_some_and(|at| at.ends_with('Z')));
    let seen = kit.ask(Wire::Mistral, &hello(Wire::Mistral, false));
    assert_eq!(seen.header("x-ratelimit-remaining-req-minute"), Some("0"));

    let failing =
        Failing { retry_after: Some(std::time::Duration::from_millis(20)), ..Failing::new(FailureKind::RateLimited) };
    kit.providers.begin(trial(1), Seed::new(1), always(Behaviour::plain(Answer::Fail(failing))));
    kit.providers.sent("Hello");
    let seen = kit.ask(Wire::Anthropic, &hello(Wire::Anthropic, false));
    assert_eq!((seen.header("retry-after"), seen.header("retry-after-ms")), (Some("1"), Some("20")));

    kit.providers.begin(trial(2), Seed::new(1), always(fail(FailureKind::SpendLimit)));
    kit.providers.sent("Hello");
    assert_eq!(kit.ask(Wire::Anthropic, &hello(Wire::Anthropic, false)).header("retry-after"), None);
}

#[test]
fn status_message_and_headers_of_a_failure_can_be_given() {
    let failing =
        Failing { status: Some(418), message: Some("tea \"time\"".into()), ..Failing::new(FailureKind::ServerError) };
    let headers = [("x-should-retry", "false"), ("bad header\n", "x"), ("x-bad", "a\nb")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let kit = Kit::new(always(Behaviour { headers, ..Behaviour::plain(Answer::Fail(failing)) }));
    let seen = kit.ask(Wire::Openai, &hello(Wire::Openai, false));
    assert_eq!(seen.status, 418);
    assert_eq!(seen.json()["error"]["message"], "tea \"time\"");
    assert_eq!(seen.header("x-should-retry"), Some("false"));
    assert_eq!(seen.header("x-bad"), None);
    assert_eq!(seen.header("x-steadfast-delivery"), None);
}

#[test]
fn a_failure_after_the_first_bytes_stands_inside_the_stream() {
    let failing = Some(Failing::new(FailureKind::Overloaded));
    let reply = Reply { chunks: vec!["Once ".into(), "upon".into()], as_given: true, then: failing, ..Reply::text("") };
    let kit = Kit::new(always(Behaviour::plain(Answer::Reply(reply))));
    for wire in chats() {
        let seen = kit.ask(wire, &hello(wire, true));
        assert_eq!(seen.status, 200);
        assert_eq!(text_of_stream(wire, &seen.text), "Once upon", "{}", seen.text);
        assert!(documents(wire, &seen.text).last().expect("an error").to_string().contains("error"), "{}", seen.text);
        assert!(
            !seen.text.contains("[DONE]")
                && !seen.text.contains("message_stop")
                && !seen.text.contains("\"done\":true")
        );
        assert_eq!(seen.text.contains("event: error\n"), wire == Wire::Anthropic);
        // A plain request can't have half an answer: it gets the failure.
        assert!(kit.ask(wire, &hello(wire, false)).status >= 500, "{wire:?}");
    }
    assert!(kit.providers.end().calls.iter().all(|call| call.mark.is_none()));
}

#[test]
fn keys_are_checked_and_anthropic_accepts_both_headers() {
    let kit = Kit::new(always(reply("Hi")));
    let post = |wire: Wire, headers: &[(&str, &str)]| {
        let url = kit.url(wire) + path(wire);
        let mut request = kit.client.post(url).body(hello(wire, false).to_string()).header("anthropic-version", "1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        kit.send(request).expect("an answer").status
    };
    for wire in [Wire::Anthropic, Wire::Mistral, Wire::Deepseek, Wire::Openai] {
        assert_eq!(post(wire, &[]), 401, "{wire:?}");
        assert_eq!(post(wire, &[("authorization", "Bearer sk-wrong")]), 401);
        assert_eq!(post(wire, &[("authorization", "Bearer ")]), 401);
        assert_eq!(post(wire, &[("authorization", "Bearer sk-right")]), 200);
        let by_api_key = if wire == Wire::Anthropic { 200 } else { 401 };
        assert_eq!(post(wire, &[("x-api-key", "sk-right")]), by_api_key);
    }
    assert_eq!(post(Wire::Ollama, &[]), 200);
    let auth: Vec<_> = kit.providers.end().calls.iter().take(3).map(|call| (call.auth, call.matched)).collect();
    let refused = Matched::Refused;
    assert_eq!(auth, [(Auth::Missing, refused), (Auth::Wrong, refused), (Auth::Missing, refused)]);
}

#[test]
fn what_the_real_providers_refuse_is_refused_and_uses_nothing_up() {
    let kit = Kit::new(Script::default());
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let cases = [
        (Wire::Anthropic, json!({"max_tokens": 1, "messages": messages}), 400, "model: Field required"),
        (Wire::Anthropic, json!({"model": "m", "messages": messages}), 400, "max_tokens: Field required"),
        (Wire::Anthropic, json!({"model": "m", "max_tokens": 1}), 400, "messages: Field required"),
        (
            Wire::Anthropic,
            json!({"model": "m", "max_tokens": 1, "messages": [{"role": "system", "content": "x"}]}),
            400,
            "Unexpected role",
        ),
        (Wire::Mistral, json!({"messages": messages}), 422, "Field required"),
        (
            Wire::Mistral,
            json!({"model": "m", "messages": messages, "stream_options": {"include_usage": true}}),
            422,
            "extra_forbidden",
        ),
        (Wire::Deepseek, json!({"model": "m"}), 422, "missing field `messages`"),
        (Wire::Openai, json!({"messages": messages}), 400, "you must provide a model parameter"),
        (Wire::Openai, json!({"model": "m", "messages": []}), 400, "empty array"),
        (Wire::Gemini, json!({}), 400, "contents is not specified"),
        (Wire::Gemini, json!({"contents": [{"role": "user"}]}), 400, "contents.parts must not be empty"),
        (
            Wire::Gemini,
            json!({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}),
            400,
            "Please use a valid role",
        ),
        (Wire::Ollama, json!({"messages": messages}), 400, "model is required"),
    ];
    for (wire, body, status, words) in cases {
        kit.providers.begin(trial(0), Seed::new(1), sequence(wire.as_str(), vec![reply("Hi")]));
        kit.providers.sent("Hello");
        let seen = kit.ask(wire, &body);
        assert_eq!(seen.status, status, "{wire:?} {body}: {seen:?}");
        assert!(seen.text.contains(words), "{wire:?}: {}", seen.text);
        assert_eq!(kit.only_call().matched, Matched::Refused);
        assert_eq!(kit.providers.end().unused.len(), 1);
    }
}

#[test]
fn malformed_answers_break_the_wire_format() {
    let kit = Kit::new(Script::default());
    for wire in chats() {
        for kind in Malformed::ALL {
            kit.providers.begin(trial(0), Seed::new(1), always(Behaviour::plain(Answer::Malformed(kind))));
            kit.providers.sent("Hello");
            let seen = kit.ask(wire, &hello(wire, false));
            assert_eq!(seen.status, 200);
            let parsed = serde_json::from_str::<Value>(&seen.text);
            let is_json = matches!(kind, Malformed::Shape | Malformed::Null | Malformed::Utf8);
            assert_eq!(parsed.is_ok(), is_json, "{wire:?} {kind:?}: {}", seen.text);
            assert_eq!(kit.only_call().mark, None);
        }
    }
}

#[test]
fn a_raw_answer_goes_out_as_it_is_and_carries_a_mark_only_if_it_has_a_place_for_one() {
    let raw = |body: &str| {
        let body = body.as_bytes().to_vec();
        Behaviour::plain(Answer::Raw { status: 299, content_type: "x/y".into(), body })
    };
    let kit = Kit::new(sequence("openai", vec![raw("as it is"), raw("<${mark}>")]));
    let seen = kit.ask(Wire::Openai, &hello(Wire::Openai, false));
    assert_eq!((seen.status, seen.text.as_str(), seen.header("content-type")), (299, "as it is", Some("x/y")));
    let seen = kit.ask(Wire::Openai, &hello(Wire::Openai, true));
    let calls = kit.providers.end().calls;
    assert_eq!(calls[0].mark, None);
    assert_eq!(seen.text, format!("<{}>", calls[1].mark.expect("it has a place")));
}
