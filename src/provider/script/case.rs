//! What one case wants the mock providers to do, as meant: the scenario loader makes these from what was typed.

use crate::provider::name::ProviderName;
use crate::provider::script::behaviour::Behaviour;
use crate::provider::tape::player::Tape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The providers of one case. A provider that is not named here has nothing to say: a call to it is unscripted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// The scripts of a case, by provider.
    pub providers: BTreeMap<ProviderName, ProviderScript>,
    /// For every provider that is not named.
    pub any: Option<ProviderScript>,
    /// What a local provider has installed.
    pub models: Vec<LocalModel>,
    /// Voices that a local provider has installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<String>,
    /// Providers that are down: every request to them, health and tags too, is answered by a reset connection.
    pub down: Vec<ProviderName>,
    /// Providers that are asked with a key that is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong_key: Vec<ProviderName>,
}

/// How one provider answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there is one per provider and case, most often the large one")]
pub enum ProviderScript {
    /// The same behaviour for every attempt.
    Always(Behaviour),
    /// Attempt by attempt within the case, then nothing: one attempt more is unscripted.
    Sequence(Vec<Behaviour>),
    /// The first rule that matches the request answers, each as often as its behaviour's `times` says (for ever without);
    /// a request that no rule matches is unscripted.
    Rules(Vec<(Match, Behaviour)>),
    /// As it was recorded. A request that the tape does not know is unscripted.
    Replay(Tape),
}

/// What a request must be like for a rule. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// A part of the request's last user message.
    pub message: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// A part of any text of the request: system prompt and earlier messages too.
    pub text: Option<String>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
}

/// A model that a local provider has installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalModel {
    /// Its name, with its tag: `mistral:7b`.
    pub name: String,
}
