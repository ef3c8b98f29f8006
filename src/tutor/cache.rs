//! Answers to common phrases, kept for a day.

use super::defect::{Defect, Defects};
use super::generation::{Generation, Generations};
use super::language::Language;
use super::lock;
use super::phrases;
use super::provider::Provider;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Mutex;

const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Beyond this many answers the cache begins anew, so that it can't grow without bound.
const MOST_ANSWERS: usize = 10_000;

/// What must agree for an answer to be given again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CacheKey {
    learner: i64,
    message: String,
    language: Option<Language>,
    provider: Provider,
    conversation_length: usize,
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CachedAnswer {
    pub(super) text: String,
    pub(super) model: String,
}

/// The cache of the whole tutor.
#[derive(Debug)]
pub(super) struct AnswerCache {
    generations: Generations,
    defects: Defects,
    answers: Mutex<BTreeMap<CacheKey, (Timestamp, CachedAnswer)>>,
}

impl AnswerCache {
    pub(super) fn new(generations: Generations, defects: Defects) -> Self {
        Self { generations, defects, answers: Mutex::default() }
    }

    /// The key of a message, if its answer is one to keep.
    pub(super) fn key(
        &self,
        learner: i64,
        message: &str,
        language: &Language,
        provider: Provider,
        conversation_length: usize,
    ) -> Option<CacheKey> {
        let message = phrases::normalised(message);
        let learner = if self.defects.has(Defect::CacheIgnoresLearner) { 0 } else { learner };
        let language = (!self.defects.has(Defect::CacheIgnoresLanguage)).then(|| language.clone());
        phrases::is_common(&message).then_some(CacheKey { learner, message, language, provider, conversation_length })
    }

    pub(super) fn get(&self, key: &CacheKey, now: Timestamp) -> Option<CachedAnswer> {
        let answers = lock(&self.answers);
        let (kept_at, answer) = answers.get(key)?;
        let is_fresh = self.defects.has(Defect::CacheNeverExpires) || now < *kept_at + LIFETIME;
        (*kept_at <= now && is_fresh).then(|| answer.clone())
    }

    pub(super) fn keep(&self, key: CacheKey, answer: CachedAnswer, now: Timestamp, generation: Generation) {
        let mut answers = lock(&self.answers);
        if !self.generations.is_current(generation) {
            return;
        }
        if answers.len() >= MOST_ANSWERS {
            answers.clear();
        }
        answers.insert(key, (now, answer));
    }

    pub(super) fn reset(&self) {
        if !self.defects.has(Defect::CacheIgnoresLanguage) {
            lock(&self.answers).clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::LanguageChoice;
    use super::*;

    fn cache() -> AnswerCache {
        AnswerCache::new(Generations::default(), Defects::none())
    }

    fn key(learner: i64, message: &str, language: &str, provider: Provider, length: usize) -> Option<CacheKey> {
        let language = LanguageChoice::parse(language).expect("a tag").language;
        cache().key(learner, message, &language, provider, length)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("an instant")
    }

    fn answer() -> CachedAnswer {
        CachedAnswer { text: "Salut !".into(), model: "m".into() }
    }

    #[test]
    fn every_part_of_the_key_counts() {
        let first = key(1, "Hello!", "fr", Provider::Claude, 0);
        assert_eq!(first, key(1, "hello", "fr", Provider::Claude, 0));
        assert_ne!(first, key(2, "hello", "fr", Provider::Claude, 0));
        assert_ne!(first, key(1, "hi", "fr", Provider::Claude, 0));
        assert_ne!(first, key(1, "hello", "en", Provider::Claude, 0));
        assert_ne!(first, key(1, "hello", "fr", Provider::Mistral, 0));
        assert_ne!(first, key(1, "hello", "fr", Provider::Claude, 2));
        assert_eq!(None, key(1, "Explain the subjunctive", "fr", Provider::Claude, 0));
    }

    #[test]
    fn an_answer_is_kept_for_less_than_24_hours() {
        let cache = cache();
        let key = key(1, "hello", "fr", Provider::Claude, 0).expect("a common phrase");
        cache.keep(key.clone(), answer(), at(0), cache.generations.current());
        assert_eq!(cache.get(&key, at(24 * 3600 - 1)), Some(answer()));
        assert_eq!(cache.get(&key, at(24 * 3600)), None);
        assert_eq!(cache.get(&key, at(-1)), None);
    }

    #[test]
    fn a_reset_forgets_and_a_late_answer_stays_out() {
        let cache = cache();
        let key = key(1, "hello", "fr", Provider::Claude, 0).expect("a common phrase");
        let before = cache.generations.current();
        cache.keep(key.clone(), answer(), at(0), before);
        cache.generations.advance();
        cache.reset();
        assert_eq!(cache.get(&key, at(1)), None);
        cache.keep(key.clone(), answer(), at(0), before);
        assert_eq!(cache.get(&key, at(1)), None);
    }
}
