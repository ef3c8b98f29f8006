//! Language tags: `fr`, `zh-cn`, and `en-claude`, which carries a preferred provider.

use super::provider::{Provider, UnknownProvider};
use serde::{Serialize, Serializer};

/// A language with an optional region, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Language(String);

/// A language, and the provider that its tag carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LanguageChoice {
    pub(super) language: Language,
    pub(super) provider: Option<Provider>,
}

/// Why a tag is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LanguageError {
    #[error("`{0}` is not a language tag such as `fr`, `pt-br` or `en-claude`")]
    Malformed(String),
    #[error(transparent)]
    UnknownProvider(#[from] UnknownProvider),
}

impl Language {
    /// The whole tag.
    pub(super) fn tag(&self) -> &str {
        &self.0
    }

    /// The language without its region.
    pub(super) fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl LanguageChoice {
    /// Reads a tag. Case doesn't matter.
    pub(super) fn parse(tag: &str) -> Result<Self, LanguageError> {
        let malformed = || LanguageError::Malformed(tag.to_owned());
        let lower = tag.to_ascii_lowercase();
        let mut parts: Vec<&str> = lower.split('-').collect();
        if parts.iter().any(|part| part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return Err(malformed());
        }
        let provider = match parts.last() {
            Some(last) if parts.len() > 1 && !is_region(last) => {
                let provider = Provider::parse(last)?;
                parts.pop();
                Some(provider)
            }
            _ => None,
        };
        match parts.as_slice() {
            [primary] if is_primary(primary) => {}
            [primary, region] if is_primary(primary) && is_region(region) => {}
            _ => return Err(malformed()),
        }
        Ok(Self { language: Language(parts.join("-")), provider })
    }
}

fn is_primary(part: &str) -> bool {
    matches!(part.len(), 2 | 3) && part.bytes().all(|b| b.is_ascii_alphabetic())
}

fn is_region(part: &str) -> bool {
    part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic())
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tag: &str, language: &str, provider: Option<Provider>) {
        let choice = LanguageChoice::parse(tag).expect("a tag");
        assert_eq!((choice.language.tag(), choice.provider), (language, provider), "{tag}");
    }

    #[test]
    fn the_last_part_is_a_region_or_a_provider() {
        check("en", "en", None);
        check("zh-CN", "zh-cn", None);
        check("pt-br", "pt-br", None);
        check("en-claude", "en", Some(Provider::Claude));
        check("zh-tw-deepseek", "zh-tw", Some(Provider::DeepSeek));
        check("yue", "yue", None);
    }

    #[test]
    fn an_unknown_provider_in_a_tag_is_refused_as_such() {
        for tag in ["en-gpt", "zh-hans", "en-qwen", "en-419"] {
            assert!(matches!(LanguageChoice::parse(tag), Err(LanguageError::UnknownProvider(_))), "{tag}");
        }
    }

    #[test]
    fn a_malformed_tag_is_refused() {
        for tag in
            ["", "e", "english", "en-", "-en", "en--us", "en_us", "12", "en-us-gb", "en us", "é", "en-us-gb-claude"]
        {
            assert!(matches!(LanguageChoice::parse(tag), Err(LanguageError::Malformed(_))), "{tag}");
        }
    }
}
