//! Synthesis: local, free, piece by piece.

use super::super::defect::Defect;
use super::super::providers::CallFailure;
use super::super::reason::Reason;
use super::super::settings::Settings;
use super::super::state::State;
use super::audio::{Sound, joined};
use super::failure::SpeechFailure;
use super::sentences::pieces;
use super::tongue::Tongue;
use super::voices::{Voice, choose};
use std::sync::Arc;
use std::time::Duration;

/// The provider's name in answers.
const PIPER: &str = "piper";

/// A text to be spoken.
#[derive(Debug)]
pub(in super::super) struct Speaking {
    pub(in super::super) text: String,
    pub(in super::super) tongue: Tongue,
    /// As the request gave it.
    pub(in super::super) tag: String,
    pub(in super::super) voice: Option<String>,
    pub(in super::super) settings: Settings,
}

/// What was spoken.
#[derive(Debug)]
pub(in super::super) struct Speech {
    pub(in super::super) wav: Vec<u8>,
    pub(in super::super) voice: String,
    pub(in super::super) duration: Duration,
}

impl Speaking {
    /// Speaks it. Dropped at any moment, what runs is cancelled.
    pub(in super::super) async fn speech(self, state: &Arc<State>) -> Result<Speech, SpeechFailure> {
        let voices = state.voices().await?;
        let voice = match &self.voice {
            Some(voice) if state.defects.has(Defect::VoiceSilentlyReplaced) => voice.as_str(),
            _ => self.choose(&voices)?,
        };
        let mut spoken = Vec::new();
        for piece in pieces(&self.text) {
            let called = state.clients.synthesize(&piece, voice, state.provider_timeout()).await;
            spoken.push(called.map_err(|failure| state.piper_failed(&failure))?);
        }
        let sounds: Result<Vec<Sound<'_>>, _> = spoken.iter().map(|wav| Sound::read(wav)).collect();
        let mut sounds = sounds.map_err(|unusable| SpeechFailure::Unavailable {
            provider: PIPER,
            reason: Reason::ApiUnavailable,
            why: unusable.to_string(),
        })?;
        if state.defects.has(Defect::PiecesInWrongOrder) {
            sounds.reverse();
        }
        let (wav, duration) = joined(&sounds).ok_or(SpeechFailure::UnlikePieces)?;
        Ok(Speech { wav, voice: voice.to_owned(), duration })
    }

    fn choose<'v>(&self, voices: &'v [Voice]) -> Result<&'v str, SpeechFailure> {
        let own = &self.settings.voices;
        let own = own.get(&self.tag.to_lowercase()).or_else(|| own.get(self.tongue.language));
        let wished: Vec<&str> = self.voice.iter().chain(own).map(String::as_str).collect();
        let chosen = choose(voices, &self.tongue, &wished).map(|voice| voice.name.as_str());
        chosen.ok_or(SpeechFailure::NoVoice(self.tongue.language))
    }
}

impl State {
    /// Piper's voices, asked at most every five minutes.
    pub(in super::super) async fn voices(&self) -> Result<Arc<[Voice]>, SpeechFailure> {
        let (now, generation) = (self.now(), self.generations.current());
        if let Some(voices) = self.voice_memory.fresh(now) {
            return Ok(voices);
        }
        match self.clients.voices(self.provider_timeout()).await {
            Ok(voices) => {
                let voices: Arc<[Voice]> = voices.into();
                self.voice_memory.keep(Arc::clone(&voices), now, generation);
                Ok(voices)
            }
            Err(failure) => Err(self.piper_failed(&failure)),
        }
    }

    fn piper_failed(&self, failure: &CallFailure) -> SpeechFailure {
        self.voice_memory.forget();
        self.log_piper_failure(failure);
        SpeechFailure::of_call(PIPER, failure, failure.fallback_reason(self.defects))
    }
}
