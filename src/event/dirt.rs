//! What a trial leaves other than it found it, as far as a cheap look can tell.

use serde::{Deserialize, Serialize};

/// What the probe writes before a module's name.
const LOADS: &str = "loads ";

/// Parts of a process's state that a trial left other than they were when the round began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dirt {
    /// They were as at the round's begin before it, and are not any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<StatePart>,
    /// They were not, and are again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleaned: Vec<StatePart>,
}

/// A part of a process's state. The probe and the journal have it as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum StatePart {
    /// This module is loaded.
    Load(String),
    /// Anything else, by its name: `environment variable X`.
    Named(String),
}

impl Dirt {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty() && self.cleaned.is_empty()
    }
}

impl StatePart {
    /// Whether it says no more than that a case was the first to load a module.
    pub fn is_load(&self) -> bool {
        matches!(self, Self::Load(_))
    }
}

impl From<String> for StatePart {
    fn from(text: String) -> Self {
        match text.strip_prefix(LOADS) {
            Some(module) => Self::Load(module.to_owned()),
            None => Self::Named(text),
        }
    }
}

impl From<StatePart> for String {
    fn from(part: StatePart) -> Self {
        match part {
            StatePart::Load(module) => format!("{LOADS}{module}"),
            StatePart::Named(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_as_the_probe_tells_them() {
        let text = r#"{"made":["loads json.decoder","working directory"]}"#;
        let dirt: Dirt = serde_json::from_str(text).expect("what a probe tells");
        let expected = [StatePart::Load("json.decoder".into()), StatePart::Named("working directory".into())];
        assert_eq!(dirt.made, expected);
        assert_eq!(serde_json::to_string(&dirt).expect("plain data"), text);
    }
}
