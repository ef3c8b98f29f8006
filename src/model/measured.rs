//! Whether something was measured, and if not, why.

use serde::{Deserialize, Serialize};

/// Whether something was measured, and if not, why: what was not measured is never called clean.
///
/// In files it is one text: `yes`, or the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Measured {
    /// It was measured.
    Yes,
    /// It was not, for this reason.
    No(String),
}

/// The text of what was measured.
const YES: &str = "yes";

impl Measured {
    /// Not measured, for this reason.
    pub fn not(reason: impl Into<String>) -> Self {
        Self::No(reason.into())
    }

    /// Whether it was.
    pub fn is_measured(&self) -> bool {
        *self == Self::Yes
    }

    /// Why it was not.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Yes => None,
            Self::No(reason) => Some(reason),
        }
    }
}

impl From<String> for Measured {
    fn from(text: String) -> Self {
        if text == YES { Self::Yes } else { Self::No(text) }
    }
}

impl From<Measured> for String {
    fn from(measured: Measured) -> Self {
        match measured {
            Measured::Yes => YES.to_owned(),
            Measured::No(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_yes_or_the_reason() {
        for (measured, text) in
            [(Measured::Yes, "\"yes\""), (Measured::not("only Linux tells"), "\"only Linux tells\"")]
        {
            assert_eq!(serde_json::to_string(&measured).expect("a text"), text);
            assert_eq!(serde_json::from_str::<Measured>(text).expect("the same"), measured);
        }
    }
}
