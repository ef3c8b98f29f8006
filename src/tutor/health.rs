//! Which providers can be asked.
//!
//! A cloud provider's health is passive: a failed call marks it for five minutes, nothing probes it. Ollama's list
//! of models is kept for five minutes; it says that Ollama is up and what it can run.

use super::defect::{Defect, Defects};
use super::generation::{Generation, Generations};
use super::lock;
use super::provider::Provider;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const MEMORY: SignedDuration = SignedDuration::from_mins(5);

/// Why a provider is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unhealthy {
    #[error("no key is configured")]
    NoKey,
    #[error("a call failed less than five minutes ago")]
    RecentFailure,
    #[error("it can't be reached")]
    Unreachable,
}

impl Unhealthy {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::RecentFailure => "recent_failure",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What is remembered of all providers.
#[derive(Debug)]
pub(super) struct Health {
    with_key: BTreeSet<Provider>,
    generations: Generations,
    defects: Defects,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    failed_at: BTreeMap<Provider, Timestamp>,
    installed: Option<(Timestamp, Arc<[String]>)>,
}

impl Health {
    pub(super) fn new(with_key: BTreeSet<Provider>, generations: Generations, defects: Defects) -> Self {
        Self { with_key, generations, defects, memory: Mutex::default() }
    }

    /// Whether a cloud provider may be asked.
    pub(super) fn check(&self, provider: Provider, now: Timestamp) -> Result<(), Unhealthy> {
        if !self.with_key.contains(&provider) {
            return Err(Unhealthy::NoKey);
        }
        match lock(&self.memory).failed_at.get(&provider) {
            Some(_) if self.defects.has(Defect::UnhealthyForever) => Err(Unhealthy::RecentFailure),
            Some(failed_at) if is_fresh(*failed_at, now) => Err(Unhealthy::RecentFailure),
            _ => Ok(()),
        }
    }

    /// Marks a provider after a failed call. For Ollama that drops the kept models.
    pub(super) fn failed(&self, provider: Provider, now: Timestamp, generation: Generation) {
        let mut memory = lock(&self.memory);
        if !self.generations.is_current(generation) {
            return;
        }
        if provider == Provider::Ollama {
            memory.installed = None;
        } else {
            memory.failed_at.insert(provider, now);
        }
    }

    /// Removes a cloud provider's mark.
    pub(super) fn recovered(&self, provider: Provider) {
        lock(&self.memory).failed_at.remove(&provider);
    }

    /// The models of Ollama's last answer, if that is fresh.
    pub(super) fn installed(&self, now: Timestamp) -> Option<Arc<[String]>> {
        match &lock(&self.memory).installed {
            Some((kept_at, models)) if is_fresh(*kept_at, now) => Some(Arc::clone(models)),
            _ => None,
        }
    }

    pub(super) fn keep_installed(&self, models: Arc<[String]>, now: Timestamp, generation: Generation) {
        let mut memory = lock(&self.memory);
        if self.generations.is_current(generation) {
            memory.installed = Some((now, models));
        }
    }

    pub(super) fn reset(&self) {
        if !self.defects.has(Defect::StaleHealth) {
            *lock(&self.memory) = Memory::default();
        }
    }
}

/// Whether something of that time still counts. What lies in the future, after the clock was set back, doesn't.
fn is_fresh(then: Timestamp, now: Timestamp) -> bool {
    then <= now && now < then + MEMORY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("an instant")
    }

    fn health() -> Health {
        Health::new([Provider::Claude].into(), Generations::default(), Defects::none())
    }

    #[test]
    fn without_a_key_a_provider_is_unhealthy() {
        assert_eq!(health().check(Provider::Claude, at(0)), Ok(()));
        assert_eq!(health().check(Provider::Mistral, at(0)), Err(Unhealthy::NoKey));
    }

    #[test]
    fn a_failed_call_counts_for_five_minutes() {
        let health = health();
        health.failed(Provider::Claude, at(0), health.generations.current());
        assert_eq!(health.check(Provider::Claude, at(299)), Err(Unhealthy::RecentFailure));
        assert_eq!(health.check(Provider::Claude, at(300)), Ok(()));
        health.recovered(Provider::Claude);
        assert_eq!(health.check(Provider::Claude, at(1)), Ok(()));
    }

    #[test]
    fn installed_models_are_kept_for_five_minutes_or_until_a_call_fails() {
        let health = health();
        let models: Arc<[String]> = ["mistral:7b".to_owned()].into();
        let now = health.generations.current();
        health.keep_installed(Arc::clone(&models), at(0), now);
        assert_eq!(health.installed(at(299)), Some(Arc::clone(&models)));
        assert_eq!(health.installed(at(300)), None);
        health.failed(Provider::Ollama, at(1), now);
        assert_eq!(health.installed(at(1)), None);
    }

    #[test]
    fn a_failure_from_before_a_reset_marks_nothing() {
        let health = health();
        let before = health.generations.current();
        health.generations.advance();
        health.reset();
        health.failed(Provider::Claude, at(0), before);
        assert_eq!(health.check(Provider::Claude, at(0)), Ok(()));
    }
}
