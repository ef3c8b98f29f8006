//! Providers and proxy around a program: what a suite of tests runs in.

use crate::model::{Seed, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::error::ProviderError;
use crate::provider::exchange::attribution::Attribution;
use crate::provider::exchange::outcome::TrialCalls;
use crate::provider::front::thread::Quiet;
use crate::provider::name::ProviderName;
use crate::provider::providers::{Providers, ProvidersOptions};
use crate::provider::proxy::gate::{Proxy, ProxyError};
use crate::provider::proxy::proxy_log::{Reach, Strays};
use crate::provider::script::case::Script;
use crate::provider::tape::recorder::Recorder;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Why there is no enclosure.
#[derive(Debug, thiserror::Error)]
pub enum EnclosureError {
    /// The providers can't be started.
    #[error(transparent)]
    Providers(#[from] ProviderError),
    /// The proxy can't be started.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// What a trial asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnclosedTrial {
    /// The calls of the trial.
    pub calls: TrialCalls,
    /// The hosts that it tried to reach and could not.
    pub strays: Strays,
    /// How the providers came to rest.
    pub quiet: Quiet,
}

/// The mock providers of a round and a proxy that leads to them, for programs that know nothing of either. Requests
/// belong to the trial in which they arrive.
///
/// ```no_run
/// # use steadfast::{model::*, provider::*};
/// # use std::time::Duration;
/// # fn round(decls: &[ProviderDecl], script: Script, folder: &std::path::Path) -> Result<(), EnclosureError> {
/// let mut enclosure = Enclosure::start(decls, script, folder, None)?;
/// let _environment = enclosure.environment(None); // of the program that runs the tests
/// let key = TrialKey { round: RoundId(1), position: Position(0) };
/// enclosure.begin(key, Seed::new(1));
/// // … the test runs …
/// let trial = enclosure.end(Duration::from_secs(3));
/// assert!(trial.strays.attempts.is_empty());
/// for (provider, reach) in enclosure.reach() {
///     println!("{provider}: {reach:?}");
/// }
/// enclosure.shutdown();
/// # Ok(()) }
/// ```
pub struct Enclosure {
    providers: Providers,
    proxy: Proxy,
    script: Script,
    /// Requests by provider, over all trials that have ended.
    asked: BTreeMap<ProviderName, u64>,
}

impl Enclosure {
    /// Starts providers and proxy on loopback. The script answers every trial anew. What programs read is written into
    /// `folder`, which must outlive them. A recorder keeps the exchanges.
    ///
    /// # Errors
    /// If either can't be started.
    pub fn start(
        decls: &[ProviderDecl],
        script: Script,
        folder: &Path,
        recorder: Option<Arc<Recorder>>,
    ) -> Result<Self, EnclosureError> {
        let attribution = Attribution::ByArrival;
        let options = ProvidersOptions { attribution, recorder, ..ProvidersOptions::default() };
        let providers = Providers::start(decls, options)?;
        let proxy = match Proxy::start(&providers, folder) {
            Ok(proxy) => proxy,
            Err(error) => {
                providers.shutdown();
                return Err(error.into());
            }
        };
        Ok(Self { providers, proxy, script, asked: BTreeMap::new() })
    }

    /// What the program's environment must say. `python_path` is its own PYTHONPATH, which is kept behind ours. Keys
    /// are given to it as well, so that a client can be built where there are none, and real ones stay at home.
    pub fn environment(&self, python_path: Option<&str>) -> BTreeMap<String, String> {
        let mut environment = self.proxy.environment(python_path);
        for decl in self.providers.decls() {
            let Some(name) = decl.wire.format().environment().key else { continue };
            let key = decl.key.clone().unwrap_or_else(|| format!("key-of-{}", decl.name));
            environment.entry(name.to_owned()).or_insert(key);
        }
        environment
    }

    /// A trial begins: what arrives from now on is its own.
    pub fn begin(&mut self, trial: TrialKey, seed: Seed) {
        self.proxy.begin(trial);
        self.providers.begin(trial, seed.derive(&format!("marks {trial}")), self.script.clone());
    }

    /// The trial has ended: waits until nothing is in flight, at most so long, and hands out what it asked for. For a
    /// thread without a runtime; it panics within one.
    pub fn end(&mut self, deadline: Duration) -> EnclosedTrial {
        let quiet = self.providers.quiet_blocking(deadline);
        let strays = self.proxy.end();
        let calls = self.providers.end();
        for call in calls.calls.iter().chain(&calls.late) {
            *self.asked.entry(call.provider.clone()).or_default() += 1;
        }
        EnclosedTrial { calls, strays, quiet }
    }

    /// How far the program came to each provider in the trials that have ended, in the sequence of their declaration.
    pub fn reach(&self) -> Vec<(ProviderName, Reach)> {
        let reach = |name: &ProviderName| match self.asked.get(name) {
            Some(_) => Reach::Reached,
            None if self.proxy.was_missed(name) => Reach::Direct,
            None => Reach::Never,
        };
        self.providers.decls().map(|decl| (decl.name.clone(), reach(&decl.name))).collect()
    }

    /// The providers that the script says something for and nobody asked: could their clients be built?
    pub fn never_asked(&self) -> Vec<ProviderName> {
        let scripted = |name: &ProviderName| self.script.providers.contains_key(name);
        let never = self.reach().into_iter().filter(|(name, reach)| scripted(name) && *reach == Reach::Never);
        never.map(|(name, _)| name).collect()
    }

    /// Ends proxy and providers.
    pub fn shutdown(self) {
        self.proxy.shutdown();
        self.providers.shutdown();
    }
}
