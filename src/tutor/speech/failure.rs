//! Why speech was not heard or spoken.

use super::super::providers::CallFailure;
use super::super::reason::Reason;
use super::super::selection::Warning;
use super::super::store::StoreError;
use super::audio::Unusable;

/// Why there is no transcript and no audio.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum SpeechFailure {
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the recording would leave this machine, and the learner stays local")]
    LocalOnly,
    #[error("the budget does not allow a transcription")]
    BudgetExceeded(Warning),
    /// The provider can't be asked, or failed.
    #[error("{provider} gave no answer: {why}")]
    Unavailable { provider: &'static str, reason: Reason, why: String },
    #[error("no installed voice speaks `{0}`")]
    NoVoice(&'static str),
    #[error("the pieces of speech don't fit together")]
    UnlikePieces,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SpeechFailure {
    /// A call that failed.
    pub(super) fn of_call(provider: &'static str, failure: &CallFailure, reason: Reason) -> Self {
        Self::Unavailable { provider, reason, why: failure.to_string() }
    }
}
