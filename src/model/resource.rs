//! Resources that a trial can leave behind.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What kind of thing is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A task on an event loop.
    Task,
    /// A connection: to a mock provider, or to anywhere else.
    Connection,
    /// A listening socket.
    Listener,
    /// Any other file descriptor.
    Descriptor,
    /// A thread that runs.
    Thread,
    /// A child process.
    Process,
    /// A file or folder in the temporary folder.
    TemporaryFile,
    /// Memory; its amounts are KiB.
    Memory,
}

impl ResourceKind {
    /// Every kind of resource.
    pub const ALL: [Self; 8] = [
        Self::Task,
        Self::Connection,
        Self::Listener,
        Self::Descriptor,
        Self::Thread,
        Self::Process,
        Self::TemporaryFile,
        Self::Memory,
    ];

    /// The word used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Connection => "connection",
            Self::Listener => "listener",
            Self::Descriptor => "descriptor",
            Self::Thread => "thread",
            Self::Process => "process",
            Self::TemporaryFile => "temporary_file",
            Self::Memory => "memory",
        }
    }

    /// What its amounts count.
    pub fn unit(self) -> &'static str {
        match self {
            Self::TemporaryFile => "temporary file",
            Self::Memory => "KiB of memory",
            Self::Process => "child process",
            _ => self.as_str(),
        }
    }

    /// The kind of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Resources of one kind and owner that appeared during a trial and are still held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Retained {
    /// What they are.
    pub kind: ResourceKind,
    /// Whose they are, in words that are the same from trial to trial: `to mock provider ollama`, a thread's name with
    /// its digits replaced.
    pub owner: String,
    /// Where one of them was made or what it is called, where that can be told.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How many; KiB of memory.
    pub count: u64,
}

/// The words that a [`LeakAllowance`] may have for a kind.
pub const LEAK_KINDS: [&str; 12] = [
    "task",
    "connection",
    "listener",
    "descriptor",
    "thread",
    "process",
    "temporary_file",
    "memory",
    "loop_bound",
    "client_session",
    "transport",
    "executor",
];

/// What may be left behind, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeakAllowance {
    /// The kind: a [`ResourceKind`], `loop_bound`, or the kind of a [`crate::model::LoopBound`].
    pub kind: String,
    /// The most that one trial may leave; any number where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// A glob on the owner, or on where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was not counted.
    pub reason: String,
}

/// Why a text is no allowance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowanceError {
    /// Without a reason nobody will know next year whether it still holds.
    #[error(
        "a reason is missing: write `KIND [NAME] [<= N]: REASON`, as in `thread metrics-* <= 2: the metrics client's`"
    )]
    Reason,
    /// The kind is none.
    #[error("there is no kind of resource `{0}`: these are known: {known}", known = LEAK_KINDS.join(", "))]
    Kind(String),
    /// The count is none.
    #[error("`{0}` is no count")]
    Count(String),
}

impl FromStr for LeakAllowance {
    type Err = AllowanceError;

    /// `KIND [NAME] [<= N]: REASON`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (what, reason) = text.split_once(": ").ok_or(AllowanceError::Reason)?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(AllowanceError::Reason);
        }
        let (named, count) = match what.split_once("<=") {
            Some((named, count)) => {
                let count = count.trim();
                (named, Some(count.parse().map_err(|_| AllowanceError::Count(count.to_owned()))?))
            }
            None => (what, None),
        };
        let (kind, name) = match named.trim().split_once(' ') {
            Some((kind, name)) => (kind, Some(name.trim().to_owned())),
            None => (named.trim(), None),
        };
        if !LEAK_KINDS.contains(&kind) {
            return Err(AllowanceError::Kind(kind.to_owned()));
        }
        Ok(Self { kind: kind.to_owned(), count, name, reason: reason.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(text: &str) -> Result<LeakAllowance, AllowanceError> {
        text.parse()
    }

    #[test]
    fn an_allowance_has_kind_name_count_and_reason() {
        let full = allowance("thread metrics-* <= 2: the client's").expect("an allowance");
        assert_eq!((full.kind.as_str(), full.name.as_deref(), full.count), ("thread", Some("metrics-*"), Some(2)));
        assert_eq!(full.reason, "the client's");
        let short = allowance("memory: a cache").expect("an allowance");
        assert_eq!((short.name, short.count), (None, None));
    }

    #[test]
    fn every_kind_of_resource_can_be_allowed() {
        for kind in ResourceKind::ALL {
            assert!(allowance(&format!("{kind}: a reason")).is_ok(), "LEAK_KINDS lacks {kind}");
        }
    }

    #[test]
    fn an_allowance_without_a_reason_is_none() {
        assert_eq!(allowance("thread"), Err(AllowanceError::Reason));
        assert_eq!(allowance("thread:  "), Err(AllowanceError::Reason));
        assert_eq!(allowance("threads: x"), Err(AllowanceError::Kind("threads".into())));
        assert_eq!(allowance("thread <= two: x"), Err(AllowanceError::Count("two".into())));
    }
}
