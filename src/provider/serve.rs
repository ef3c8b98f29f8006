//! The mock providers standing alone: a developer points a real SDK at them.

use crate::model::{RoundId, Seed, TrialKey};
use crate::provider::{
    Attribution, JournalLimits, ProviderDecl, ProviderError, ProviderName, Providers, ProvidersOptions, Script,
    ShutdownReport,
};
use std::io::Write;

/// Providers without trials: one script answers for ever, and every request is told in a line.
pub struct ServeProviders {
    providers: Providers,
}

impl ServeProviders {
    /// Starts them on the ports of the options, or on free ones. Each answered request becomes a line in `log`.
    pub fn start(
        decls: &[ProviderDecl],
        script: Script,
        mut options: ProvidersOptions,
        log: Box<dyn Write + Send>,
    ) -> Result<Self, ProviderError> {
        options.attribution = Attribution::ByArrival;
        options.journal = JournalLimits::default();
        let providers = Providers::start_with(decls, options, Some(log))?;
        let trial = TrialKey { round: RoundId(0), position: 0 };
        providers.begin(trial, Seed::new(0), script);
        Ok(Self { providers })
    }

    /// Name and base URL of each provider, as declared.
    pub fn urls(&self) -> Vec<(ProviderName, String)> {
        let decls = self.providers.decls();
        decls.filter_map(|decl| Some((decl.name.clone(), self.providers.url(&decl.name)?))).collect()
    }

    /// Ends them.
    pub fn shutdown(self) -> ShutdownReport {
        self.providers.shutdown()
    }
}
