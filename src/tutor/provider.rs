//! The four model providers.

use serde::{Serialize, Serializer};
use std::fmt;

/// A provider of model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Claude, served by Anthropic.
    Claude,
    /// The models of Mistral.
    Mistral,
    /// The models of DeepSeek.
    DeepSeek,
    /// Ollama, which runs here and is free.
    Ollama,
}

/// A provider's name that is accepted nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider `{name}`{}", hint.map(|p| format!("; it was retired, use `{p}`")).unwrap_or_default())]
pub struct UnknownProvider {
    /// As it was given.
    pub name: String,
    /// What replaced it, if it was known once.
    pub hint: Option<Provider>,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Claude, Self::Mistral, Self::DeepSeek, Self::Ollama];
    /// Those that cost money.
    pub const CLOUD: [Self; 3] = [Self::Claude, Self::Mistral, Self::DeepSeek];

    /// Its name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Mistral => "mistral",
            Self::DeepSeek => "deepseek",
            Self::Ollama => "ollama",
        }
    }

    /// Reads a name as [`Provider::name`] writes it.
    ///
    /// # Errors
    /// If it is another, with a hint if that one is retired.
    pub fn parse(name: &str) -> Result<Self, UnknownProvider> {
        let hint = (name == "qwen").then_some(Self::DeepSeek);
        Self::ALL
            .into_iter()
            .find(|provider| provider.name() == name)
            .ok_or_else(|| UnknownProvider { name: name.to_owned(), hint })
    }

    /// The model that is asked for; Ollama's is chosen by capability.
    pub fn default_model(self) -> Option<&'static str> {
        match self {
            Self::Claude => Some("claude-3-haiku-20240307"),
            Self::Mistral => Some("mistral-small-latest"),
            Self::DeepSeek => Some("deepseek-chat"),
            Self::Ollama => None,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_known_by_its_exact_name() {
        for provider in Provider::ALL {
            assert_eq!(Provider::parse(provider.name()), Ok(provider));
        }
        assert!(Provider::parse("Claude").is_err());
        assert_eq!(Provider::parse("gpt").expect_err("unknown").hint, None);
    }

    #[test]
    fn the_retired_name_is_refused_with_a_hint() {
        assert_eq!(Provider::parse("qwen").expect_err("retired").hint, Some(Provider::DeepSeek));
    }
}
