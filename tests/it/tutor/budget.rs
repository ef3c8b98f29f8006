//! The budget over HTTP: refusals, races, the month's turn, restarts.

use super::bench::{ADMIN, Bench, Visitor, until};
use super::fake::Answer;
use futures_util::future::join_all;
use serde_json::{Value, json};
use steadfast::tutor::{Defects, Place};

async fn learner_with(admin: &Visitor, limit: f64, used: f64, settings: Value) -> Visitor {
    admin.reset(json!({"limit": limit, "used": used})).await;
    let ana = admin.register("ana").await;
    assert_eq!(ana.put("/settings", settings).await.0, 200);
    ana
}

#[test]
fn a_named_provider_beyond_the_budget_is_refused_with_a_warning() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        let ana = learner_with(&admin, 30.0, 30.5, json!({})).await;
        for (path, more) in [("/chat", json!({"message": "a"})), ("/estimate", json!({}))] {
            let mut body = more;
            body["language"] = json!("en");
            body["provider"] = json!("claude");
            let (status, refused) = ana.post(path, body).await;
            assert_eq!((status, &refused["reason"]), (402, &json!("budget_exceeded")));
            assert_eq!(refused["error"]["type"], "budget_exceeded");
            let mut warning = refused["warning"].clone();
            assert!(warning["message"].as_str().is_some_and(|text| text.contains("claude")));
            warning.as_object_mut().expect("an object").shift_remove("message");
            assert_eq!(
                warning,
                json!({"used": 30.5, "limit": 30.0, "percentage": 101.67, "requested_provider": "claude",
                    "estimate": 0.0001375, "free_alternative": "ollama"})
            );
        }
    });
    assert!(bench.fake.calls().is_empty());
}

#[test]
fn a_learners_settings_decide_what_happens_beyond_the_budget() {
    let bench = Bench::new();
    bench.visit(async |admin| {
        let named = json!({"provider": "claude"});
        let ana = learner_with(&admin, 30.0, 31.0, json!({"may_override_budget": true})).await;
        let (_, reply) = ana.chat("en", named.clone()).await;
        assert_eq!((&reply["provider"], &reply["requires_budget_override"]), (&json!("claude"), &json!(true)));
        assert_eq!(reply["warning"]["requested_provider"], "claude");
        assert_eq!(ana.chat("en", json!({})).await.1["reason"], "budget_exceeded");
        let ana = learner_with(&admin, 30.0, 31.0, json!({"auto_fallback_to_ollama": true})).await;
        let (_, reply) = ana.chat("en", named.clone()).await;
        assert_eq!((&reply["provider"], &reply["reason"]), (&json!("ollama"), &json!("budget_exceeded_auto_fallback")));
        let ana = learner_with(&admin, 30.0, 31.0, json!({"budget_enforcement": false})).await;
        let (_, reply) = ana.chat("en", named).await;
        assert_eq!((&reply["provider"], &reply["requires_budget_override"]), (&json!("claude"), &json!(false)));
        assert!(reply.get("warning").is_none());
        assert_eq!(ana.chat("en", json!({})).await.1["provider"], "mistral");
    });
}

#[test]
fn real_usage_may_exceed_the_estimate_and_is_charged_as_it_was() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Says("Salut", Some((4_000, 8_000))));
    bench.visit(async |admin| {
        let ana = learner_with(&admin, 0.001, 0.0, json!({})).await;
        let (_, reply) = ana.chat("de", json!({})).await;
        assert_eq!(reply["cost"], json!(0.011));
        let (_, budget) = ana.get("/budget").await;
        assert_eq!((&budget["alert_level"], &budget["is_over_budget"]), (&json!("CRITICAL"), &json!(true)));
        assert_eq!(budget["remaining_budget"], json!(0.0));
    });
}

#[test]
fn an_answer_without_usage_is_charged_its_estimate() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Says("Salut", None));
    bench.learn(async |ana| {
        assert_eq!(ana.chat("de", json!({"use_case": "translation"})).await.1["cost"], json!(0.0002125));
    });
}

#[test]
fn of_eight_chats_at_once_only_as_many_are_admitted_as_the_budget_allows() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Waits("Salut", Some((50, 100))));
    bench.visit(async |admin| {
        // Three estimates of 0.0001375 fit, a fourth doesn't.
        admin.reset(json!({"limit": 0.0005})).await;
        let ana = admin.register("ana").await;
        let chats = join_all((0..8).map(|_| ana.chat("de", json!({}))));
        let gate = async {
            until("all calls arrive", async || bench.fake.calls().len() == 8).await;
            assert_eq!(ana.money().await, (0.0, 0.0004125));
            bench.fake.permit(8);
        };
        let (replies, ()) = tokio::join!(chats, gate);
        let from = |provider: &str| replies.iter().filter(|(_, reply)| reply["provider"] == provider).count();
        assert_eq!((from("claude"), from("ollama")), (3, 5));
        for (status, reply) in replies.iter().filter(|(_, reply)| reply["provider"] == "ollama") {
            assert_eq!((*status, &reply["reason"]), (200, &json!("budget_exceeded")));
        }
        assert_eq!(ana.money().await, (0.0004125, 0.0));
    });
}

#[test]
fn a_call_is_charged_to_the_month_in_which_it_began() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Waits("Salut", Some((50, 100))));
    bench.visit(async |admin| {
        admin.reset(json!({"now": "2026-11-30T23:59:59Z", "used": 1.0})).await;
        let ana = admin.register("ana").await;
        let turn = async {
            until("a call arrives", async || !bench.fake.calls().is_empty()).await;
            ana.with_token(ADMIN).put("/admin/clock", json!({"now": "2026-12-01T00:00:00Z"})).await;
            assert_eq!(ana.money().await, (0.0, 0.0));
            bench.fake.permit(1);
        };
        let ((status, _), ()) = tokio::join!(ana.chat("de", json!({})), turn);
        assert_eq!(status, 200);
        assert_eq!(ana.money().await.0, 0.0);
        admin.put("/admin/clock", json!({"now": "2026-11-30T23:59:59Z"})).await;
        assert_eq!(ana.money().await.0, 1.0001375);
    });
}

#[test]
fn what_was_used_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    for place in [Place::File(folder.path().join("a")), Place::VolatileFile(folder.path().join("b"))] {
        let first = Bench::with(Defects::none(), |config| config.store = place.clone());
        let (token, conversation) = first.visit(async |admin| {
            admin.put("/admin/budget", json!({"limit": 25})).await;
            let (_, body) = admin.post("/auth/register", json!({"name": "ana", "password": "secret"})).await;
            let token = body["token"].as_str().expect("a token").to_owned();
            let (_, reply) = admin.with_token(&token).chat("de", json!({})).await;
            (token, reply["conversation"].as_str().expect("an id").to_owned())
        });
        drop(first);
        let second = Bench::with(Defects::none(), |config| config.store = place);
        second.visit(async |admin| {
            let ana = admin.with_token(&token);
            assert_eq!(ana.money().await, (0.0000275, 0.0));
            assert_eq!(ana.get("/budget").await.1["total_budget"], json!(25.0));
            assert_eq!(ana.get(&format!("/conversations/{conversation}")).await.0, 200);
        });
    }
}
