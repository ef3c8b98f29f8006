//! A provider as a system file declares it.

use crate::provider::live::price::Price;
use crate::provider::name::ProviderName;
use crate::provider::tape::player::Tape;
use crate::provider::wire::table::Wire;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A provider as a system file declares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDecl {
    /// Its name in scenarios.
    pub name: ProviderName,
    /// What it speaks.
    pub wire: Wire,
    /// The host names under which programs know it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The key that it accepts; any non-empty one where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The tape that answers in cases that script nothing for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Tape>,
    /// What its models cost, by name; a name that ends in `*` stands for all that begin so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
}

impl ProviderDecl {
    /// The key that a system is handed for it.
    pub fn key_of_the_system(&self) -> String {
        self.key.clone().unwrap_or_else(|| format!("key-of-{}", self.name))
    }

    /// The price of a model: that of its name, else that of the longest beginning.
    pub(crate) fn price_of(&self, model: &str) -> Option<Price> {
        let begins = |name: &str| name.strip_suffix('*').is_some_and(|beginning| model.starts_with(beginning));
        let of_some = || self.prices.iter().filter(|(name, _)| begins(name)).max_by_key(|(name, _)| name.len());
        self.prices.get(model).or_else(|| of_some().map(|(_, price)| price)).copied()
    }

    /// The variable in which a user keeps the key of the real provider, and the real provider's address.
    pub fn at_home(&self) -> (Option<&'static str>, Option<&'static str>) {
        let environment = self.wire.format().environment();
        (environment.key, environment.home)
    }
}
