//! Speech: what Mistral transcribes, and what Piper says.

use super::kit::*;
use serde_json::{Value, json};
use std::time::Duration;
use steadfast::model::Seed;
use steadfast::provider::*;

/// A recording of silence in 16 bit, 8 kHz.
fn recording(milliseconds: u32) -> Vec<u8> {
    let length = milliseconds * 16;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend([16, 0, 0, 0, 1, 0, 1, 0]);
    bytes.extend(8_000_u32.to_le_bytes());
    bytes.extend(16_000_u32.to_le_bytes());
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.resize(bytes.len() + length as usize, 0);
    bytes
}

/// The fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

/// A body of parts with this boundary.
fn form(boundary: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    if let Some(file) = file {
        let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav";
        body.extend(format!("--{boundary}\r\n{head}\r\n\r\n").bytes());
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    body
}

fn transcribe(kit: &Kit, boundary: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Seen {
    let url = kit.url(Wire::Mistral) + "/v1/audio/transcriptions";
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let request = kit.client.post(url).bearer_auth("sk-right").header("content-type", content_type);
    kit.send(request.body(form(boundary, fields, file))).expect("an answer")
}

const MODEL: (&str, &str) = ("model", "voxtral-mini-latest");

#[test]
fn mistral_transcribes_a_recording_with_a_mark_and_tells_its_seconds() {
    let kit = Kit::new(always(reply("Bonjour tout le monde")));
    let seen = transcribe(&kit, "b1", &[MODEL, ("language", "fr")], Some(&recording(1_200)));
    let answer = seen.json();
    let call = kit.only_call();
    let (text, marks) = Mark::strip(answer["text"].as_str().expect("a text"));
    assert_eq!((text.as_str(), marks), ("Bonjour tout le monde", call.mark.into_iter().collect()));
    assert_eq!((&answer["language"], &answer["model"]), (&json!("fr"), &json!("voxtral-mini-latest")));
    assert_eq!(answer["usage"]["prompt_audio_seconds"], 2);
    assert_eq!(answer["segments"][0]["end"], 1.2);
    assert_eq!((call.endpoint.as_str(), call.model.as_str()), ("transcriptions", "voxtral-mini-latest"));
    assert!(call.last_user_message().starts_with("recording ") && call.is_answered());
}

#[test]
fn language_and_seconds_are_as_scripted() {
    let scripted = Reply { usage: Usage::AudioSeconds(61), language: Some("de".into()), ..Reply::text("Guten Tag") };
    let kit = Kit::new(always(Behaviour::plain(Answer::Reply(scripted))));
    let answer = transcribe(&kit, "b1", &[MODEL], Some(&recording(100))).json();
    assert_eq!((&answer["language"], &answer["usage"]["prompt_audio_seconds"]), (&json!("de"), &json!(61)));
    let absent = Reply { usage: Usage::Absent, ..Reply::text("Hi") };
    kit.providers.begin(trial(1), Seed::new(1), always(Behaviour::plain(Answer::Reply(absent))));
    kit.providers.sent("Hello");
    let answer = transcribe(&kit, "b1", &[MODEL], Some(&recording(100))).json();
    assert_eq!((answer.get("usage"), &answer["language"]), (None, &Value::Null));
}

#[test]
fn a_transcript_is_streamed_in_events() {
    let kit = Kit::new(always(reply("one two")));
    let seen = transcribe(&kit, "b1", &[MODEL, ("stream", "true"), ("language", "en")], Some(&recording(100)));
    let events: Vec<_> = seen.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let deltas = ["transcription.text.delta"; 2];
    let expected =
        [&["transcription.language"][..], &deltas, &["transcription.segment", "transcription.done"]].concat();
    assert_eq!(events, expected);
    let last = documents(Wire::Mistral, &seen.text).pop().expect("a document");
    assert_eq!(Mark::strip(last["text"].as_str().expect("a text")).0, "one two");
    assert!(kit.only_call().stream);
}

#[test]
fn a_transcription_that_lacks_something_is_refused_and_fails_in_mistrals_words() {
    let kit = Kit::new(Script::default());
    let file = recording(100);
    let cases: [(Fields<'_>, Option<&[u8]>, u16); 3] =
        [(&[], Some(&file), 422), (&[MODEL], None, 400), (&[MODEL, ("file_url", "https://x/a.wav")], None, 200)];
    for (fields, file, status) in cases {
        kit.providers.begin(trial(0), Seed::new(1), always(reply("Hi")));
        kit.providers.sent("Hello");
        assert_eq!(transcribe(&kit, "b1", fields, file).status, status, "{fields:?}");
    }
    let url = kit.url(Wire::Mistral) + "/v1/audio/transcriptions";
    assert_eq!(kit.send(kit.client.post(url).bearer_auth("sk-right").body("{}")).expect("an answer").status, 422);
    kit.providers.begin(trial(1), Seed::new(1), always(fail(FailureKind::RateLimited)));
    kit.providers.sent("Hello");
    let seen = transcribe(&kit, "b1", &[MODEL], Some(&file));
    assert_eq!((seen.status, &seen.json()["type"]), (429, &json!("rate_limited")));
    kit.providers.begin(trial(2), Seed::new(1), always(Behaviour::plain(Answer::Malformed(Malformed::Null))));
    kit.providers.sent("Hello");
    let seen = transcribe(&kit, "b1", &[MODEL], Some(&recording(300)));
    assert_eq!(seen.json().get("text"), Some(&Value::Null));
}

#[test]
fn an_upload_that_is_tried_again_is_the_same_call_whatever_its_boundary() {
    let kit = Kit::new(sequence("mistral", vec![fail(FailureKind::Unavailable), reply("Hi"), reply("Hi")]));
    let file = recording(100);
    assert_eq!(transcribe(&kit, "first", &[MODEL], Some(&file)).status, 503);
    assert_eq!(transcribe(&kit, "second", &[MODEL], Some(&file)).status, 200);
    assert_eq!(transcribe(&kit, "third", &[MODEL], Some(&recording(200))).status, 200);
    let attempts: Vec<usize> =
        logical_calls(&kit.providers.end().calls).iter().map(|call| call.attempts.len()).collect();
    assert_eq!(attempts, [2, 1]);
}

fn piper(kit: &Kit, path: &str, body: &Value) -> (u16, String, Vec<u8>) {
    let request = kit.client.post(kit.url(Wire::Piper) + path).body(body.to_string());
    kit.runtime.block_on(async {
        let answer = request.timeout(SOON).send().await.expect("an answer");
        let kind = answer.headers()["content-type"].to_str().expect("a text").to_owned();
        (answer.status().as_u16(), kind, answer.bytes().await.expect("a body").to_vec())
    })
}

#[test]
fn piper_speaks_with_a_mark_in_its_samples_at_the_rate_of_its_voice() {
    let kit = Kit::new(always(reply("spoken")));
    for (path, voice, rate) in [("/synthesize", "en_US-lessac-medium", 22_050), ("/", "fr_FR-siwis-low", 16_000)] {
        let from = kit.providers.cursor();
        let (status, kind, bytes) = piper(&kit, path, &json!({"text": "x".repeat(100), "voice": voice}));
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
        let wav = Wav::read(&bytes).expect("a WAV");
        assert_eq!((wav.rate, wav.channels, wav.bits), (rate, 1, 16));
        assert_eq!(wav.duration(), Duration::from_millis(200));
        let calls = kit.providers.calls_since(from);
        assert_eq!(wav.marks(), calls[0].mark.into_iter().collect::<Vec<_>>());
        assert_eq!((calls[0].model.as_str(), calls[0].endpoint.as_str()), (voice, "synthesize"));
    }
}

#[test]
fn piper_lists_the_voices_of_the_case_and_refuses_in_pages() {
    let voices = ["en_GB-alan-low", "de_DE-thorsten-high"].map(str::to_owned);
    let kit = Kit::new(Script { voices: voices.to_vec(), ..always(reply("spoken")) });
    let listed = kit.send(kit.client.get(kit.url(Wire::Piper) + "/voices")).expect("an answer").json();
    assert_eq!(listed.as_object().expect("a mapping").keys().collect::<Vec<_>>(), voices.iter().collect::<Vec<_>>());
    assert_eq!(listed["en_GB-alan-low"]["audio"], json!({"sample_rate": 16_000, "quality": "low"}));
    assert_eq!(listed["de_DE-thorsten-high"]["language"]["family"], "de");
    let (status, kind, page) = piper(&kit, "/synthesize", &json!({"voice": "en_GB-alan-low"}));
    assert_eq!((status, kind.as_str()), (500, "text/html; charset=utf-8"));
    assert!(String::from_utf8_lossy(&page).contains("<title>500 Internal Server Error</title>"));
    kit.providers.begin(trial(1), Seed::new(1), always(fail(FailureKind::ServerError)));
    kit.providers.sent("Hello");
    assert_eq!(piper(&kit, "/synthesize", &json!({"text": "Hi"})).0, 500);
    assert!(Wire::Piper.documents(FailureKind::ServerError) && !Wire::Piper.documents(FailureKind::RateLimited));
}
