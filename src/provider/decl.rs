//! A provider as a system file declares it.

use crate::provider::name::ProviderName;
use crate::provider::tape::player::Tape;
use crate::provider::wire::table::Wire;
use serde::{Deserialize, Serialize};

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
}
