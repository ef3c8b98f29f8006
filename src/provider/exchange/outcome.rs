//! What a trial asked of the providers, once it is over.

use crate::model::TrialKey;
use crate::provider::exchange::call::{Call, Seq};
use crate::provider::name::ProviderName;

/// What a trial's calls came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialCalls {
    /// The trial that ended; `None` if none was under way.
    pub trial: Option<TrialKey>,
    /// Its calls, in the journal's sequence.
    pub calls: Vec<Call>,
    /// Those among them that no script covers.
    pub unscripted: Vec<Seq>,
    /// What was scripted and never asked for.
    pub unused: Vec<UnusedAnswer>,
    /// Requests that came while this trial was under way, or just before it, and belong to other ones.
    pub late: Vec<Call>,
    /// How many calls came that were not kept, because there were too many.
    pub dropped: u64,
}

/// A scripted behaviour that was never asked for, or not as often as scripted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedAnswer {
    /// The provider; `None` for what `any:` says.
    pub provider: Option<ProviderName>,
    /// The line in the scenario.
    pub line: u32,
    /// The behaviour in a few words.
    pub what: String,
    /// How many answers of it are left, where it is limited.
    pub left: Option<u32>,
}
