//! The words of the domain: verbs, their arguments, the fields of their answers, and what a system can do.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be asked of a tutoring system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is described by its arguments and fields")]
pub enum Verb {
    Register,
    Login,
    Chat,
    Estimate,
    Settings,
    Budget,
    Models,
    Languages,
    Health,
    Conversation,
    History,
    Transcribe,
    Synthesize,
    Voices,
    SpeechStatus,
}

/// The fields of a tutor's answer to `chat` and `estimate`.
const ANSWER: &[&str] = &[
    "text",
    "provider",
    "model",
    "reason",
    "cost",
    "cached",
    "language",
    "use_case",
    "conversation",
    "requires_budget_override",
    "warning",
    "input_tokens",
    "output_tokens",
    "tried",
];

impl Verb {
    /// Every verb that a step can have.
    pub const ALL: [Self; 15] = [
        Self::Register,
        Self::Login,
        Self::Chat,
        Self::Estimate,
        Self::Settings,
        Self::Budget,
        Self::Models,
        Self::Languages,
        Self::Health,
        Self::Conversation,
        Self::History,
        Self::Transcribe,
        Self::Synthesize,
        Self::Voices,
        Self::SpeechStatus,
    ];

    /// The verb as scenarios and system files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Chat => "chat",
            Self::Estimate => "estimate",
            Self::Settings => "settings",
            Self::Budget => "budget",
            Self::Models => "models",
            Self::Languages => "languages",
            Self::Health => "health",
            Self::Conversation => "conversation",
            Self::History => "history",
            Self::Transcribe => "transcribe",
            Self::Synthesize => "synthesize",
            Self::Voices => "voices",
            Self::SpeechStatus => "speech_status",
        }
    }

    /// The arguments that it takes. `settings` without any reads them, with any changes them.
    /// `token` stands in for the learner's own token; `hang_up_after` is the number of stream events after which the
    /// learner hangs up, `hang_up` the time.
    pub fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Register | Self::Login => &["name", "password"],
            Self::Chat => &[
                "message",
                "language",
                "provider",
                "use_case",
                "local_only",
                "conversation",
                "stream",
                "token",
                "hang_up_after",
            ],
            Self::Estimate => &["language", "provider", "use_case", "local_only", "token"],
            Self::Settings => &[
                "local_only",
                "budget_enforcement",
                "may_override_budget",
                "auto_fallback_to_ollama",
                "models",
                "voices",
                "token",
            ],
            Self::Transcribe => &["audio", "language", "token", "hang_up"],
            Self::Synthesize => &["text", "language", "voice", "token", "hang_up"],
            Self::Models => &["language", "use_case", "token"],
            Self::Conversation => &["id", "token"],
            Self::Budget | Self::Languages | Self::Health | Self::History | Self::Voices | Self::SpeechStatus => {
                &["token"]
            }
        }
    }

    /// The arguments without which it makes no sense.
    pub fn required(self) -> &'static [&'static str] {
        match self {
            Self::Chat => &["message", "language"],
            Self::Estimate => &["language"],
            Self::Conversation => &["id"],
            Self::Transcribe => &["audio"],
            Self::Synthesize => &["text", "language"],
            _ => &[],
        }
    }

    /// The fields of its answer; a dot leads into a mapping. Every answer also has `status`, `error` (its type),
    /// `message` (its text), `known`, `hint` and `retry_after` where it is a refusal.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Register | Self::Login => &["learner", "token", "expires_at"],
            Self::Chat | Self::Estimate => ANSWER,
            Self::Settings => &[
                "local_only",
                "budget_enforcement",
                "may_override_budget",
                "auto_fallback_to_ollama",
                "models",
                "voices",
            ],
            Self::Budget => &[
                "total_budget",
                "used_budget",
                "remaining_budget",
                "percentage_used",
                "alert_level",
                "days_remaining",
                "projected_monthly_cost",
                "is_over_budget",
                "reserved",
            ],
            Self::Models => &["models", "selected"],
            Self::Languages => &["languages"],
            Self::Health => &["providers"],
            Self::Conversation => &["id", "messages", "language"],
            Self::History => &["conversations"],
            Self::Transcribe => &[
                "text",
                "language",
                "duration_seconds",
                "provider",
                "cost",
                "reason",
                "requires_budget_override",
                "warning",
            ],
            Self::Synthesize => &["voice", "provider", "duration_seconds", "sample_rate", "pieces", "reason"],
            Self::Voices => &["voices"],
            Self::SpeechStatus => &["supported_formats", "supported_languages", "transcription", "synthesis"],
        }
    }

    /// The fields that are money.
    pub fn is_money(field: &str) -> bool {
        let last = field.rsplit('.').next().unwrap_or(field);
        matches!(
            last,
            "cost"
                | "total_budget"
                | "used_budget"
                | "remaining_budget"
                | "projected_monthly_cost"
                | "reserved"
                | "limit"
                | "used"
                | "estimate"
                | "remaining"
        )
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The fields that every refusal may have.
pub const REFUSAL_FIELDS: &[&str] = &["error", "message", "known", "hint", "tried", "warning", "reason"];

/// What a system may or may not be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Start each case from the same state.
    Reset,
    /// Set the budget.
    Budget,
    /// Set the clock.
    Clock,
    /// Set how long it waits for a provider.
    ProviderTimeout,
    /// Take a provider for unhealthy.
    Health,
    /// Be stopped and started again.
    Restart,
    /// Have its providers mocked, so that there is a journal of calls.
    Journal,
    /// Have its output read.
    Log,
    /// Stream its answers.
    Stream,
    /// Be asked by the reference tutor's own paths and JSON, for what no verb says.
    ReferenceApi,
    /// Send each call to a provider once: no client of its own tries a failed one again.
    SingleAttempts,
}

impl Capability {
    /// Every capability that a system can have.
    pub const ALL: [Self; 11] = [
        Self::Reset,
        Self::Budget,
        Self::Clock,
        Self::ProviderTimeout,
        Self::Health,
        Self::Restart,
        Self::Journal,
        Self::Log,
        Self::Stream,
        Self::ReferenceApi,
        Self::SingleAttempts,
    ];

    /// The word used in scenarios and system files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Budget => "budget",
            Self::Clock => "clock",
            Self::ProviderTimeout => "provider_timeout",
            Self::Health => "health",
            Self::Restart => "restart",
            Self::Journal => "journal",
            Self::Log => "log",
            Self::Stream => "stream",
            Self::ReferenceApi => "reference_api",
            Self::SingleAttempts => "single_attempts",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
