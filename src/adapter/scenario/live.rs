//! Live mode: which providers are real, and what they may cost.

use crate::adapter::shared::reach::Reach;
use crate::engine::SubjectError;
use crate::model::Money;
use crate::provider::{Live, LiveHost, ProviderDecl, Purse};
use crate::scenario::Case;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The providers that are real in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSpec {
    /// By provider: its address, where it is not the provider's own.
    pub hosts: BTreeMap<String, Option<String>>,
    /// What they may cost together.
    pub limit: Money,
    /// The file in which what was spent is kept: in the run's folder.
    #[serde(default)]
    pub purse: PathBuf,
}

impl LiveSpec {
    /// What is wrong with it on a system with these providers, if anything is.
    pub fn problem(&self, decls: &[ProviderDecl], reach: Reach) -> Option<String> {
        self.hosts.keys().find_map(|name| match decl_of(decls, name) {
            None => Some(format!("--live: the system has no provider `{name}`")),
            Some(decl) => match self.base_of(decl) {
                None => Some(format!("--live: nobody knows where the real {name} is; say --live {name}=URL")),
                Some(base) => reach.url(&base).err().map(|error| format!("--live {name}: {error}")),
            },
        })
    }

    /// Whether a case is about these providers, and about no other real one.
    pub(in crate::adapter) fn covers(&self, case: &Case) -> bool {
        !case.live.is_empty() && case.live.iter().all(|provider| self.hosts.contains_key(provider.as_str()))
    }

    /// The variables of the environment in which the user keeps the keys.
    pub(in crate::adapter) fn variables<'a>(&'a self, decls: &'a [ProviderDecl]) -> impl Iterator<Item = String> + 'a {
        self.hosts.keys().filter_map(|name| Some(decl_of(decls, name)?.at_home().0?.to_owned()))
    }

    fn base_of(&self, decl: &ProviderDecl) -> Option<String> {
        let own = self.hosts.get(decl.name.as_str())?.clone();
        own.or_else(|| decl.at_home().1.map(str::to_owned))
    }

    /// The real providers, with the user's keys.
    ///
    /// # Errors
    /// If a key is missing.
    pub fn providers(
        &self,
        decls: &[ProviderDecl],
        environment: &BTreeMap<String, String>,
    ) -> Result<Live, SubjectError> {
        let mut hosts = BTreeMap::new();
        for name in self.hosts.keys() {
            let Some(decl) = decl_of(decls, name) else { continue };
            let base = self.base_of(decl).unwrap_or_default();
            let variable = decl.at_home().0;
            let key = variable.and_then(|variable| environment.get(variable)).filter(|key| !key.is_empty()).cloned();
            let is_here = Reach::Loopback.url(&base).is_ok();
            if let (Some(variable), None, false) = (variable, &key, is_here) {
                return Err(SubjectError(format!(
                    "--live {name}: {variable} is not set: it holds your own key for {base}"
                )));
            }
            hosts.insert(decl.name.clone(), LiveHost { base, key });
        }
        Ok(Live { hosts, purse: Arc::new(Purse::new(&self.purse, self.limit)) })
    }
}

fn decl_of<'a>(decls: &'a [ProviderDecl], name: &str) -> Option<&'a ProviderDecl> {
    decls.iter().find(|decl| decl.name.as_str() == name)
}
