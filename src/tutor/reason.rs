//! Why a provider answered.

use serde::Serialize;

/// Why the answer comes from where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The provider that was named was taken.
    Preferred,
    /// The first candidate of the routing was taken.
    Routed,
    /// Local only, as the request or the learner's settings ask.
    UserPreference,
    /// The budget doesn't allow a cloud provider.
    BudgetExceeded,
    /// The budget doesn't allow the named provider, and the learner falls back automatically.
    BudgetExceededAutoFallback,
    /// No cloud provider can be reached, or the chosen one failed.
    ApiUnavailable,
    /// The chosen cloud provider refused for too many requests.
    RateLimited,
}

impl Reason {
    /// As JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preferred => "preferred",
            Self::Routed => "routed",
            Self::UserPreference => "user_preference",
            Self::BudgetExceeded => "budget_exceeded",
            Self::BudgetExceededAutoFallback => "budget_exceeded_auto_fallback",
            Self::ApiUnavailable => "api_unavailable",
            Self::RateLimited => "rate_limited",
        }
    }
}
