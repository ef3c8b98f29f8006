//! What a script means, attempt by attempt.

use super::kit::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use steadfast::model::Seed;
use steadfast::provider::*;

fn statuses(kit: &Kit, wire: Wire, times: usize) -> Vec<u16> {
    (0..times).map(|_| kit.ask(wire, &hello(wire, false)).status).collect()
}

#[test]
fn a_sequence_answers_attempt_by_attempt_and_then_nothing() {
    let twice = Behaviour { times: Some(2), ..fail(FailureKind::Overloaded) };
    let kit = Kit::new(sequence("anthropic", vec![twice, Behaviour { line: 7, ..reply("Hi") }]));
    assert_eq!(statuses(&kit, Wire::Anthropic, 4), [529, 529, 200, 501]);
    let ended = kit.providers.end();
    assert_eq!(ended.calls[2].matched, Matched::Line(7));
    assert_eq!(ended.unscripted, [ended.calls[3].seq]);
    assert_eq!(ended.unused, []);
}

#[test]
fn what_was_never_asked_for_is_told() {
    let late = Behaviour { times: Some(3), line: 9, ..reply("A long answer that nobody will ever hear in full") };
    let kit = Kit::new(sequence("mistral", vec![reply("Hi"), late]));
    statuses(&kit, Wire::Mistral, 2);
    let unused = kit.providers.end().unused;
    assert_eq!(unused.len(), 1);
    assert_eq!((unused[0].line, unused[0].left), (9, Some(2)));
    assert!(unused[0].what.starts_with("reply `A long answer"), "{}", unused[0].what);
}

#[test]
fn any_is_used_if_one_provider_asked_for_it() {
    let kit = Kit::new(always(reply("Hi")));
    assert_eq!(kit.providers.end().unused.iter().map(|unused| unused.provider.clone()).collect::<Vec<_>>(), [None]);
    kit.providers.begin(trial(1), Seed::new(1), always(reply("Hi")));
    kit.providers.sent("Hello");
    statuses(&kit, Wire::Ollama, 1);
    assert_eq!(kit.providers.end().unused, []);
}

#[test]
fn the_first_rule_that_matches_answers() {
    let rule = |when: Match, text: &str| (when, reply(text));
    let rules = vec![
        (Match { message: Some("sweets".into()), ..Match::default() }, Behaviour { times: Some(1), ..reply("first") }),
        rule(Match { stream: Some(true), ..Match::default() }, "streamed"),
        rule(Match { model: Some("big".into()), ..Match::default() }, "big"),
        rule(Match { text: Some("pirate".into()), ..Match::default() }, "Arr"),
    ];
    let providers = BTreeMap::from([(name("openai"), ProviderScript::Rules(rules))]);
    let kit = Kit::new(Script { providers, ..Script::default() });
    let ask = |message: &str, model: &str, system: &str| {
        let messages = json!([{"role": "system", "content": system}, {"role": "user", "content": message}]);
        let seen = kit.ask(Wire::Openai, &json!({"model": model, "messages": messages}));
        if seen.status == 200 { Mark::strip(&text_of(Wire::Openai, &seen.json())).0 } else { seen.status.to_string() }
    };
    assert_eq!(ask("any sweets?", "m", ""), "first");
    assert_eq!(ask("any sweets?", "m", "speak as a pirate"), "Arr");
    assert_eq!(ask("any sweets?", "big", ""), "big");
    assert_eq!(ask("any sweets?", "m", ""), "501");
}

#[test]
fn a_call_that_no_script_covers_is_named_in_the_providers_own_shape() {
    let kit = Kit::new(Script::default());
    for wire in chats() {
        let seen = kit.ask(wire, &hello(wire, false));
        assert_eq!(seen.status, 501);
        assert!(
            seen.text.contains(&format!("steadfast: no script covers this call to {}", wire.as_str())),
            "{}",
            seen.text
        );
        assert_eq!(seen.header("x-should-retry"), Some("false"));
    }
    let elsewhere = kit.send(kit.client.post(kit.url(Wire::Openai) + "/v1/embeddings")).expect("an answer");
    assert_eq!(elsewhere.status, 404);
    assert_eq!(kit.providers.end().unscripted.len(), chats().count() + 1);
}

#[test]
fn a_provider_that_is_down_resets_every_request() {
    let script = Script { down: vec![name("ollama")], ..always(reply("Hi")) };
    let kit = Kit::new(script);
    assert!(kit.send(kit.client.get(kit.url(Wire::Ollama) + "/api/tags")).is_err());
    assert!(kit.send(kit.request(Wire::Ollama, &hello(Wire::Ollama, false))).is_err());
    assert_eq!(kit.ask(Wire::Mistral, &hello(Wire::Mistral, false)).status, 200);
    let calls = kit.providers.end().calls;
    assert!(calls.iter().filter(|call| call.wire == Wire::Ollama).all(|call| call.matched == Matched::Down));
}

#[test]
fn ollama_lists_shows_pulls_and_lacks_models() {
    let models = vec![LocalModel { name: "mistral:7b".into() }, LocalModel { name: "tiny".into() }];
    let kit = Kit::new(Script { models, ..always(reply("Hi")) });
    let get = |path: &str| kit.send(kit.client.get(kit.url(Wire::Ollama) + path)).expect("an answer");
    let post = |path: &str, body: serde_json::Value| {
        kit.send(kit.client.post(kit.url(Wire::Ollama) + path).body(body.to_string())).expect("an answer")
    };
    assert_eq!(get("/").text, "Ollama is running");
    assert_eq!(kit.send(kit.client.head(kit.url(Wire::Ollama) + "/")).expect("an answer").status, 200);
    assert!(get("/api/version").json()["version"].is_string());
    assert_eq!(get("/api/ps").json()["models"], json!([]));
    let tags = get("/api/tags").json();
    assert_eq!(tags["models"][0]["name"], "mistral:7b");
    assert_eq!(tags["models"][0]["details"]["parameter_size"], "7B");
    assert_eq!(tags["models"][1]["name"], "tiny:latest");
    assert_eq!(post("/api/show", json!({"model": "mistral:7b"})).json()["details"]["family"], "mistral");
    assert_eq!(post("/api/show", json!({"model": "nope"})).status, 404);

    let ask = |model: &str| post("/api/generate", json!({"model": model, "prompt": "Hello", "stream": false}));
    assert_eq!(ask("tiny:latest").status, 200);
    let missing = ask("codellama:7b");
    assert_eq!((missing.status, missing.json()), (404, json!({"error": "model 'codellama:7b' not found"})));
    assert!(post("/api/pull", json!({"name": "codellama:7b"})).text.ends_with("{\"status\":\"success\"}\n"));
    assert_eq!(ask("codellama:7b").status, 200);
    assert_eq!(post("/api/generate", json!({"model": "tiny"})).json()["done_reason"], "load");
    assert_eq!(
        post("/api/chat", json!({"model": "tiny", "messages": [], "keep_alive": 0})).json()["done_reason"],
        "unload"
    );

    // Streams are the default.
    let streamed = post("/api/generate", json!({"model": "tiny", "prompt": "Hello"}));
    assert_eq!(streamed.header("content-type"), Some("application/x-ndjson"));
    assert!(streamed.text.lines().count() > 1 && streamed.text.contains("\"response\""));
    assert_eq!(logical_calls(&kit.providers.end().calls).len(), 4);
}

#[test]
fn answers_are_held_until_enough_calls_have_arrived() {
    let held = Behaviour { hold_until: Some(Barrier { calls: 3 }), ..reply("Hi") };
    let kit = Kit::new(always(held));
    // Three requests are under way: the third call may take its time.
    let _asking = [(); 3].map(|()| kit.providers.asking());
    std::thread::scope(|scope| {
        let clients: Vec<_> = [Wire::Anthropic, Wire::Mistral]
            .map(|wire| {
                let kit = &kit;
                scope.spawn(move || exchange_once(kit, wire))
            })
            .into();
        eventually("two calls wait", || kit.providers.calls_since(Seq(0)).len() == 2);
        assert!(kit.providers.calls_since(Seq(0)).iter().all(|call| call.ended == Ended::InFlight));
        assert_eq!(exchange_once(&kit, Wire::Ollama), 200);
        for client in clients {
            assert_eq!(client.join().expect("it ends"), 200);
        }
    });
}

#[test]
fn what_is_held_is_answered_when_the_trial_is_over() {
    let kit = Kit::new(always(Behaviour { hold_until: Some(Barrier { calls: 3 }), ..reply("Hi") }));
    std::thread::scope(|scope| {
        let client = scope.spawn(|| exchange_once(&kit, Wire::Ollama));
        eventually("the call waits", || kit.providers.calls_since(Seq(0)).len() == 1);
        assert_eq!(kit.providers.quiet_blocking(SOON).in_flight, 0);
        assert_eq!(client.join().expect("it ends"), 200);
    });
}

/// One exchange on a runtime of its own: the status.
fn exchange_once(kit: &Kit, wire: Wire) -> u16 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let request = kit.request(wire, &hello(wire, false)).timeout(SOON);
    runtime.block_on(async { request.send().await.expect("an answer").status().as_u16() })
}

#[test]
fn streams_are_paced_and_answers_can_wait() {
    let reply = Reply { chunks: vec!["a".into(), "b".into(), "c".into()], as_given: true, ..Reply::text("") };
    let (after, every) = (Duration::from_millis(60), Duration::from_millis(40));
    let kit = Kit::new(always(Behaviour { after, every, ..Behaviour::plain(Answer::Reply(reply)) }));
    for wire in chats() {
        let from = kit.providers.cursor();
        let seen = kit.ask(wire, &hello(wire, true));
        assert_eq!(Mark::strip(&text_of_stream(wire, &seen.text)).0, "abc");
        let call = &kit.providers.calls_since(from)[0];
        // A timer never ends early; how late it ends is the machine's affair.
        assert!(call.answered.expect("it ended") - call.arrived >= after + every * 2, "{call:?}");
    }
}

#[test]
fn deepseek_keeps_a_long_wait_alive() {
    let kit = Kit::new(always(Behaviour { after: Duration::from_millis(500), ..reply("Hi") }));
    let wire = Wire::Deepseek;
    let plain = kit.ask(wire, &hello(wire, false));
    assert!(plain.text.starts_with("\n\n"), "{:?}", plain.text);
    assert_eq!(Mark::strip(&text_of(wire, &plain.json())).0, "Hi");
    let stream = kit.ask(wire, &hello(wire, true));
    assert!(stream.text.starts_with(": keep-alive\n\n"), "{:?}", stream.text);
    assert_eq!(Mark::strip(&text_of_stream(wire, &stream.text)).0, "Hi");
}
