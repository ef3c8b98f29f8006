//! One tutor over many event loops, and the bugs on purpose that show between cases.

use super::bench::{Bench, chat, until};
use super::fake::{Answer, Fake, stream_begun};
use reqwest::Method;
use serde_json::{Value, json};
use steadfast::tutor::{Config, Defect, Defects};

/// A case as a harness runs it: a loop of its own, a reset, a learner, a chat.
fn case(bench: &Bench, more: Value) -> (u16, Value) {
    case_in(bench, "fr", more)
}

fn case_in(bench: &Bench, language: &str, more: Value) -> (u16, Value) {
    bench.visit(async |admin| {
        admin.reset(json!({})).await;
        admin.register("ana").await.chat(language, more).await
    })
}

#[test]
fn a_hundred_loops_in_sequence_are_served_by_the_same_clients() {
    let bench = Bench::new();
    for round in 0..100 {
        let (status, reply) = case(&bench, json!({"stream": false}));
        assert_eq!((status, &reply["provider"]), (200, &json!("mistral")), "round {round}: {reply}");
    }
    assert!(bench.log.0.lock().expect("a log").is_empty());
}

#[test]
fn a_loop_dropped_in_the_middle_of_a_call_leaves_no_reservation_behind() {
    let bench = Bench::new();
    bench.fake.script("mistral", Answer::Hangs);
    bench.visit(async |admin| {
        let ana = admin.register("ana").await;
        tokio::spawn(async move { ana.chat("fr", json!({})).await });
        until("a call arrives", async || !bench.fake.calls().is_empty()).await;
    });
    Fake::wait_until("the call is cancelled", || bench.fake.open_calls() == 0);
    bench.fake.script("mistral", Answer::Says("Salut !", Some((10, 20))));
    bench.visit(async |admin| {
        let bob = admin.register("bob").await;
        assert_eq!(bob.money().await, (0.0, 0.0));
        assert_eq!(bob.chat("fr", json!({})).await.1["provider"], "mistral");
    });
}

#[test]
fn a_loop_dropped_in_the_middle_of_a_stream_charges_what_was_used() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Stalls(stream_begun("claude", "Bon", Some(10))));
    bench.visit(async |admin| {
        let ana = admin.register("ana").await;
        let body = chat("de", json!({"stream": true}));
        let mut response = ana.send(Method::POST, "/chat", Some(body)).await;
        response.chunk().await.expect("a stream").expect("its begin");
    });
    bench.visit(async |admin| {
        let bob = admin.register("bob").await;
        assert_eq!(bob.money().await, (0.0001275, 0.0));
    });
}

#[test]
fn a_call_from_before_a_reset_leaves_no_trace_after_it() {
    let bench = Bench::new();
    bench.fake.script("mistral", Answer::Waits("Salut", Some((10, 20))));
    bench.visit(async |admin| {
        let ana = admin.register("ana").await;
        let reset = async {
            until("a call arrives", async || !bench.fake.calls().is_empty()).await;
            admin.reset(json!({})).await;
            bench.fake.permit(1);
        };
        let ((status, _), ()) = tokio::join!(ana.chat("fr", json!({"message": "hello"})), reset);
        assert_eq!(status, 200);
        let ana = admin.register("ana").await;
        assert_eq!(ana.money().await, (0.0, 0.0));
        assert_eq!(ana.get("/conversations").await.1, json!({"conversations": []}));
        bench.fake.script("mistral", Answer::Says("Salut", None));
        assert_eq!(ana.chat("fr", json!({"message": "hello"})).await.1["cached"], false);
    });
}

#[test]
fn stale_health_outlives_a_reset() {
    let check = |defects: Defects, provider: &str, model: &str| {
        let bench = Bench::with(defects, |_| {});
        bench.fake.script("mistral", Answer::Refuses(500, ""));
        case(&bench, json!({}));
        bench.fake.script("mistral", Answer::Says("Salut", None));
        bench.fake.models(Some(vec!["phi:latest"]));
        assert_eq!(case(&bench, json!({})).1["provider"], provider);
        assert_eq!(case(&bench, json!({"local_only": true})).1["model"], model);
    };
    check(Defects::none(), "mistral", "phi:latest");
    check(Defect::StaleHealth.into(), "claude", "mistral:7b");
}

#[test]
fn a_cache_that_ignores_the_language_answers_a_later_case_in_another_one() {
    let check = |defects: Defects, text: &str| {
        let bench = Bench::with(defects, |_| {});
        bench.fake.script("claude", Answer::Says("Hallo !", None));
        assert_eq!(case_in(&bench, "de", json!({"message": "hello"})).1["text"], "Hallo !");
        bench.fake.script("claude", Answer::Says("Hola !", None));
        assert_eq!(case_in(&bench, "es", json!({"message": "hello"})).1["text"], text);
    };
    check(Defects::none(), "Hola !");
    check(Defect::CacheIgnoresLanguage.into(), "Hallo !");
}

#[test]
fn a_budget_carried_over_is_used_by_the_next_case() {
    let check = |defects: Defects, used: f64| {
        let bench = Bench::with(defects, |_| {});
        case(&bench, json!({}));
        bench.visit(async |admin| {
            admin.reset(json!({})).await;
            assert_eq!(admin.register("ana").await.money().await.0, used);
        });
    };
    check(Defects::none(), 0.0);
    check(Defect::BudgetCarriedOver.into(), 0.000047);
}

#[test]
fn settings_carried_over_are_the_next_learners() {
    let check = |defects: Defects, provider: &str| {
        let bench = Bench::with(defects, |_| {});
        bench.learn(async |ana| ana.put("/settings", json!({"local_only": true})).await);
        assert_eq!(case(&bench, json!({})).1["provider"], provider);
    };
    check(Defects::none(), "mistral");
    check(Defect::SettingsCarriedOver.into(), "ollama");
}

#[test]
fn a_client_bound_to_the_first_loop_fails_on_every_later_one() {
    let bench = Bench::with(Defect::ClientBoundToFirstLoop.into(), |_| {});
    assert_eq!(case(&bench, json!({})).0, 200);
    for _ in 0..3 {
        assert_eq!(case(&bench, json!({})).0, 503);
    }
    assert!(bench.log.0.lock().expect("a log")[0].contains("the client's event loop is closed"));
}

#[test]
fn a_defect_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Defect::ALL.iter().map(|defect| defect.name()).collect();
    assert_eq!(names.len(), Defect::ALL.len());
}

#[test]
fn a_served_tutor_answers_until_it_is_told_to_stop() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shutdown = async { stopped.await.unwrap_or_default() };
        let served = tokio::spawn(steadfast::tutor::serve(Config::default(), listener, shutdown));
        let http = steadfast::platform::http_client().no_proxy().build().expect("a client");
        let register =
            http.post(format!("http://{address}/auth/register")).json(&json!({"name": "a", "password": "b"}));
        assert_eq!(register.send().await.expect("an answer").status(), 201);
        stop.send(()).expect("somebody who listens");
        served.await.expect("no panic").expect("a port that works");
        assert!(http.get(format!("http://{address}/ready")).send().await.is_err());
    });
}
