//! Transcription: a cloud call with a price by the minute, and no one to fall back to.

use super::super::defect::Defect;
use super::super::price;
use super::super::provider::Provider;
use super::super::providers::Heard;
use super::super::reason::Reason;
use super::super::selection::Warning;
use super::super::settings::Settings;
use super::super::state::State;
use super::super::usd::Usd;
use super::audio::Recording;
use super::failure::SpeechFailure;
use super::tongue::Tongue;
use std::sync::Arc;
use std::time::Duration;

/// A recording to be transcribed.
#[derive(Debug)]
pub(in super::super) struct Hearing {
    pub(in super::super) bytes: Vec<u8>,
    pub(in super::super) tongue: Option<Tongue>,
    pub(in super::super) settings: Settings,
}

/// What was said, and what it cost.
#[derive(Debug)]
pub(in super::super) struct Transcript {
    pub(in super::super) text: String,
    pub(in super::super) language: Option<String>,
    pub(in super::super) duration: Duration,
    pub(in super::super) cost: Usd,
    /// What the learner is told where the budget was overridden.
    pub(in super::super) overridden: Option<Warning>,
}

impl Hearing {
    /// Transcribes it. Dropped at any moment, the call is cancelled and costs nothing.
    pub(in super::super) async fn transcript(self, state: &Arc<State>) -> Result<Transcript, SpeechFailure> {
        let recording = Recording::of(&self.bytes)?;
        if self.settings.local_only {
            return Err(SpeechFailure::LocalOnly);
        }
        let (begun, generation) = (state.now(), state.generations.current());
        if let Err(why) = state.health.check(Provider::Mistral, begun) {
            let (provider, reason) = (Provider::Mistral.name(), Reason::ApiUnavailable);
            return Err(SpeechFailure::Unavailable { provider, reason, why: why.to_string() });
        }
        let estimate = price::transcription(recording.duration);
        let (reservation, overridden) = state.ledger.admit(state.month(begun), |desk| {
            let budget = desk.budget();
            let is_affordable = !budget.alert().is_local_only() && budget.fits(estimate);
            let warning = Warning::new(Provider::Mistral, estimate, budget);
            match () {
                () if is_affordable || !self.settings.budget_enforcement => Ok((desk.reserve(estimate), None)),
                () if self.settings.may_override_budget => Ok((desk.reserve(estimate), Some(warning))),
                () => Err(SpeechFailure::BudgetExceeded(warning)),
            }
        })??;
        let language = self.tongue.as_ref().map(|tongue| tongue.language);
        let timeout = state.provider_timeout();
        let called = state.clients.transcribe(self.bytes, recording.format.name(), language, timeout).await;
        let Heard { text, language, seconds } = match called {
            Ok(heard) => heard,
            Err(failure) => {
                reservation.release();
                state.log_failure(Provider::Mistral, &failure);
                state.health.failed(Provider::Mistral, state.now(), generation);
                if state.defects.has(Defect::CannedTranscript) {
                    let text = "I am sorry, I could not hear that.".to_owned();
                    let duration = recording.duration;
                    return Ok(Transcript { text, language: None, duration, cost: Usd::ZERO, overridden });
                }
                let reason = failure.fallback_reason(state.defects);
                return Err(SpeechFailure::of_call(Provider::Mistral.name(), &failure, reason));
            }
        };
        let cost = price::transcription(seconds.unwrap_or(recording.duration));
        reservation.settle_alone(cost)?;
        if state.defects.has(Defect::TranscriptChargedTwice) {
            state.store.charge(state.month(begun), cost)?;
        }
        Ok(Transcript { text, language, duration: recording.duration, cost, overridden })
    }
}
