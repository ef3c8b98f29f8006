//! Streamed chats: their events, their restart, and learners who hang up.

use super::bench::{Bench, Visitor, chat, until};
use super::fake::{Answer, Fake, stream_begun};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// An event's name and data.
type Told = (String, Value);

async fn begin(visitor: &Visitor, language: &str, provider: &str) -> Response {
    let body = chat(language, json!({"provider": provider, "stream": true}));
    visitor.send(Method::POST, "/chat", Some(body)).await
}

async fn events(response: Response) -> Vec<Told> {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    parse(&response.text().await.expect("a stream"))
}

fn parse(text: &str) -> Vec<Told> {
    let read = |frame: &str| {
        let (name, data) = frame.split_once('\n').expect("two lines");
        let name = name.strip_prefix("event: ").expect("an event's name");
        let data = data.strip_prefix("data: ").expect("an event's data");
        (name.to_owned(), serde_json::from_str(data).expect("JSON"))
    };
    text.split("\n\n").filter(|frame| !frame.is_empty()).map(read).collect()
}

fn names(events: &[Told]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

fn text_after(events: &[Told], name: &str) -> String {
    let from = events.iter().position(|(told, _)| told == name).expect("that event") + 1;
    events[from..].iter().filter(|(told, _)| told == "delta").filter_map(|(_, data)| data["text"].as_str()).collect()
}

#[test]
fn every_provider_streams_and_is_charged_what_it_says() {
    for (provider, cost) in [("claude", 0.0000275), ("mistral", 0.000047), ("deepseek", 0.000005), ("ollama", 0.0)] {
        let bench = Bench::new();
        bench.learn(async |ana| {
            let events = events(begin(&ana, "fr", provider).await).await;
            assert_eq!(names(&events), ["start", "delta", "delta", "done"], "{provider}");
            assert_eq!(text_after(&events, "start"), "Salut !");
            let (start, done) = (&events[0].1, &events[3].1);
            assert_eq!(start["provider"], provider);
            assert_eq!(start["conversation"], done["conversation"]);
            assert_eq!((&done["text"], &done["cost"]), (&json!("Salut !"), &json!(cost)), "{provider}");
            assert_eq!(ana.money().await, (cost, 0.0));
            let kept = ana.get(&format!("/conversations/{}", done["conversation"].as_str().expect("an id"))).await.1;
            assert_eq!(kept["messages"][1]["text"], "Salut !");
        });
        assert_eq!(bench.fake.calls()[0].body["stream"], true);
    }
}

#[test]
fn only_deepseek_is_asked_for_usage_in_its_stream() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        for provider in ["mistral", "deepseek"] {
            events(begin(&ana, "fr", provider).await).await;
        }
    });
    let calls = bench.fake.calls();
    assert!(calls[0].body.get("stream_options").is_none());
    assert_eq!(calls[1].body["stream_options"], json!({"include_usage": true}));
}

#[test]
fn a_stream_without_usage_is_charged_its_estimate() {
    let bench = Bench::new();
    bench.fake.script("mistral", Answer::Says("Salut", None));
    bench.learn(async |ana| {
        let events = events(begin(&ana, "fr", "mistral").await).await;
        assert_eq!(events.last().expect("an end").1["cost"], json!(0.000235));
    });
}

#[test]
fn a_stream_that_breaks_after_it_began_restarts_on_ollama() {
    for provider in ["claude", "mistral", "deepseek"] {
        let begun = stream_begun(provider, "Bon", Some(5));
        let overloaded =
            "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
        let answers = [
            Answer::Breaks(begun.clone()),
            Answer::Sends(begun.clone()),
            Answer::Sends(format!("{begun}data: {{\n\n")),
            Answer::Sends(format!("{begun}{overloaded}")),
        ];
        for answer in answers {
            let bench = Bench::new();
            bench.fake.script(provider, answer.clone());
            bench.learn(async |ana| {
                let events = events(begin(&ana, "fr", provider).await).await;
                assert_eq!(names(&events), ["start", "delta", "restart", "delta", "delta", "done"], "{answer:?}");
                assert_eq!((&events[0].1["provider"], &events[1].1["text"]), (&json!(provider), &json!("Bon")));
                let restart = &events[2].1;
                assert_eq!((&restart["provider"], &restart["reason"]), (&json!("ollama"), &json!("api_unavailable")));
                assert_eq!(text_after(&events, "restart"), "Salut !");
                let done = &events[5].1;
                assert_eq!((&done["text"], &done["provider"]), (&json!("Salut !"), &json!("ollama")));
                assert_eq!(ana.money().await, (0.0, 0.0));
            });
        }
    }
}

#[test]
fn a_stream_that_fails_before_its_first_text_begins_on_ollama() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Refuses(429, ""));
    bench.learn(async |ana| {
        let events = events(begin(&ana, "fr", "claude").await).await;
        assert_eq!(names(&events), ["start", "delta", "delta", "done"]);
        assert_eq!((&events[0].1["provider"], &events[0].1["reason"]), (&json!("ollama"), &json!("rate_limited")));
    });
}

#[test]
fn a_complete_stream_is_complete_though_its_connection_stays_open() {
    let bench = Bench::new();
    bench.fake.script("claude", Answer::Stalls(super::fake::stream("claude", "Salut", Some((1, 1)))));
    bench.learn(async |ana| {
        let events = events(begin(&ana, "fr", "claude").await).await;
        assert_eq!(events.last().expect("an end").1["provider"], "claude");
    });
}

#[test]
fn a_learner_who_hangs_up_cancels_the_call_and_is_charged_what_was_used() {
    // Claude has said how many tokens went in; for the rest the estimate of 50 and 100 stands.
    for (provider, cost) in [("claude", 0.0001275), ("mistral", 0.000235), ("deepseek", 0.000025)] {
        let bench = Bench::new();
        bench.fake.script(provider, Answer::Stalls(stream_begun(provider, "Bon", Some(10))));
        bench.learn(async |ana| {
            let mut response = begin(&ana, "fr", provider).await;
            let first = response.chunk().await.expect("a stream").expect("its begin");
            assert!(first.starts_with(b"event: start"));
            assert_eq!(bench.fake.open_calls(), 1);
            assert_eq!(ana.money().await.0, 0.0);
            drop(response);
            until("nothing is reserved", async || ana.money().await.1 == 0.0).await;
            assert_eq!(ana.money().await, (cost, 0.0), "{provider}");
            assert_eq!(ana.get("/conversations").await.1, json!({"conversations": []}));
        });
        Fake::wait_until("the provider's connection is closed", || bench.fake.open_calls() == 0);
    }
}

#[test]
fn a_learner_who_hangs_up_before_the_answer_began_is_charged_nothing() {
    for stream in [false, true] {
        let bench = Bench::new();
        bench.fake.script("claude", Answer::Hangs);
        bench.learn(async |ana| {
            let body = chat("fr", json!({"provider": "claude", "stream": stream}));
            let asking = ana.clone();
            let chat = tokio::spawn(async move { asking.send(Method::POST, "/chat", Some(body)).await });
            until("something is reserved", async || ana.money().await.1 > 0.0).await;
            chat.abort();
            until("nothing is reserved", async || ana.money().await.1 == 0.0).await;
            assert_eq!(ana.money().await.0, 0.0);
        });
        Fake::wait_until("the provider's connection is closed", || bench.fake.open_calls() == 0);
    }
}

#[test]
fn a_cached_answer_streams_too() {
    let bench = Bench::new();
    bench.learn(async |ana| {
        ana.chat("fr", json!({"message": "Bonjour !"})).await;
        let body = chat("fr", json!({"message": "Bonjour !", "stream": true}));
        let events = events(ana.send(Method::POST, "/chat", Some(body)).await).await;
        assert_eq!(names(&events), ["start", "delta", "done"]);
        assert_eq!(events[2].1["cached"], true);
    });
    assert_eq!(bench.fake.calls().len(), 1);
}
