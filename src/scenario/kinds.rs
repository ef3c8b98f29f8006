//! What the arguments and fields of the domain are, so that a wrong type is found before anything runs.

use crate::scenario::Verb;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Text,
    Boolean,
    Integer,
    Number,
    Money,
    List,
    Mapping,
    /// A provider's name.
    Provider,
    /// One of these words.
    Word(&'static str, &'static [&'static str]),
    /// A time, in milliseconds once it is read.
    Duration,
    /// A recording of speech.
    Audio,
    Any,
}

/// Why an answer came from the provider that it came from.
pub(crate) const REASONS: &[&str] = &[
    "preferred",
    "routed",
    "user_preference",
    "budget_exceeded",
    "budget_exceeded_auto_fallback",
    "api_unavailable",
    "rate_limited",
];

/// The levels of the budget's alert.
pub(crate) const ALERT_LEVELS: &[&str] = &["GREEN", "YELLOW", "ORANGE", "RED", "CRITICAL"];

/// The fields of a warning about the budget.
pub(crate) const WARNING_FIELDS: &[&str] =
    &["used", "limit", "percentage", "requested_provider", "estimate", "alternative", "message"];

/// What an argument is.
pub(crate) fn argument(name: &str) -> ValueKind {
    match name {
        "local_only" | "stream" | "budget_enforcement" | "may_override_budget" | "auto_fallback_to_ollama" => {
            ValueKind::Boolean
        }
        "hang_up_after" => ValueKind::Integer,
        "models" | "voices" => ValueKind::Mapping,
        "hang_up" => ValueKind::Duration,
        "audio" => ValueKind::Audio,
        // A provider is any text here: that an unknown one is refused is something to test.
        _ => ValueKind::Text,
    }
}

/// What a field of a verb's answer is; dots lead into mappings.
pub(crate) fn field(verb: Option<Verb>, name: &str) -> ValueKind {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    match (first, rest) {
        ("warning", None) => ValueKind::Mapping,
        ("warning", Some(field)) => match field {
            "used" | "limit" | "estimate" => ValueKind::Money,
            "percentage" => ValueKind::Number,
            "requested_provider" => ValueKind::Provider,
            _ => ValueKind::Any,
        },
        (_, Some(_)) => ValueKind::Any,
        (name, None) if Verb::is_money(name) => ValueKind::Money,
        ("provider", None) => ValueKind::Provider,
        ("reason", None) => ValueKind::Word("reason", REASONS),
        ("alert_level", None) => ValueKind::Word("alert level", ALERT_LEVELS),
        (
            "cached"
            | "requires_budget_override"
            | "local_only"
            | "budget_enforcement"
            | "may_override_budget"
            | "auto_fallback_to_ollama"
            | "is_over_budget",
            None,
        ) => ValueKind::Boolean,
        ("days_remaining" | "input_tokens" | "output_tokens" | "sample_rate" | "pieces", None) => ValueKind::Integer,
        ("percentage_used" | "duration_seconds", None) => ValueKind::Number,
        ("models" | "voices", None) if verb == Some(Verb::Settings) => ValueKind::Mapping,
        (
            "models"
            | "voices"
            | "languages"
            | "messages"
            | "conversations"
            | "known"
            | "supported_formats"
            | "supported_languages",
            None,
        ) => ValueKind::List,
        ("providers" | "transcription" | "synthesis", None) => ValueKind::Mapping,
        ("tried", None) => ValueKind::Any,
        _ => ValueKind::Text,
    }
}

impl ValueKind {
    /// What it is, for a message: `a text`, `a provider's name`.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Boolean => "true or false",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Money => "an amount of money",
            Self::List => "a list",
            Self::Mapping => "a mapping",
            Self::Provider => "a provider's name",
            Self::Word(..) => "a word",
            Self::Duration => "a duration",
            Self::Audio => "a recording",
            Self::Any => "a value",
        }
    }
}
