//! Whose a request is.
//!
//! # Rationale
//!
//! The system under test knows nothing of trials, so a request bears no name of one. It is taken for the current
//! trial's, unless something in it says otherwise, since an accusation must be founded:
//!
//! - A body that the current trial has sent before is the current trial's: a retry.
//! - Before the current trial did anything, nothing can be its own.
//! - A message that the current trial sent speaks for the current trial. Against it stand only an attempt of an earlier
//!   trial with that very body, and with it an SDK's word that this is a retry, or the mark of an earlier answer. A
//!   message that only contains what the current trial sent, or the other way round, speaks for it unless an earlier
//!   trial sent the message word by word.
//! - Otherwise the mark of an earlier answer, an earlier attempt that failed and may come again, an SDK's word, or a
//!   message that an earlier trial sent, word by word, each tell it for that trial's.

use crate::model::TrialKey;
use crate::provider::exchange::past::Past;
use crate::provider::exchange::trial::Trial;
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;

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
}

/// Whose a request is.
pub(crate) fn owner(current: Option<&Trial>, past: &Past, by: Attribution, evidence: &Evidence<'_>) -> Owner {
    let before = past.attempt(evidence.provider, evidence.body);
    let marked = evidence.marks.iter().rev().find_map(|mark| past.trial_of_mark(*mark));
    let message = evidence.last_user_message;
    let known = before.map(|before| before.trial).or(marked).map(Owner::Earlier);
    let is_retry = evidence.retry.is_some_and(|retry| retry > 0);
    let guessed = || known.or_else(|| past.trial_that_sent(message).map(Owner::Earlier)).unwrap_or(Owner::Unknown);

    let Some(current) = current else { return guessed() };
    if current.has_attempt(evidence.provider, evidence.body) {
        return Owner::Current;
    }
    if by == Attribution::BySentText && !current.has_acted() {
        return guessed();
    }
    let is_ours =
        current.has_sent_exactly(message) || current.has_sent(message) && past.trial_of_message(message).is_none();
    if is_ours {
        return match before {
            Some(before) if is_retry || marked.is_some() => Owner::Earlier(before.trial),
            _ => Owner::Current,
        };
    }
    if let (Some(owner), true) = (known, marked.is_some() || is_retry || before.is_some_and(|b| b.may_come_again)) {
        return owner;
    }
    match by {
        Attribution::BySentText if is_retry => guessed(),
        Attribution::BySentText => past.trial_of_message(message).map_or(Owner::Current, Owner::Earlier),
        Attribution::ByArrival => Owner::Current,
    }
}
