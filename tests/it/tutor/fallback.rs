//! What happens when a provider fails, or all do.

use super::bench::{ADMIN, Bench};
use super::fake::{Answer, stream_begun, whole};
use serde_json::json;

const CLOUD: [&str; 3] = ["claude", "mistral", "deepseek"];

/// Lets `provider` do something and checks that Ollama answers in its place, for nothing.
fn check(provider: &'static str, answer: Answer, reason: &str) {
    let bench = Bench::new();
    bench.fake.script(provider, answer.clone());
    bench.learn(async |ana| {
        let (status, reply) = ana.chat("fr", json!({"provider": provider})).await;
        assert_eq!(status, 200, "{provider} {answer:?} {reply}");
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("ollama"), &json!(reason)), "{provider} {answer:?}");
        assert_eq!((&reply["model"], &reply["cost"]), (&json!("mistral:7b"), &json!(0.0)));
        assert_eq!(ana.money().await, (0.0, 0.0));
    });
    assert_eq!(bench.fake.called(), [provider, "ollama"], "one attempt each");
    let log = bench.log.0.lock().expect("a log");
    assert_eq!(log.len(), 1, "{log:?}");
    for part in ["ERROR ", "error=", "chain=", &format!("provider=\"{provider}\""), "event_loop=", "requests=\"1\""] {
        assert!(log[0].contains(part), "{part} in {}", log[0]);
    }
    assert!(!log[0].contains("key-of-"), "{}", log[0]);
}

#[test]
fn after_a_429_ollama_answers_as_rate_limited() {
    for provider in CLOUD {
        check(provider, Answer::Refuses(429, "{}"), "rate_limited");
    }
}

#[test]
fn after_any_other_failure_ollama_answers_as_api_unavailable() {
    for provider in CLOUD {
        for status in [400, 401, 402, 422, 500, 503, 529, 302] {
            check(provider, Answer::Refuses(status, r#"{"error":{"message":"no"}}"#), "api_unavailable");
        }
        check(provider, Answer::Sends("<html>".into()), "api_unavailable");
        check(provider, Answer::Sends("{}".into()), "api_unavailable");
        check(provider, Answer::Sends(String::new()), "api_unavailable");
        check(provider, Answer::Breaks("{\"choices\":".into()), "api_unavailable");
        let unfinished = whole(provider, "Salut", None).replace("\"stop\"", "null").replace("\"end_turn\"", "null");
        check(provider, Answer::Sends(unfinished), "api_unavailable");
    }
}

#[test]
fn an_answer_beyond_all_bounds_is_a_failure() {
    check("claude", Answer::Sends("a".repeat(9 * 1024 * 1024)), "api_unavailable");
}

#[test]
fn a_provider_that_hangs_is_given_up_after_the_timeout() {
    for answer in [Answer::Hangs, Answer::Stalls("{\"choices\":".into())] {
        let bench = Bench::new();
        bench.fake.script("mistral", answer);
        bench.visit(async |admin| {
            admin.reset(json!({"provider_timeout_ms": 40})).await;
            let ana = admin.register("ana").await;
            let (_, reply) = ana.chat("fr", json!({})).await;
            assert_eq!((&reply["provider"], &reply["reason"]), (&json!("ollama"), &json!("api_unavailable")));
            assert_eq!(ana.money().await, (0.0, 0.0));
        });
    }
}

#[test]
fn a_failed_provider_is_left_alone_for_five_minutes() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        admin.reset(json!({"now": "2026-11-10T12:00:00Z"})).await;
        let ana = admin.register("ana").await;
        bench.fake.script("mistral", Answer::Refuses(500, ""));
        ana.chat("fr", json!({})).await;
        bench.fake.script("mistral", Answer::Says("Bonjour", None));
        // Named or not, it isn't asked.
        assert_eq!(ana.chat("fr", json!({})).await.1["provider"], "claude");
        let (_, reply) = ana.chat("fr", json!({"provider": "mistral"})).await;
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("claude"), &json!("routed")));
        admin.put("/admin/clock", json!({"advance_ms": 300_000})).await;
        assert_eq!(ana.chat("fr", json!({})).await.1["provider"], "mistral");
    });
}

#[test]
fn without_a_healthy_candidate_ollama_answers() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        admin.reset(json!({"unhealthy": ["mistral", "claude"]})).await;
        let ana = admin.register("ana").await;
        let (_, reply) = ana.chat("fr", json!({})).await;
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("ollama"), &json!("api_unavailable")));
    });
    assert_eq!(bench.fake.called(), ["ollama"]);
}

#[test]
fn when_ollama_is_down_as_well_503_says_what_was_tried_and_why() {
    let bench = Bench::new();
    bench.fake.models(None);
    bench.fake.script("claude", Answer::Refuses(529, r#"{"error":{"message":"Overloaded"}}"#));
    bench.visit(async |admin| {
        admin.reset(json!({"unhealthy": ["mistral"]})).await;
        let ana = admin.register("ana").await;
        for stream in [false, true] {
            ana.with_token(ADMIN).put("/admin/health", json!({"claude": true})).await;
            let (status, refused) = ana.chat("fr", json!({"stream": stream})).await;
            assert_eq!(status, 503, "{refused}");
            assert_eq!(refused["reason"], "api_unavailable");
            assert_eq!(refused["error"]["type"], "no_provider");
            let tried = &refused["error"]["tried"];
            assert_eq!(tried[0]["provider"], "mistral");
            assert_eq!(tried[1], json!({"provider": "claude", "why": "status 529: Overloaded"}));
            assert_eq!(tried[2]["provider"], "ollama");
        }
        assert_eq!(ana.get("/models").await.0, 503);
        assert_eq!(ana.post("/estimate", json!({"language": "fr", "local_only": true})).await.0, 503);
    });
}

#[test]
fn without_a_local_model_503_says_so() {
    let bench = Bench::new();
    bench.fake.models(Some(vec![]));
    bench.learn(async |ana| {
        let (status, refused) = ana.chat("fr", json!({"local_only": true})).await;
        assert_eq!((status, &refused["error"]["type"]), (503, &json!("no_local_model")));
        assert_eq!(refused["reason"], "user_preference");
    });
    assert!(bench.fake.calls().is_empty());
}

#[test]
fn a_failed_local_call_drops_the_kept_models() {
    let bench = Bench::new();
    bench.fake.script("ollama", Answer::Refuses(404, r#"{"error":"model 'mistral:7b' not found"}"#));
    bench.learn(async |ana| {
        let (status, refused) = ana.chat("fr", json!({"local_only": true})).await;
        assert_eq!(status, 503);
        assert_eq!(refused["error"]["tried"][0]["why"], "status 404: model 'mistral:7b' not found");
        bench.fake.models(Some(vec!["phi:latest"]));
        bench.fake.script("ollama", Answer::Says("Salut", None));
        assert_eq!(ana.chat("fr", json!({"local_only": true})).await.1["model"], "phi:latest");
    });
    assert_eq!(bench.fake.tags(), 2);
}

#[test]
fn ollama_that_was_named_and_is_down_is_like_any_unhealthy_provider() {
    let bench = Bench::new();
    bench.fake.models(None);
    bench.learn(async |ana| {
        let (_, reply) = ana.chat("fr", json!({"provider": "ollama"})).await;
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("mistral"), &json!("routed")));
    });
}

#[test]
fn a_streamed_local_answer_that_fails_after_it_began_ends_in_an_error() {
    let bench = Bench::new();
    bench.fake.script("ollama", Answer::Sends(stream_begun("ollama", "Sal", None)));
    bench.learn(async |ana| {
        let response = ana
            .send(
                reqwest::Method::POST,
                "/chat",
                Some(super::bench::chat("fr", json!({"local_only": true, "stream": true}))),
            )
            .await;
        assert_eq!(response.status(), 200);
        let text = response.text().await.expect("a stream");
        assert!(
            text.contains("event: delta") && text.contains("event: error") && text.contains("no_provider"),
            "{text}"
        );
        assert!(!text.contains("event: done"), "{text}");
        assert_eq!(ana.get("/conversations").await.1, json!({"conversations": []}));
    });
}
