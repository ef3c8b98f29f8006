//! Speech: heard by the mock of Mistral, spoken by the mock of Piper.

use super::bench::{Bench, Visitor};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use steadfast::model::{Position, RoundId, Seed, TrialKey};
use steadfast::provider::*;
use steadfast::tutor::{Defects, Endpoint};

/// A tutor between mocks.
struct Room {
    bench: Bench,
    providers: Providers,
    trials: std::cell::Cell<u32>,
}

const VOICES: [&str; 4] = ["en_US-amy-medium", "en_US-ryan-high", "en_GB-alan-low", "fr_FR-siwis-medium"];

impl Room {
    fn new() -> Self {
        let decl = |name: &str, wire| ProviderDecl {
            name: ProviderName::new(name),
            wire,
            hosts: vec![],
            key: None,
            replay: None,
            prices: BTreeMap::new(),
        };
        let decls = [decl("mistral", Wire::Mistral), decl("piper", Wire::Piper)];
        let providers = Providers::start(&decls, ProvidersOptions::default()).expect("they start");
        let url = |name| providers.url(&ProviderName::new(name)).expect("it is declared");
        let (mistral, piper) = (url("mistral"), url("piper"));
        let bench = Bench::with(Defects::none(), |config| {
            config.endpoints.mistral = Endpoint::new(mistral, Some("key".into()));
            config.endpoints.piper = Endpoint::new(piper, None);
            config.provider_timeout = Duration::from_secs(30);
        });
        Self { bench, providers, trials: std::cell::Cell::new(0) }
    }

    /// From now on the providers answer so, and none of their calls is counted yet.
    fn script(&self, mistral: Vec<Behaviour>, piper: Vec<Behaviour>) {
        let name = ProviderName::new;
        let providers = BTreeMap::from([
            (name("mistral"), ProviderScript::Sequence(mistral)),
            (name("piper"), ProviderScript::Sequence(piper)),
        ]);
        let script = Script { providers, voices: VOICES.map(str::to_owned).to_vec(), ..Script::default() };
        self.trials.set(self.trials.get() + 1);
        self.providers.begin(
            TrialKey { round: RoundId(0), position: Position(self.trials.get()) },
            Seed::new(1),
            script,
        );
        self.providers.sent("");
    }

    fn calls(&self) -> Vec<Call> {
        self.providers.calls_since(Seq(0))
    }
}

fn reply(text: &str) -> Behaviour {
    Behaviour::plain(Answer::Reply(Reply::text(text)))
}

fn fail(kind: FailureKind) -> Behaviour {
    Behaviour::plain(Answer::Fail(Failing::new(kind)))
}

/// A recording of silence in 16 bit.
fn recording(rate: u32, milliseconds: u32) -> Vec<u8> {
    let length = rate * milliseconds / 1000 * 2;
    let mut bytes =
        [b"RIFF".as_slice(), &(36 + length).to_le_bytes(), b"WAVEfmt ", &[16, 0, 0, 0, 1, 0, 1, 0]].concat();
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * 2).to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.resize(44 + length as usize, 0);
    bytes
}

/// The fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

async fn hear(learner: &Visitor, fields: &[(&str, &str)], recording: &[u8]) -> (u16, Value) {
    learner.upload("/speech/transcriptions", fields, recording).await
}

async fn say(learner: &Visitor, body: Value) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let answer = learner.send(Method::POST, "/speech/synthesis", Some(body)).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.expect("a body").to_vec())
}

#[test]
fn a_transcript_is_the_providers_and_costs_what_the_provider_measured() {
    let room = Room::new();
    room.script(vec![reply("Bonjour"), reply("")], vec![]);
    room.bench.learn(async |ana| {
        let (status, heard) = hear(&ana, &[("language", "fr-CA")], &recording(16_000, 1_500)).await;
        let (text, marks) = Mark::strip(heard["text"].as_str().expect("a text"));
        assert_eq!((status, text.as_str(), marks.len()), (200, "Bonjour", 1), "{heard}");
        assert_eq!((&heard["language"], &heard["provider"]), (&json!("fr"), &json!("mistral")));
        assert_eq!((&heard["duration_seconds"], &heard["cost"]), (&json!(1.5), &json!(0.000033333)));
        assert_eq!(ana.money().await, (0.000033333, 0.0));
        let (status, silence) = hear(&ana, &[], &recording(16_000, 100)).await;
        assert_eq!((status, &silence["text"], &silence["language"]), (200, &json!(""), &Value::Null));
    });
    assert_eq!(room.calls()[0].model, "voxtral-mini-latest");
}

#[test]
fn what_can_not_be_heard_is_refused_and_nobody_is_called() {
    let room = Room::new();
    room.script(vec![], vec![]);
    let broken = recording(16_000, 200)[..100].to_vec();
    let cases: [(Fields<'_>, Vec<u8>, &str); 8] = [
        (&[], vec![], "unusable_audio"),
        (&[], b"<html>".to_vec(), "unusable_audio"),
        (&[], broken, "unusable_audio"),
        (&[], recording(8_000, 99), "unusable_audio"),
        (&[], recording(7_999, 500), "unusable_audio"),
        (&[], vec![0; 25 * 1024 * 1024 + 1], "unusable_audio"),
        (&[("language", "sv")], recording(16_000, 200), "unknown_language"),
        (&[("voice", "x")], recording(16_000, 200), "invalid_field"),
    ];
    room.bench.learn(async |ana| {
        for (fields, recording, kind) in cases {
            let (status, refused) = hear(&ana, fields, &recording).await;
            assert_eq!((status, &refused["error"]["type"]), (422, &json!(kind)), "{refused}");
        }
        let (status, refused) = ana.post("/speech/transcriptions", json!({})).await;
        assert_eq!((status, &refused["error"]["type"]), (422, &json!("malformed_body")));
        assert_eq!(ana.money().await, (0.0, 0.0));
    });
    assert_eq!(room.calls(), []);
}

#[test]
fn privacy_and_budget_decide_before_anybody_is_called() {
    let room = Room::new();
    room.script(vec![reply("Hi")], vec![]);
    room.bench.visit(async |admin| {
        admin.reset(json!({"limit": "0.000001666"})).await;
        let ana = admin.register("ana").await;
        let (status, refused) = hear(&ana, &[], &recording(16_000, 100)).await;
        assert_eq!((status, &refused["reason"]), (402, &json!("budget_exceeded")), "{refused}");
        assert_eq!(refused["warning"]["requested_provider"], "mistral");
        ana.put("/settings", json!({"local_only": true})).await;
        let (status, refused) = hear(&ana, &[], &recording(16_000, 100)).await;
        assert_eq!((status, &refused["reason"]), (403, &json!("user_preference")));
        ana.put("/settings", json!({"local_only": false, "may_override_budget": true})).await;
        assert!(room.calls().is_empty());
        let (status, heard) = hear(&ana, &[], &recording(16_000, 100)).await;
        assert_eq!((status, &heard["requires_budget_override"]), (200, &json!(true)), "{heard}");
    });
}

#[test]
fn a_failed_call_is_told_costs_nothing_and_makes_mistral_unhealthy() {
    for (behaviour, reason) in [
        (fail(FailureKind::RateLimited), "rate_limited"),
        (fail(FailureKind::Unavailable), "api_unavailable"),
        (Behaviour::plain(Answer::Malformed(Malformed::Shape)), "api_unavailable"),
        (Behaviour::plain(Answer::Malformed(Malformed::Null)), "api_unavailable"),
        (Behaviour { fault: Some(Fault::Reset(ResetAt::Middle)), ..reply("Hi") }, "api_unavailable"),
    ] {
        let room = Room::new();
        room.script(vec![behaviour], vec![]);
        room.bench.learn(async |ana| {
            let (status, failed) = hear(&ana, &[], &recording(16_000, 100)).await;
            assert_eq!((status, &failed["reason"]), (503, &json!(reason)), "{failed}");
            assert_eq!(ana.money().await, (0.0, 0.0));
            let (_, providers) = ana.get("/providers").await;
            assert_eq!(providers["providers"]["mistral"]["healthy"], false, "{providers}");
            assert_eq!(hear(&ana, &[], &recording(16_000, 100)).await.0, 503);
        });
        assert_eq!(room.calls().len(), 1);
    }
}

#[test]
fn a_text_is_spoken_by_the_voice_that_fits_best() {
    let room = Room::new();
    room.script(vec![], vec![reply("spoken"); 5]);
    room.bench.learn(async |ana| {
        ana.put("/settings", json!({"voices": {"fr": "fr_FR-siwis-medium", "en": "en_US-amy-medium"}})).await;
        let spoken = [
            (json!({"text": "Hi", "language": "en", "voice": "en_GB-alan-low"}), "en_GB-alan-low"),
            (json!({"text": "Hi", "language": "en"}), "en_US-amy-medium"),
            (json!({"text": "Hi", "language": "en", "voice": "nobody"}), "en_US-amy-medium"),
            (json!({"text": "Salut", "language": "fr-ca"}), "fr_FR-siwis-medium"),
        ];
        for (body, voice) in spoken {
            let (status, headers, wav) = say(&ana, body).await;
            assert_eq!((status, headers["x-voice"].to_str().ok()), (200, Some(voice)));
            assert_eq!(
                (headers["x-provider"].to_str().ok(), headers["content-type"].to_str().ok()),
                (Some("piper"), Some("audio/wav"))
            );
            let seconds: f64 = headers["x-duration-seconds"].to_str().expect("text").parse().expect("a number");
            assert_eq!(Duration::from_secs_f64(seconds), Wav::read(&wav).expect("a WAV").duration());
        }
        ana.put("/settings", json!({"voices": null})).await;
        assert_eq!(say(&ana, json!({"text": "Hi", "language": "en"})).await.1["x-voice"], "en_US-ryan-high");
        let (status, _, _) = say(&ana, json!({"text": "Hallo", "language": "de"})).await;
        assert_eq!(status, 404);
        for (text, language, expected) in
            [(" ", "en", 422), ("Hej", "sv", 422), ("x".repeat(5_001).as_str(), "en", 422)]
        {
            assert_eq!(say(&ana, json!({"text": text, "language": language})).await.0, expected);
        }
    });
    let asked = room.calls().iter().filter(|call| call.endpoint.as_str() == "voices").count();
    assert_eq!(asked, 1, "voices are kept");
}

#[test]
fn a_long_text_is_spoken_in_pieces_that_come_in_order() {
    let room = Room::new();
    room.script(vec![], vec![reply("spoken"); 3]);
    let text = ["a", "b", "c"].map(|letter| letter.repeat(400) + ".").join(" ");
    room.bench.learn(async |ana| {
        let (status, _, wav) = say(&ana, json!({"text": text, "language": "en"})).await;
        assert_eq!(status, 200);
        let spoken: Vec<Call> = room.calls().into_iter().filter(|call| call.mark.is_some()).collect();
        let marks: Vec<Mark> = spoken.iter().filter_map(|call| call.mark).collect();
        assert_eq!(Wav::read(&wav).expect("a WAV").marks(), marks);
        let firsts: Vec<_> = spoken.iter().map(|call| call.last_user_message()[..1].to_owned()).collect();
        assert_eq!(firsts, ["a", "b", "c"]);
    });
}

#[test]
fn pieces_that_do_not_fit_and_a_piper_that_is_down_are_told() {
    let room = Room::new();
    let other_rate = Answer::Raw { status: 200, content_type: "audio/wav".into(), body: recording(8_000, 100) };
    room.script(vec![], vec![reply("spoken"), Behaviour::plain(other_rate), fail(FailureKind::ServerError)]);
    let text = "a".repeat(400) + ". " + &"b".repeat(400);
    room.bench.learn(async |ana| {
        assert_eq!(say(&ana, json!({"text": text, "language": "en"})).await.0, 502);
        assert_eq!(say(&ana, json!({"text": "Hi", "language": "en"})).await.0, 503);
        let (status, told) = ana.get("/speech/status").await;
        assert_eq!((status, &told["synthesis"]["voices"]), (200, &json!(VOICES)));
        assert_eq!(told["supported_formats"], json!(["wav", "mp3", "flac", "ogg", "webm"]));
        assert_eq!(told["transcription"], json!({"provider": "mistral", "healthy": true}));
        let (_, voices) = ana.get("/speech/voices").await;
        assert_eq!(
            voices["voices"][3],
            json!({"name": VOICES[3], "language": "fr", "region": "FR", "quality": "medium"})
        );
    });
}
