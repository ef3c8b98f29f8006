//! The languages of speech.

/// Those that can be heard and spoken.
pub(in super::super) const KNOWN: [&str; 12] = ["en", "es", "fr", "de", "zh", "ja", "ko", "it", "pt", "nl", "ru", "ar"];

/// A language of speech, with the region that the request named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Tongue {
    pub(in super::super) language: &'static str,
    /// In lower case.
    pub(super) region: Option<String>,
}

/// A language that is not spoken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("speech knows no language `{0}`")]
pub(in super::super) struct UnknownTongue(String);

impl Tongue {
    /// Reads a tag such as `fr` or `zh-tw`.
    pub(in super::super) fn parse(tag: &str) -> Result<Self, UnknownTongue> {
        let lower = tag.trim().to_ascii_lowercase();
        let (primary, region) = lower.split_once(['-', '_']).map_or((lower.as_str(), None), |(p, r)| (p, Some(r)));
        let language = KNOWN.into_iter().find(|known| *known == primary);
        let language = language.ok_or_else(|| UnknownTongue(tag.to_owned()))?;
        Ok(Self { language, region: region.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_dropped_and_another_language_refused() {
        for (tag, language) in [("fr", "fr"), ("zh-TW", "zh"), ("pt_br", "pt"), ("AR", "ar")] {
            assert_eq!(Tongue::parse(tag).map(|tongue| tongue.language), Ok(language));
        }
        for tag in ["sv", "", "english", "f"] {
            assert_eq!(Tongue::parse(tag), Err(UnknownTongue(tag.to_owned())));
        }
    }
}
