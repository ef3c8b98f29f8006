//! Accounts, conversations, settings, overviews and refusals.

use super::bench::Bench;
use super::fake::Answer;
use serde_json::{Value, json};
use steadfast::tutor::{Config, OpenError, Tutor};

#[test]
fn a_chat_is_answered_charged_and_kept() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (status, reply) = ana.chat("fr", json!({})).await;
        assert_eq!(status, 200, "{reply}");
        assert_eq!(reply["text"], "Salut !");
        assert_eq!((&reply["provider"], &reply["model"]), (&json!("mistral"), &json!("mistral-small-latest")));
        assert_eq!((&reply["reason"], &reply["cached"]), (&json!("routed"), &json!(false)));
        // 10 tokens in at 0.0007 and 20 out at 0.002 a thousand.
        assert_eq!(reply["cost"], json!(0.000047));
        assert_eq!(reply["usage"], json!({"input_tokens": 10, "output_tokens": 20}));
        assert_eq!(ana.money().await, (0.000047, 0.0));
        let id = reply["conversation"].as_str().expect("an id");
        let (_, kept) = ana.get(&format!("/conversations/{id}")).await;
        assert_eq!(kept["messages"][0]["text"], "What is a gerund?");
        assert_eq!(kept["messages"][1]["text"], "Salut !");
        assert_eq!(kept["messages"][1]["cost"], json!(0.000047));
        let (_, list) = ana.get("/conversations").await;
        assert_eq!(list["conversations"][0]["messages"], 2);
    });
}

#[test]
fn every_provider_is_asked_in_its_own_form() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        for provider in ["claude", "mistral", "deepseek", "ollama"] {
            let (status, reply) = ana.chat("fr", json!({"provider": provider})).await;
            assert_eq!((status, &reply["provider"], &reply["reason"]), (200, &json!(provider), &json!("preferred")));
        }
    });
    let calls = bench.fake.calls();
    let paths: Vec<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(paths, ["v1/messages", "v1/chat/completions", "chat/completions", "api/generate"]);
    assert_eq!(calls[0].headers["x-api-key"], "key-of-claude");
    assert_eq!(calls[0].headers["anthropic-version"], "2023-06-01");
    assert_eq!(calls[1].headers["authorization"], "Bearer key-of-mistral");
    assert!(calls[3].headers.get("authorization").is_none());
    for (call, system) in calls.iter().zip(["/system", "/messages/0/content", "/messages/0/content", "/system"]) {
        let system = call.body.pointer(system).and_then(Value::as_str).expect("a system prompt");
        assert!(system.contains("Reply in language: fr."), "{system}");
    }
    assert_eq!(calls[3].body["prompt"], "What is a gerund?");
    assert_eq!(calls[3].body["model"], "mistral:7b");
}

#[test]
fn a_conversation_goes_on_with_what_was_said() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, first) = ana.chat("fr", json!({"provider": "claude"})).await;
        let conversation = &first["conversation"];
        let more = json!({"provider": "claude", "conversation": conversation, "message": "And a participle?"});
        let (_, second) = ana.chat("fr", more).await;
        assert_eq!(&second["conversation"], conversation);
    });
    let messages = &bench.fake.calls()[1].body["messages"];
    assert_eq!(messages[0]["content"], "What is a gerund?");
    assert_eq!(messages[1], json!({"role": "assistant", "content": "Salut !"}));
    assert_eq!(messages[2], json!({"role": "user", "content": "And a participle?"}));
}

#[test]
fn somebody_elses_conversation_is_not_found() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, reply) = ana.chat("en", json!({})).await;
        let path = format!("/conversations/{}", reply["conversation"].as_str().expect("an id"));
        let bob = ana.register("bob").await;
        assert_eq!(bob.get(&path).await.0, 404);
        assert_eq!(bob.chat("en", json!({"conversation": reply["conversation"]})).await.0, 404);
        assert_eq!(ana.get("/conversations/none").await.0, 404);
        assert_eq!(bob.get("/conversations").await.1, json!({"conversations": []}));
        assert_eq!(ana.get(&path).await.0, 200);
    });
    assert_eq!(bench.fake.calls().len(), 1);
}

#[test]
fn a_token_is_asked_for_everywhere_and_expires() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        admin.reset(json!({"now": "2026-11-10T12:00:00Z"})).await;
        let ana = admin.register("ana").await;
        let wrong = admin.with_token("wrong");
        for path in ["/settings", "/budget", "/models", "/languages", "/providers", "/conversations"] {
            assert_eq!(wrong.get(path).await.0, 401, "{path}");
            assert_eq!(ana.get(path).await.0, 200, "{path}");
        }
        assert_eq!(wrong.chat("en", json!({})).await.0, 401);
        assert_eq!(wrong.post("/estimate", json!({"language": "en"})).await.0, 401);
        assert_eq!(ana.post("/admin/reset", json!({})).await.0, 401);
        assert_eq!(wrong.get("/ready").await.0, 200);
        admin.put("/admin/clock", json!({"advance_ms": 24 * 3_600_000 - 1})).await;
        assert_eq!(ana.get("/budget").await.0, 200);
        admin.put("/admin/clock", json!({"advance_ms": 1})).await;
        assert_eq!(ana.get("/budget").await.0, 401);
        let (status, body) = admin.post("/auth/login", json!({"name": "ana", "password": "secret"})).await;
        assert_eq!((status, &body["expires_at"]), (200, &json!("2026-11-12T12:00:00Z")));
        assert_eq!(admin.with_token(body["token"].as_str().expect("a token")).get("/budget").await.0, 200);
    });
}

#[test]
fn a_name_is_taken_once_and_a_wrong_password_is_refused() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        assert_eq!(ana.post("/auth/register", json!({"name": "ana", "password": "x"})).await.0, 409);
        assert_eq!(ana.post("/auth/login", json!({"name": "ana", "password": "x"})).await.0, 401);
        assert_eq!(ana.post("/auth/login", json!({"name": "eve", "password": "x"})).await.0, 401);
        assert_eq!(ana.post("/auth/login", json!({"name": "ana", "password": "secret"})).await.0, 200);
    });
}

#[test]
fn a_mistake_is_refused_and_named() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let check = async |body: Value, kind: &str, field: Option<&str>| {
            let (status, answer) = ana.post("/chat", body.clone()).await;
            assert_eq!((status, &answer["error"]["type"]), (422, &json!(kind)), "{body} {answer}");
            assert_eq!(answer["error"]["field"].as_str(), field, "{body} {answer}");
        };
        check(json!({"language": "en"}), "invalid_field", Some("message")).await;
        check(json!({"message": " ", "language": "en"}), "invalid_field", Some("message")).await;
        check(json!({"message": "a"}), "invalid_field", Some("language")).await;
        check(json!({"message": "a", "language": 1}), "invalid_field", Some("language")).await;
        check(json!({"message": "a", "language": "en", "stream": "yes"}), "invalid_field", Some("stream")).await;
        check(json!({"message": "a", "language": "en", "local_onyl": true}), "invalid_field", Some("local_onyl")).await;
        check(json!({"message": "a", "language": "e_n"}), "malformed_language", Some("language")).await;
        check(json!({"message": "a", "language": "en", "provider": "gpt"}), "unknown_provider", None).await;
        check(json!({"message": "a", "language": "en-gpt"}), "unknown_provider", None).await;
        check(json!([]), "malformed_body", None).await;
        assert_eq!(ana.post_raw("/chat", b"{\"message\": ").await.0, 422);
        assert_eq!(ana.post_raw("/chat", b"\xff\xfe").await.0, 422);
        let (_, retired) = ana.chat("en", json!({"provider": "qwen"})).await;
        assert_eq!(retired["error"]["hint"], "deepseek");
        assert_eq!(retired["error"]["known"], json!(["claude", "mistral", "deepseek", "ollama"]));
        assert_eq!(ana.get("/nowhere").await.0, 404);
        assert_eq!(ana.get("/chat").await.0, 405);
    });
    assert!(bench.fake.calls().is_empty());
}

#[test]
fn a_language_can_carry_a_provider_and_a_named_one_beats_it() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, reply) = ana.chat("en-claude", json!({})).await;
        assert_eq!((&reply["provider"], &reply["language"]), (&json!("claude"), &json!("en")));
        let (_, reply) = ana.chat("en-claude", json!({"provider": "deepseek"})).await;
        assert_eq!(reply["provider"], "deepseek");
    });
}

#[test]
fn settings_are_merged_and_their_mistakes_refused() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, fresh) = ana.get("/settings").await;
        assert_eq!(
            fresh,
            json!({"local_only": false, "budget_enforcement": true, "may_override_budget": false,
                "auto_fallback_to_ollama": false, "models": {"use_case": {}, "language": {}, "general": null}, "voices": {}})
        );
        ana.put("/settings", json!({"local_only": true, "models": {"language": {"fr": "a", "de": "b"}}})).await;
        let (status, changed) =
            ana.put("/settings", json!({"models": {"language": {"fr": null}, "general": "c"}})).await;
        assert_eq!(status, 200);
        assert_eq!(changed["models"], json!({"use_case": {}, "language": {"de": "b"}, "general": "c"}));
        assert_eq!(changed["local_only"], true);
        let (status, refused) = ana.put("/settings", json!({"local_onyl": true})).await;
        assert_eq!((status, &refused["error"]["field"]), (422, &json!("local_onyl")));
        assert_eq!(ana.put("/settings", json!({"models": {"word": {}}})).await.0, 422);
        assert_eq!(ana.put("/settings", json!({"local_only": 1})).await.0, 422);
        assert_eq!(ana.get("/settings").await.1, changed);
        let (_, reply) = ana.chat("fr", json!({"provider": "claude"})).await;
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("ollama"), &json!("user_preference")));
    });
}

#[test]
fn models_are_listed_with_the_one_that_would_answer() {
    let bench = Bench::new();
    bench.fake.models(Some(vec!["phi:latest", "neural-chat:7b", "codellama:7b"]));
    bench.learn(async |ana| {
        let (_, chat) = ana.get("/models?language=fr&use_case=conversation").await;
        assert_eq!(chat["selected"], "neural-chat:7b");
        let (_, code) = ana.get("/models?language=en&use_case=technical").await;
        assert_eq!(code["selected"], "codellama:7b");
        assert_eq!(code["models"], json!(["phi:latest", "neural-chat:7b", "codellama:7b"]));
        ana.put("/settings", json!({"models": {"general": "phi"}})).await;
        assert_eq!(ana.get("/models").await.1["selected"], "phi:latest");
        assert_eq!(ana.get("/models?lang=en").await.0, 422);
    });
    assert_eq!(bench.fake.tags(), 1);
}

#[test]
fn provider_health_is_shown_and_ollama_asked_at_most_every_five_minutes() {
    let bench = Bench::with(steadfast::tutor::Defects::none(), |config| config.endpoints.mistral.key = None);
    bench.visit(async |admin| {
        admin.reset(json!({"now": "2026-11-10T12:00:00Z", "unhealthy": ["claude"]})).await;
        let ana = admin.register("ana").await;
        let (_, shown) = ana.get("/providers").await;
        let providers = &shown["providers"];
        assert_eq!(
            (&providers["claude"]["healthy"], &providers["claude"]["reason"]),
            (&json!(false), &json!("recent_failure"))
        );
        assert_eq!(
            (&providers["mistral"]["healthy"], &providers["mistral"]["reason"]),
            (&json!(false), &json!("no_key"))
        );
        assert_eq!(providers["deepseek"], json!({"healthy": true, "default_model": "deepseek-chat"}));
        assert_eq!(providers["ollama"], json!({"healthy": true, "models": ["mistral:7b"]}));
        bench.fake.models(None);
        admin.put("/admin/clock", json!({"advance_ms": 299_999})).await;
        assert_eq!(ana.get("/providers").await.1["providers"]["ollama"]["healthy"], true);
        admin.put("/admin/clock", json!({"advance_ms": 1})).await;
        let (_, shown) = ana.get("/providers").await;
        assert_eq!(shown["providers"]["ollama"], json!({"healthy": false, "reason": "unreachable", "models": []}));
        assert_eq!(shown["providers"]["claude"]["healthy"], true);
        admin.put("/admin/health", json!({"deepseek": false})).await;
        assert_eq!(ana.get("/providers").await.1["providers"]["deepseek"]["healthy"], false);
        admin.put("/admin/health", json!({"deepseek": true})).await;
        assert_eq!(ana.get("/providers").await.1["providers"]["deepseek"]["healthy"], true);
        assert_eq!(admin.put("/admin/health", json!({"ollama": false})).await.0, 422);
    });
}

#[test]
fn languages_are_listed_with_their_candidates() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, shown) = ana.get("/languages").await;
        let rows = shown["languages"].as_array().expect("rows");
        assert_eq!(rows.len(), 11);
        assert_eq!(rows[3], json!({"language": "zh-cn", "providers": ["deepseek", "claude"], "local": "ollama"}));
    });
}

#[test]
fn an_estimate_costs_and_reserves_nothing() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let (_, estimate) = ana.post("/estimate", json!({"language": "en"})).await;
        assert_eq!((&estimate["provider"], &estimate["cost"]), (&json!("mistral"), &json!(0.000235)));
        let (_, local) = ana.post("/estimate", json!({"language": "en", "local_only": true})).await;
        assert_eq!((&local["model"], &local["cost"]), (&json!("mistral:7b"), &json!(0.0)));
        assert_eq!(ana.post("/estimate", json!({"language": "en", "provider": "qwen"})).await.0, 422);
        assert_eq!(ana.post("/estimate", json!({"language": "en", "message": "a"})).await.0, 422);
        assert_eq!(ana.money().await, (0.0, 0.0));
    });
    assert!(bench.fake.calls().is_empty());
}

#[test]
fn a_common_phrase_is_answered_from_the_cache_by_message_language_provider_and_length() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        let hello = async |language: &str, more: Value| {
            let mut more = more;
            more["message"] = json!("Hello!");
            let (status, reply) = ana.chat(language, more).await;
            assert_eq!(status, 200, "{reply}");
            reply
        };
        let first = hello("fr", json!({})).await;
        let again = hello("fr", json!({})).await;
        assert_eq!((&first["cached"], &again["cached"]), (&json!(false), &json!(true)));
        assert_eq!(
            (&again["text"], &again["cost"], &again["provider"]),
            (&first["text"], &json!(0.0), &first["provider"])
        );
        assert_ne!(first["conversation"], again["conversation"]);
        assert_eq!(hello("de", json!({})).await["cached"], false);
        assert_eq!(hello("fr", json!({"provider": "claude"})).await["cached"], false);
        assert_eq!(hello("fr", json!({"conversation": first["conversation"]})).await["cached"], false);
        let bob = ana.register("bob").await;
        assert_eq!(bob.chat("fr", json!({"message": "Hello!"})).await.1["cached"], false);
    });
    assert_eq!(bench.fake.calls().len(), 5);
}

#[test]
fn a_reset_starts_everything_anew() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        admin.reset(json!({"now": "2026-11-10T12:00:00Z", "limit": 50, "used": "12.5"})).await;
        let ana = admin.register("ana").await;
        ana.put("/settings", json!({"local_only": true})).await;
        ana.chat("fr", json!({"message": "hello"})).await;
        let (_, budget) = ana.get("/budget").await;
        assert_eq!((&budget["total_budget"], &budget["used_budget"]), (&json!(50.0), &json!(12.5)));
        admin.put("/admin/health", json!({"mistral": false})).await;
        admin.reset(json!({})).await;
        assert_eq!(ana.get("/budget").await.0, 401);
        let ana = ana.register("ana").await;
        let (_, budget) = ana.get("/budget").await;
        assert_eq!((&budget["total_budget"], &budget["used_budget"]), (&json!(30.0), &json!(0.0)));
        let (_, reply) = ana.chat("fr", json!({"message": "hello"})).await;
        assert_eq!((&reply["provider"], &reply["cached"]), (&json!("mistral"), &json!(false)));
    });
    assert_eq!(bench.fake.tags(), 1);
}

#[test]
fn an_unusable_base_url_is_refused_at_the_start() {
    let mut config = Config::embedded();
    config.endpoints.claude.base_url = "nowhere".into();
    assert!(matches!(Tutor::open(config), Err(OpenError::BaseUrl { provider: "claude", .. })));
}

#[test]
fn what_the_administrator_gives_is_checked() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        for (path, body) in [
            ("/admin/budget", json!({"limit": -1})),
            ("/admin/budget", json!({"limit": "x"})),
            ("/admin/budget", json!({"limits": 1})),
            ("/admin/clock", json!({})),
            ("/admin/clock", json!({"now": "yesterday"})),
            ("/admin/clock", json!({"now": null, "advance_ms": 1})),
            ("/admin/provider-timeout", json!({"ms": 0})),
        ] {
            assert_eq!(admin.put(path, body.clone()).await.0, 422, "{path} {body}");
        }
        assert_eq!(admin.post("/admin/reset", json!({"unhealthy": ["qwen"]})).await.0, 422);
        assert_eq!(admin.post("/admin/reset", json!({"unhealthy": ["ollama"]})).await.0, 422);
    });
    bench.fake.script("mistral", Answer::Hangs);
    bench.learn(async |ana| {
        ana.with_token(super::bench::ADMIN).put("/admin/provider-timeout", json!({"ms": 30})).await;
        assert_eq!(ana.chat("fr", json!({})).await.1["reason"], "api_unavailable");
    });
}
