//! What a coordinator and its workers say to each other.

use crate::engine::RoundUnit;
use crate::event::{Header, Machine};
use crate::model::ContentHash;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A run as subjects of the broker name it: short, and without any character that a subject can't hold.
pub(super) fn token_of(run: &str) -> String {
    ContentHash::of([run]).short().to_owned()
}

/// The name of an offer: equal for the same unit of the same run, so that a result is known again after a restart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The key of a unit that is offered for the `nth` time because what came of it could not be used.
    pub fn of(unit: &RoundUnit, nth: u32) -> Self {
        let text = serde_json::to_vec(unit).unwrap_or_default();
        let digest = ContentHash::of([text, nth.to_le_bytes().to_vec()]);
        Self(format!("{}-{}", unit.round.0, digest.as_str().get(..16).unwrap_or_default()))
    }

    /// The key that stands in a subject.
    pub(super) fn named(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who plays: the host, and the process on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkerName {
    /// The host's name.
    pub host: String,
    /// Tells processes of one host apart.
    pub id: String,
}

impl fmt::Display for WorkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.host, self.id)
    }
}

/// Whether rounds of a run are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Rounds are offered, or will be.
    Open,
    /// The run is over: nothing of it is wanted any more.
    Ended,
}

/// What a fleet is at work on. The newest one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunState {
    /// The run, as subjects name it.
    pub run: String,
    /// The run, as people name it.
    pub name: String,
    /// Whatever was offered in an earlier epoch is withdrawn.
    pub epoch: u32,
    /// Whether it goes on.
    pub phase: Phase,
    /// In how many chunks the invitation comes.
    pub chunks: u32,
    /// The digest of the invitation.
    pub digest: ContentHash,
    /// Hosts that get no more rounds.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub dismissed: BTreeSet<String>,
}

/// What a worker must know of a run before its first round. Nothing of it is executed: the worker loads what its own
/// checkout holds, and refuses if that is not the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    /// The run's header, without secrets.
    pub header: Header,
    /// Variables that must be set where a worker runs. Their values are each machine's own and never travel.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub variables: BTreeSet<String>,
}

/// A round that is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The run, as subjects name it.
    pub run: String,
    /// The epoch in which it is offered.
    pub epoch: u32,
    /// Its key in the fleet.
    pub key: Key,
    /// The round that is meant.
    pub unit: RoundUnit,
}

/// How playing a round ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Played {
    /// It ran to its end.
    Completed,
    /// The subject could not be started.
    SubjectFailed {
        /// What is known of it.
        reason: String,
    },
    /// It was begun too often without coming to an end, and was not begun again.
    Abandoned,
}

/// The first line of a result; the facts follow, compressed, unless they were sent in chunks beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultHead {
    /// What was played.
    pub key: Key,
    /// Who played it.
    pub worker: WorkerName,
    /// How it ended.
    pub played: Played,
    /// The digest of the compressed facts.
    pub digest: ContentHash,
    /// In how many chunks the facts were sent; none where they follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<u32>,
    /// Names the chunks: another worker that plays the same round has other ones.
    pub nonce: String,
}

/// What workers tell by the way. Nothing depends on its arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is there, and stays. Said again and again.
    Present {
        /// The worker that says it.
        worker: WorkerName,
        /// How many rounds it plays side by side.
        lanes: u32,
        /// What is known of its machine.
        machine: Machine,
    },
    /// It began a round.
    Took {
        /// The worker that says it.
        worker: WorkerName,
        /// The round that is meant.
        key: Key,
    },
    /// It gave a round back, which is no sign against the round.
    GaveBack {
        /// The round that is meant.
        key: Key,
    },
    /// It takes no part.
    Refused {
        /// The worker that says it.
        worker: WorkerName,
        /// Why, with both sides.
        reason: String,
    },
    /// It ends in good order.
    Left {
        /// The worker that says it.
        worker: WorkerName,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RoundId, RoundKind, Seed};
    use std::time::Duration;

    #[test]
    fn a_key_names_one_unit_and_one_attempt() {
        let unit = RoundUnit::new(RoundId(3), RoundKind::Shuffle, Seed::new(1), vec![], Duration::from_secs(1));
        let key = Key::of(&unit, 0);
        assert_eq!(key, Key::of(&unit.clone(), 0));
        assert_ne!(key, Key::of(&unit, 1));
        assert_ne!(key, Key::of(&RoundUnit { attempt: 1, ..unit.clone() }, 0));
        assert!(key.to_string().starts_with("3-"), "{key}");
        assert!(!token_of("20260101-1.2").contains('.'));
    }
}
