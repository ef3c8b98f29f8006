//! Calls as an application means them: an SDK's retries of one request are one call.

use crate::provider::exchange::call::{Call, Seq};
use crate::provider::hash::BodyHash;
use crate::provider::name::ProviderName;
use crate::provider::wire::endpoint::Endpoint;
use std::time::Duration;

/// One call as the application made it, with its attempts in sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalCall {
    /// The provider that was asked.
    pub provider: ProviderName,
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The model asked for.
    pub model: String,
    /// The requests: never empty, the first attempt first.
    pub attempts: Vec<Seq>,
    body: BodyHash,
    /// When the last attempt ended, if it ended in a way after which SDKs try again.
    open_since: Option<Duration>,
}

/// Groups the model calls among `calls`, which are in the journal's sequence. Two identical requests at the same time
/// are two calls; a request that says it is a first attempt (`x-stainless-retry-count: 0`) is always a call of its own.
pub fn logical_calls(calls: &[Call]) -> Vec<LogicalCall> {
    let mut logical: Vec<LogicalCall> = Vec::new();
    for call in calls.iter().filter(|call| call.asks_a_model()) {
        let open_since = if call.may_be_tried_again() { call.answered } else { None };
        match continued(&logical, call).and_then(|at| logical.get_mut(at)) {
            Some(earlier) => {
                earlier.attempts.push(call.seq);
                earlier.open_since = open_since;
            }
            None => logical.push(LogicalCall {
                provider: call.provider.clone(),
                endpoint: call.endpoint.clone(),
                model: call.model.clone(),
                attempts: vec![call.seq],
                body: call.body,
                open_since,
            }),
        }
    }
    logical
}

/// The call of which this is a further attempt.
fn continued(logical: &[LogicalCall], call: &Call) -> Option<usize> {
    let same = |earlier: &LogicalCall| {
        earlier.provider == call.provider && earlier.endpoint == call.endpoint && earlier.body == call.body
    };
    match call.retry {
        Some(0) => None,
        // The SDK knows better than we do how the attempt before ended. Of identical calls, the one that lacks this attempt.
        Some(retry) => logical
            .iter()
            .rposition(|earlier| same(earlier) && earlier.attempts.len() == retry as usize)
            .or_else(|| logical.iter().rposition(same)),
        None => logical
            .iter()
            .rposition(|earlier| same(earlier) && earlier.open_since.is_some_and(|ended| ended <= call.arrived)),
    }
}
