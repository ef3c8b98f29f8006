//! The requests of speech, and how their answers are read: Mistral's transcriptions, Piper's synthesis and voices.

use super::super::speech::voices::Voice;
use super::failure::{CallFailure, Malformed};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The model that transcribes.
const MODEL: &str = "voxtral-mini-latest";

/// What a provider heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Heard {
    pub(in super::super) text: String,
    pub(in super::super) language: Option<String>,
    /// How much audio the provider says that it was.
    pub(in super::super) seconds: Option<Duration>,
}

/// A transcription's body of parts, and its content type. No recording holds the boundary by chance.
pub(super) fn form(recording: &[u8], format: &str, language: Option<&str>, boundary: &str) -> (String, Vec<u8>) {
    let mut body = Vec::with_capacity(recording.len() + 512);
    let fields = [("model", Some(MODEL)), ("language", language)];
    for (name, value) in fields.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.bytes().chain(value.bytes()).chain(*b"\r\n"));
    }
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"recording.{format}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    body.extend(head.bytes());
    body.extend_from_slice(recording);
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

/// Reads a transcript; one without a text is malformed, one with an empty text is silence.
pub(super) fn read_transcript(body: &[u8]) -> Result<Heard, CallFailure> {
    let answer: Value = serde_json::from_slice(body)?;
    let text = answer["text"].as_str().ok_or(Malformed::Content("the transcript has no text"))?;
    let seconds = answer["usage"]["prompt_audio_seconds"].as_f64().filter(|seconds| seconds.is_finite());
    Ok(Heard {
        text: text.to_owned(),
        language: answer["language"].as_str().map(str::to_owned),
        seconds: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    })
}

/// What Piper is asked.
pub(super) fn synthesis(text: &str, voice: &str) -> Value {
    json!({"text": text, "voice": voice})
}

/// Reads Piper's voices: a mapping from names to configurations.
pub(super) fn read_voices(body: &[u8]) -> Result<Vec<Voice>, CallFailure> {
    let voices: Map<String, Value> = serde_json::from_slice(body)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let voice = |(name, configuration): (String, Value)| {
        let language = &configuration["language"];
        Voice {
            name,
            language: text(&language["family"]),
            region: text(&language["region"]),
            quality: text(&configuration["audio"]["quality"]),
        }
    };
    Ok(voices.into_iter().map(voice).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_needs_a_text_and_may_lack_the_rest() {
        let whole = read_transcript(br#"{"text": "Hi", "language": "en", "usage": {"prompt_audio_seconds": 12}}"#);
        let expected = Heard { text: "Hi".into(), language: Some("en".into()), seconds: Some(Duration::from_secs(12)) };
        assert_eq!(whole.ok(), Some(expected));
        let silence = read_transcript(br#"{"text": "", "language": null}"#);
        assert_eq!(silence.ok(), Some(Heard { text: String::new(), language: None, seconds: None }));
        for body in ["{}", r#"{"text": null}"#, "[]", "not JSON"] {
            assert!(read_transcript(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_form_holds_model_language_and_recording() {
        let (content_type, body) = form(b"RIFF", "wav", Some("fr"), "b");
        let body = String::from_utf8(body).expect("a text");
        assert_eq!(content_type, "multipart/form-data; boundary=b");
        assert!(
            body.contains("name=\"language\"\r\n\r\nfr\r\n--b\r\n") && body.ends_with("RIFF\r\n--b--\r\n"),
            "{body}"
        );
        assert!(!String::from_utf8(form(b"", "mp3", None, "b").1).expect("a text").contains("language"));
    }

    #[test]
    fn voices_tell_language_region_and_quality() {
        let body = br#"{"en_US-a-low": {"language": {"family": "en", "region": "US"}, "audio": {"quality": "low"}}}"#;
        let voices = read_voices(body).expect("voices");
        assert_eq!((voices[0].name.as_str(), voices[0].region.as_str()), ("en_US-a-low", "US"));
        assert!(read_voices(b"[]").is_err());
    }
}
