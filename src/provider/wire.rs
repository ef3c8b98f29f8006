//! Which providers there are and what they speak.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A provider's name as scenarios use it: `claude`, `mistral`, `deepseek`, `ollama`, or one that a system file declares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderName(Arc<str>);

impl ProviderName {
    /// Names a provider.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// Anthropic Messages.
    Anthropic,
    /// Mistral chat completions.
    Mistral,
    /// DeepSeek: OpenAI's shapes, with cache-hit usage and keep-alives.
    Deepseek,
    /// OpenAI chat completions.
    Openai,
    /// Ollama's native API.
    Ollama,
}

impl Wire {
    /// Every wire format.
    pub const ALL: [Self; 5] = [Self::Anthropic, Self::Mistral, Self::Deepseek, Self::Openai, Self::Ollama];

    /// The word used in system files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Mistral => "mistral",
            Self::Deepseek => "deepseek",
            Self::Openai => "openai",
            Self::Ollama => "ollama",
        }
    }
}

impl FromStr for Wire {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|wire| wire.as_str() == text).ok_or(())
    }
}

/// A provider as a system file declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDecl {
    /// Its name in scenarios.
    pub name: ProviderName,
    /// What it speaks.
    pub wire: Wire,
    /// The host names under which programs know it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The key that it accepts; any non-empty one where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
