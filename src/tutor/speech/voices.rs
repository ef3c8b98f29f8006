//! Piper's voices, and which of them speaks.

use super::super::generation::{Generation, Generations};
use super::super::lock;
use super::tongue::Tongue;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex};

const MEMORY: SignedDuration = SignedDuration::from_mins(5);

/// From the best to the worst.
const QUALITIES: [&str; 4] = ["high", "medium", "low", "x_low"];

/// A voice that Piper has installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Voice {
    pub(in super::super) name: String,
    pub(in super::super) language: String,
    pub(in super::super) region: String,
    pub(in super::super) quality: String,
}

impl Voice {
    fn speaks(&self, tongue: &Tongue) -> bool {
        self.language.eq_ignore_ascii_case(tongue.language)
    }

    fn is_from(&self, tongue: &Tongue) -> bool {
        tongue.region.as_deref().is_some_and(|region| self.region.eq_ignore_ascii_case(region))
    }

    fn rank(&self) -> usize {
        QUALITIES.iter().position(|quality| *quality == self.quality).unwrap_or(QUALITIES.len())
    }
}

/// The voice for a language: one of the wished for, in their order, if it is there and speaks it; else one of the
/// region, then of the language; among these by quality, then by name.
pub(super) fn choose<'v>(voices: &'v [Voice], tongue: &Tongue, wished: &[&str]) -> Option<&'v Voice> {
    let speaking = || voices.iter().filter(|voice| voice.speaks(tongue));
    let by_wish = wished.iter().find_map(|name| speaking().find(|voice| voice.name == *name));
    by_wish.or_else(|| speaking().min_by_key(|voice| (!voice.is_from(tongue), voice.rank(), voice.name.clone())))
}

/// Piper's last answer.
#[derive(Debug)]
pub(in super::super) struct VoiceMemory {
    generations: Generations,
    kept: Mutex<Option<(Timestamp, Arc<[Voice]>)>>,
}

impl VoiceMemory {
    pub(in super::super) fn new(generations: Generations) -> Self {
        Self { generations, kept: Mutex::default() }
    }

    /// The voices, if they were told less than five minutes ago.
    pub(in super::super) fn fresh(&self, now: Timestamp) -> Option<Arc<[Voice]>> {
        match &*lock(&self.kept) {
            Some((then, voices)) if *then <= now && now < *then + MEMORY => Some(Arc::clone(voices)),
            _ => None,
        }
    }

    pub(in super::super) fn keep(&self, voices: Arc<[Voice]>, now: Timestamp, generation: Generation) {
        let mut kept = lock(&self.kept);
        if self.generations.is_current(generation) {
            *kept = Some((now, voices));
        }
    }

    /// After a failed call, or at a reset.
    pub(in super::super) fn forget(&self) {
        *lock(&self.kept) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voices() -> Vec<Voice> {
        let voice = |name: &str| {
            let (code, rest) = name.split_once('-').expect("a name");
            let (language, region) = code.split_once('_').expect("a code");
            let (_, quality) = rest.rsplit_once('-').expect("a quality");
            Voice { name: name.into(), language: language.into(), region: region.into(), quality: quality.into() }
        };
        ["en_US-ryan-low", "en_US-amy-medium", "en_US-zoe-medium", "en_GB-alan-x_low", "fr_FR-siwis-high"]
            .map(voice)
            .to_vec()
    }

    fn check(tag: &str, wished: &[&str], expected: Option<&str>) {
        let tongue = Tongue::parse(tag).expect("a language");
        let voices = voices();
        assert_eq!(choose(&voices, &tongue, wished).map(|voice| voice.name.as_str()), expected, "{tag} {wished:?}");
    }

    #[test]
    fn a_wish_counts_if_the_voice_is_there_and_speaks_the_language() {
        check("en", &["en_US-ryan-low"], Some("en_US-ryan-low"));
        check("en", &["fr_FR-siwis-high", "en_GB-alan-x_low"], Some("en_GB-alan-x_low"));
        check("en", &["en_US-nobody-high"], Some("en_US-amy-medium"));
    }

    #[test]
    fn without_a_wish_region_then_quality_then_name_decide() {
        check("en", &[], Some("en_US-amy-medium"));
        check("en-gb", &[], Some("en_GB-alan-x_low"));
        check("en-au", &[], Some("en_US-amy-medium"));
        check("fr-ca", &[], Some("fr_FR-siwis-high"));
        check("de", &[], None);
    }

    #[test]
    fn voices_are_kept_for_five_minutes_or_until_they_are_forgotten() {
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).expect("an instant");
        let generations = Generations::default();
        let memory = VoiceMemory::new(generations.clone());
        let before = generations.current();
        memory.keep(voices().into(), at(0), before);
        assert!(memory.fresh(at(299)).is_some() && memory.fresh(at(300)).is_none() && memory.fresh(at(-1)).is_none());
        memory.forget();
        assert!(memory.fresh(at(0)).is_none());
        generations.advance();
        memory.keep(voices().into(), at(0), before);
        assert!(memory.fresh(at(0)).is_none(), "an answer from before a reset");
    }
}
