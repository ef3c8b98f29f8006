//! What the proxy has seen: who was reached, and who was refused, in which trial.

use crate::model::TrialKey;
use crate::provider::name::ProviderName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a trial's log keep; more of it is only counted.
const KEPT: usize = 1_000;

/// How a program went astray.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrayKind {
    /// It asked the proxy for a host that is no provider's.
    Refused,
    /// It went past the proxy, to whatever host.
    PastProxy {
        /// The package that did, as far as that can be told: `aiohttp`.
        client: String,
    },
    /// It asked for a provider's host, and did not trust the run's certificate.
    Distrusted {
        /// Why the call was refused.
        reason: String,
    },
}

/// An attempt to reach what is not there to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stray {
    /// The host, with its port: `example.com:443`.
    pub host: String,
    /// The provider that has the host, if one has.
    pub provider: Option<ProviderName>,
    /// How the program strayed.
    pub kind: StrayKind,
    /// The trial under way when it came.
    pub trial: Option<TrialKey>,
    /// When, since the start of the proxy.
    pub at: Duration,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match (&self.kind, &self.provider) {
            (StrayKind::Refused, _) => write!(f, "{host} is no provider's: refused"),
            (StrayKind::PastProxy { client }, _) => {
                let hint = match client.as_str() {
                    "aiohttp" => ": it honours proxies with `ClientSession(trust_env=True)` only",
                    "node" => ": its fetch honours them from 22.21 and 24.5 on",
                    _ => "",
                };
                let client = if client.is_empty() { "a client" } else { client.as_str() };
                write!(f, "{client} tried to reach {host} past the proxy{hint}")
            }
            (StrayKind::Distrusted { reason }, _) => write!(
                f,
                "a client asked for {host} and did not trust the run's certificate ({reason}): it reads neither SSL_CERT_FILE \
                 nor another of the variables that name the authority"
            ),
        }
    }
}

/// What went astray in a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    /// Attempts in sequence, each kind of attempt at a host once.
    pub attempts: Vec<Stray>,
    /// How many there were of all kinds.
    pub count: u64,
}

/// How far a program came to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// It was asked.
    Reached,
    /// Somebody tried to reach it past the proxy, or would not trust its certificate.
    Direct,
    /// Nobody tried to.
    Never,
}

/// The proxy's log.
#[derive(Debug)]
pub(crate) struct ProxyLog {
    started: Instant,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    trial: Option<TrialKey>,
    strays: Strays,
    direct: BTreeMap<ProviderName, u64>,
}

impl ProxyLog {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on what comes is this trial's.
    pub(crate) fn begin(&self, trial: TrialKey) {
        self.entries().trial = Some(trial);
    }

    /// Hands out what went astray since the last time, and ends the trial.
    pub(crate) fn end(&self) -> Strays {
        let mut entries = self.entries();
        entries.trial = None;
        std::mem::take(&mut entries.strays)
    }

    /// Enters an attempt.
    pub(crate) fn note(&self, host: String, provider: Option<ProviderName>, kind: StrayKind) {
        let at = self.started.elapsed();
        let mut entries = self.entries();
        if let (Some(provider), false) = (&provider, kind == StrayKind::Refused) {
            *entries.direct.entry(provider.clone()).or_default() += 1;
        }
        let trial = entries.trial;
        let strays = &mut entries.strays;
        strays.count += 1;
        let is_known =
            strays.attempts.iter().any(|known| known.host == host && known.kind == kind && known.trial == trial);
        if !is_known && strays.attempts.len() < KEPT {
            strays.attempts.push(Stray { host, provider, kind, trial, at });
        }
    }

    /// Whether somebody tried to reach the provider in a way that can't succeed.
    pub(crate) fn was_missed(&self, provider: &ProviderName) -> bool {
        self.entries().direct.contains_key(provider)
    }
}
