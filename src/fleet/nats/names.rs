//! The names of a fleet's streams and subjects.

use crate::fleet::messages::Key;
use std::fmt;
use std::str::FromStr;

/// The name of a fleet: letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetName(String);

/// A text that can't name a fleet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` can't name a fleet; expected letters, digits, `-` and `_`")]
pub struct FleetNameError(String);

impl FromStr for FleetName {
    type Err = FleetNameError;

    fn from_str(text: &str) -> Result<Self, FleetNameError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) {
            return Err(FleetNameError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FleetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rounds,
    Claims,
    Results,
    Pieces,
    Header,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Rounds, Self::Claims, Self::Results, Self::Pieces, Self::Header];

    fn word(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Claims => "claims",
            Self::Results => "results",
            Self::Pieces => "pieces",
            Self::Header => "header",
        }
    }
}

/// The consumer that all workers share.
pub(super) const CONSUMER: &str = "workers";

/// How the inboxes of workers begin: a worker's role can hear these and no others.
pub(super) const WORKERS_INBOX: &str = "_INBOX_STEADFAST_WORKER";

impl FleetName {
    /// The stream of a kind.
    pub(super) fn stream(&self, kind: Kind) -> String {
        format!("STEADFAST_{self}_{}", kind.word().to_ascii_uppercase())
    }

    /// All subjects of a kind.
    pub(super) fn all(&self, kind: Kind) -> String {
        format!("steadfast.{self}.{}.>", kind.word())
    }

    /// What a run has of a kind, by key.
    pub(super) fn of_key(&self, kind: Kind, run: &str, key: &Key) -> String {
        format!("steadfast.{self}.{}.{run}.{key}", kind.word())
    }

    /// A chunk of the facts of a round.
    pub(super) fn piece(&self, run: &str, key: &Key, nonce: &str, chunk: u32) -> String {
        format!("{}.{nonce}.{chunk}", self.of_key(Kind::Pieces, run, key))
    }

    /// What the fleet is at work on.
    pub(super) fn state(&self) -> String {
        format!("steadfast.{self}.header.state")
    }

    /// Whose the fleet is.
    pub(super) fn owner(&self) -> String {
        format!("steadfast.{self}.header.owner")
    }

    /// A chunk of the invitation to a run.
    pub(super) fn invitation(&self, run: &str, chunk: u32) -> String {
        format!("steadfast.{self}.header.invitation.{run}.{chunk}")
    }

    /// Every chunk of the invitations to whatever runs.
    pub(super) fn invitations(&self) -> String {
        format!("steadfast.{self}.header.invitation.>")
    }

    /// What workers tell by the way.
    pub(super) fn told(&self) -> String {
        format!("steadfast.{self}.told")
    }
}

/// The key in a subject of rounds, claims or results.
pub(super) fn key_in(subject: &str) -> Option<Key> {
    subject.rsplit('.').next().map(Key::named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_has_a_plain_name() {
        for name in ["steadfast", "team-a_2"] {
            assert_eq!(name.parse::<FleetName>().expect("a name").to_string(), name);
        }
        for name in ["", "a.b", "a b", "a>", "*", "ä"] {
            assert!(name.parse::<FleetName>().is_err(), "{name}");
        }
    }
}
