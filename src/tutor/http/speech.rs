//! Speech: recordings in, transcripts out; texts in, audio out.

use super::super::provider::Provider;
use super::super::speech::audio::Format;
use super::super::speech::failure::SpeechFailure;
use super::super::speech::hear::Hearing;
use super::super::speech::speak::Speaking;
use super::super::speech::tongue::{KNOWN, Tongue, UnknownTongue};
use super::super::speech::voices::Voice;
use super::super::state::State as Tutor;
use super::fields::Fields;
use super::identity::Learner;
use super::problem::Problem;
use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// The most characters of a text that is spoken.
const LONGEST_TEXT: usize = 5_000;

/// Answers `POST /speech/transcriptions`: speech to text.
pub(super) async fn transcribe(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    form: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Json<Value>, Problem> {
    let form = form.map_err(|rejection| Problem::malformed_body(rejection.body_text()))?;
    let Upload { recording, language } = Upload::read(form).await?;
    let tongue = language.as_deref().map(Tongue::parse).transpose()?;
    let hearing = Hearing { bytes: recording, tongue, settings: session.settings };
    let transcript = hearing.transcript(&tutor).await?;
    let mut answer = json!({
        "text": transcript.text,
        "language": transcript.language,
        "duration_seconds": transcript.duration.as_secs_f64(),
        "provider": Provider::Mistral,
        "cost": transcript.cost,
    });
    if let Some(warning) = transcript.overridden {
        answer["requires_budget_override"] = true.into();
        answer["warning"] = json!(warning);
    }
    Ok(Json(answer))
}

/// What is uploaded.
struct Upload {
    recording: Vec<u8>,
    language: Option<String>,
}

impl Upload {
    async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let broken = |error: MultipartError| Problem::unreadable_body(error.status(), error.body_text());
        let (mut recording, mut language) = (None, None);
        while let Some(field) = form.next_field().await.map_err(broken)? {
            match field.name().unwrap_or_default().to_owned().as_str() {
                "file" => recording = Some(field.bytes().await.map_err(broken)?.to_vec()),
                "language" => {
                    language = Some(field.text().await.map_err(broken)?).filter(|text| !text.trim().is_empty());
                }
                other => return Err(Problem::invalid_field(other, format!("`{other}` is no field of this request"))),
            }
        }
        let recording = recording.ok_or_else(|| Problem::invalid_field("file", "`file` is missing"))?;
        Ok(Self { recording, language })
    }
}

/// Answers `POST /speech/synthesis`: text to speech.
pub(super) async fn synthesize(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    mut fields: Fields,
) -> Result<Response, Problem> {
    let text = fields.text("text")?;
    let tag = fields.text("language")?;
    let voice = fields.optional_text("voice")?;
    fields.finish()?;
    if text.chars().count() > LONGEST_TEXT {
        return Err(Problem::invalid_field("text", format!("`text` has more than {LONGEST_TEXT} characters")));
    }
    let tongue = Tongue::parse(&tag)?;
    let speech = Speaking { text, tongue, tag, voice, settings: session.settings }.speech(&tutor).await?;
    let headers = [
        (CONTENT_TYPE.as_str(), "audio/wav".to_owned()),
        ("x-voice", speech.voice),
        ("x-provider", "piper".to_owned()),
        ("x-duration-seconds", speech.duration.as_secs_f64().to_string()),
    ];
    Ok((headers, speech.wav).into_response())
}

/// Answers `GET /speech/voices`: the voices that are there.
pub(super) async fn voices(State(tutor): State<Arc<Tutor>>, _: Learner) -> Result<Json<Value>, Problem> {
    let voices = tutor.voices().await?;
    let voice = |voice: &Voice| json!({"name": voice.name, "language": voice.language, "region": voice.region, "quality": voice.quality});
    Ok(Json(json!({"voices": voices.iter().map(voice).collect::<Vec<_>>()})))
}

/// Answers `GET /speech/status`: whether speech works.
pub(super) async fn status(State(tutor): State<Arc<Tutor>>, _: Learner) -> Json<Value> {
    let voices = tutor.voices().await;
    let names = voices.iter().flat_map(|voices| voices.iter().map(|voice| voice.name.clone()));
    Json(json!({
        "supported_formats": Format::ALL.map(Format::name),
        "supported_languages": KNOWN,
        "transcription": {
            "provider": Provider::Mistral,
            "healthy": tutor.health.check(Provider::Mistral, tutor.now()).is_ok(),
        },
        "synthesis": {"provider": "piper", "healthy": voices.is_ok(), "voices": names.collect::<Vec<_>>()},
    }))
}

impl From<UnknownTongue> for Problem {
    fn from(error: UnknownTongue) -> Self {
        Self::unknown_language(&error, &KNOWN)
    }
}

impl From<SpeechFailure> for Problem {
    fn from(failure: SpeechFailure) -> Self {
        Self::of_speech(&failure)
    }
}
