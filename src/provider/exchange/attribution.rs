//! Whose a request is.
//!
//! # Rationale
//!
//! The system under test knows nothing of trials, so a request bears no name of one. It is the current trial's, unless
//! two independent signs say that it is an earlier one's: an accusation must be founded, and a case must never be
//! refused an answer on a guess. The signs are
//!
//! - *time*: it came before the current trial asked anything of the system;
//! - *retry*: an SDK says that this is a retry, and the current trial has made no attempt with this body;
//! - *mark*: it carries the mark of an earlier trial's answer;
//! - *words*: its message is what an earlier trial sent, and nothing that the current trial sent;
//! - *attempt*: an attempt of an earlier trial with this body failed a moment ago, so that it may come again.
//!
//! Equal bodies alone say nothing: in many services all learners' requests have one text. Nor does a connection, since
//! clients keep their connections in pools. Where one sign stands alone, the current trial's script answers, the call is
//! marked as doubtful, and nobody is blamed for it. A mark alone is no doubt: what an earlier trial was told turned up in
//! this one's request, which is a finding of its own.
//!
//! Against a message that the current trial sent word by word stands only an earlier attempt with that very body, and
//! with it an SDK's word or a mark.

use crate::model::TrialKey;
use crate::provider::exchange::past::Past;
use crate::provider::exchange::trial::Trial;
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;
use std::time::Duration;

/// What a trial's requests are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attribution {
    /// By the texts that the harness says it sends (`Providers::sent`): nothing belongs to a trial before its first.
    #[default]
    BySentText,
    /// By the time of arrival, where the harness can't know what is sent, as in a test suite.
    ByArrival,
}

/// The trial that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Current,
    /// The current trial's as far as anybody knows: one sign says otherwise.
    Doubtful,
    Earlier(TrialKey),
    Unknown,
}

/// What a request tells about its owner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) provider: &'a ProviderName,
    pub(crate) body: BodyHash,
    pub(crate) retry: Option<u32>,
    pub(crate) last_user_message: &'a str,
    pub(crate) marks: &'a [Mark],
    /// When it arrived, since the start of the providers.
    pub(crate) arrived: Duration,
}

/// How long after a failure a client may still try again: longer than any SDK's longest pause.
const BACK_OFF: Duration = Duration::from_secs(120);

/// How many independent signs name an earlier trial.
const ENOUGH: usize = 2;

/// Whose a request is.
pub(crate) fn owner(current: Option<&Trial>, past: &Past, by: Attribution, evidence: &Evidence<'_>) -> Owner {
    let message = evidence.last_user_message;
    if let Some(current) = current
        && current.has_attempt(evidence.provider, evidence.body)
    {
        return Owner::Current;
    }
    let before = past.attempt(evidence.provider, evidence.body);
    let failed = before.filter(|before| {
        before.may_come_again && evidence.arrived.saturating_sub(before.ended) <= BACK_OFF && evidence.retry != Some(0)
    });
    let marked = evidence.marks.iter().rev().find_map(|mark| past.trial_of_mark(*mark));
    let spoken = (by == Attribution::BySentText).then(|| past.trial_of_message(message)).flatten();
    let is_retry = evidence.retry.is_some_and(|retry| retry > 0);

    let is_before = match current {
        None => true,
        Some(current) => by == Attribution::BySentText && !current.has_acted(),
    };
    let is_ours = !is_before
        && current
            .is_some_and(|current| current.has_sent_exactly(message) || current.has_sent(message) && spoken.is_none());
    if is_ours {
        return match before {
            Some(before) if is_retry || marked.is_some() => Owner::Earlier(before.trial),
            _ => Owner::Current,
        };
    }
    let signs = [is_before, is_retry, marked.is_some(), spoken.is_some(), failed.is_some()];
    let signs = signs.into_iter().filter(|sign| *sign).count();
    let named = failed.map(|before| before.trial).or(marked).or(spoken).or(before.map(|before| before.trial));
    match (named, current) {
        (Some(trial), _) if signs >= ENOUGH => Owner::Earlier(trial),
        (_, None) => Owner::Unknown,
        _ if signs == 0 || marked.is_some() => Owner::Current,
        _ => Owner::Doubtful,
    }
}
