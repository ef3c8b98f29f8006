//! What all requests share.

use super::auth::{digest, same_secret};
use super::budget::Ledger;
use super::cache::AnswerCache;
use super::clock::AdjustableClock;
use super::config::{Config, Endpoints};
use super::defect::{Defect, Defects};
use super::generation::Generations;
use super::health::Health;
use super::log::ErrorLog;
use super::month::Month;
use super::open_error::OpenError;
use super::provider::Provider;
use super::providers::{CallFailure, Clients, Transport};
use super::speech::voices::VoiceMemory;
use super::store::{Store, StoreError};
use super::usd::Usd;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The tutor's state and its provider clients.
#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Arc<Store>,
    pub(super) ledger: Ledger,
    pub(super) health: Health,
    pub(super) cache: AnswerCache,
    pub(super) voice_memory: VoiceMemory,
    pub(super) clients: Clients,
    pub(super) clock: Arc<AdjustableClock>,
    pub(super) generations: Generations,
    pub(super) token_lifetime: Duration,
    pub(super) password_iterations: u32,
    pub(super) defects: Defects,
    log: ErrorLog,
    admin_digest: Option<[u8; 32]>,
    default_timeout: Duration,
    timeout_ms: AtomicU64,
}

/// What a reset sets at once, so that a case's start costs one request.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) limit: Option<Usd>,
    pub(super) used: Option<Usd>,
    pub(super) used_last_month: Option<Usd>,
    pub(super) now: Option<Timestamp>,
    pub(super) provider_timeout: Option<Duration>,
    pub(super) unhealthy: Vec<Provider>,
}

impl State {
    pub(super) fn open(config: Config, defects: Defects) -> Result<Self, OpenError> {
        check_urls(&config.endpoints)?;
        let clock = Arc::new(AdjustableClock::over(config.clock));
        let log = ErrorLog::new(config.log, Arc::clone(&clock));
        let store = Arc::new(Store::open(&config.store, log.clone())?);
        let generations = Generations::default();
        let with_key: BTreeSet<Provider> =
            Provider::CLOUD.into_iter().filter(|provider| config.endpoints.of(*provider).key.is_some()).collect();
        Ok(Self {
            ledger: Ledger::new(Arc::clone(&store), config.monthly_limit, generations.clone(), defects),
            health: Health::new(with_key, generations.clone(), defects),
            cache: AnswerCache::new(generations.clone(), defects),
            voice_memory: VoiceMemory::new(generations.clone()),
            clients: Clients::new(Transport::new(defects)?, config.endpoints),
            token_lifetime: config.token_lifetime,
            password_iterations: config.password_iterations,
            admin_digest: config.admin_token.as_deref().map(digest),
            default_timeout: config.provider_timeout,
            timeout_ms: AtomicU64::new(milliseconds(config.provider_timeout)),
            store,
            clock,
            generations,
            log,
            defects,
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The month in which an instant lies.
    pub(super) fn month(&self, instant: Timestamp) -> Month {
        if self.defects.has(Defect::MonthTurnsInAnotherZone) {
            return Month::of(instant.checked_add(SignedDuration::from_hours(1)).unwrap_or(instant));
        }
        Month::of(instant)
    }

    pub(super) fn provider_timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.load(Ordering::Relaxed))
    }

    /// `None` is the default that the tutor was opened with.
    pub(super) fn set_provider_timeout(&self, timeout: Option<Duration>) {
        self.timeout_ms.store(milliseconds(timeout.unwrap_or(self.default_timeout)), Ordering::Relaxed);
    }

    pub(super) fn is_admin(&self, token: &str) -> bool {
        self.admin_digest.is_some_and(|expected| same_secret(&expected, &digest(token)))
    }

    /// The models that Ollama has, asked at most every five minutes.
    pub(super) async fn installed_models(&self) -> Result<Arc<[String]>, CallFailure> {
        let (now, generation) = (self.now(), self.generations.current());
        if let Some(models) = self.health.installed(now) {
            return Ok(models);
        }
        match self.clients.installed_models(self.provider_timeout()).await {
            Ok(models) => {
                let models: Arc<[String]> = models.into();
                self.health.keep_installed(Arc::clone(&models), now, generation);
                Ok(models)
            }
            Err(failure) => {
                self.health.failed(Provider::Ollama, self.now(), generation);
                self.log_failure(Provider::Ollama, &failure);
                Err(failure)
            }
        }
    }

    pub(super) fn log_failure(&self, provider: Provider, failure: &CallFailure) {
        self.clients.log_failure(provider, failure, &self.log);
    }

    pub(super) fn log_piper_failure(&self, failure: &CallFailure) {
        self.clients.log_piper_failure(failure, &self.log);
    }

    /// Starts anew: store, caches, health, clock and timeouts. Provider clients and their connections live on.
    pub(super) fn reset(&self, fresh: &Fresh) -> Result<(), StoreError> {
        self.generations.advance();
        self.clock.set(fresh.now);
        let now = self.now();
        let used = fresh.used.map(|used| (self.month(now), used));
        self.store.reset(fresh.limit, used, self.defects)?;
        if let Some(used) = fresh.used_last_month {
            self.store.set_used(self.month(now).previous(), used)?;
        }
        self.ledger.reset();
        self.health.reset();
        self.cache.reset();
        self.voice_memory.forget();
        if !self.defects.has(Defect::TimeoutCarriedOver) || fresh.provider_timeout.is_some() {
            self.set_provider_timeout(fresh.provider_timeout);
        }
        for provider in &fresh.unhealthy {
            self.health.failed(*provider, now, self.generations.current());
        }
        Ok(())
    }
}

fn check_urls(endpoints: &Endpoints) -> Result<(), OpenError> {
    let models = Provider::ALL.into_iter().map(|provider| (provider.name(), &endpoints.of(provider).base_url));
    for (provider, base_url) in models.chain([("piper", &endpoints.piper.base_url)]) {
        let is_usable =
            reqwest::Url::parse(base_url).is_ok_and(|url| url.has_host() && url.scheme().starts_with("http"));
        if !is_usable {
            return Err(OpenError::BaseUrl { provider, base_url: base_url.clone() });
        }
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
