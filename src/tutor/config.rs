//! What a tutor is started with.

use super::clock::{Clock, SystemClock};
use super::log::{Log, NoLog};
use super::provider::Provider;
use super::store::Place;
use super::usd::Usd;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Where one provider is, and the key for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host, port and perhaps a path, such as `https://api.anthropic.com`.
    pub base_url: String,
    /// Without a key a cloud provider is unhealthy. Ollama needs none.
    pub key: Option<String>,
}

impl Endpoint {
    /// A provider at `base_url`.
    pub fn new(base_url: impl Into<String>, key: Option<String>) -> Self {
        Self { base_url: base_url.into().trim_end_matches('/').to_owned(), key }
    }
}

impl fmt::Debug for Endpoint {
    /// Shows whether there is a key, never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key.as_ref().map(|_| "…");
        f.debug_struct("Endpoint").field("base_url", &self.base_url).field("key", &key).finish()
    }
}

/// Where all providers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// The address of Anthropic's API.
    pub claude: Endpoint,
    /// The address of Mistral's API.
    pub mistral: Endpoint,
    /// The address of DeepSeek's API.
    pub deepseek: Endpoint,
    /// An Ollama server.
    pub ollama: Endpoint,
    /// A Piper server, which speaks.
    pub piper: Endpoint,
}

impl Endpoints {
    /// One provider's endpoint.
    pub fn of(&self, provider: Provider) -> &Endpoint {
        match provider {
            Provider::Claude => &self.claude,
            Provider::Mistral => &self.mistral,
            Provider::DeepSeek => &self.deepseek,
            Provider::Ollama => &self.ollama,
        }
    }
}

impl Default for Endpoints {
    /// The real providers, without keys.
    fn default() -> Self {
        Self {
            claude: Endpoint::new("https://api.anthropic.com", None),
            mistral: Endpoint::new("https://api.mistral.ai", None),
            deepseek: Endpoint::new("https://api.deepseek.com", None),
            ollama: Endpoint::new("http://127.0.0.1:11434", None),
            piper: Endpoint::new("http://127.0.0.1:5000", None),
        }
    }
}

/// What a tutor is started with. Nothing of it can be changed afterwards, but for what an administrator sets.
#[derive(Clone)]
pub struct Config {
    /// Where the store is.
    pub store: Place,
    /// Where the providers are.
    pub endpoints: Endpoints,
    /// The limit of each calendar month, unless an administrator sets another.
    pub monthly_limit: Usd,
    /// How long a call to a provider may take from its beginning to its end.
    pub provider_timeout: Duration,
    /// How long a learner's token is good for.
    pub token_lifetime: Duration,
    /// The administrator's bearer token. Without one there is no administrator.
    pub admin_token: Option<String>,
    /// Rounds of PBKDF2-HMAC-SHA256 for a new password.
    pub password_iterations: u32,
    /// The clock, real time by default.
    pub clock: Arc<dyn Clock>,
    /// Where log lines go.
    pub log: Arc<dyn Log>,
}

impl Default for Config {
    /// A tutor in memory that serves production: real providers without keys, a strong password hash.
    fn default() -> Self {
        Self {
            store: Place::Memory,
            endpoints: Endpoints::default(),
            monthly_limit: Usd::dollars(30),
            provider_timeout: Duration::from_secs(60),
            token_lifetime: Duration::from_secs(24 * 3600),
            admin_token: None,
            password_iterations: 600_000,
            clock: Arc::new(SystemClock),
            log: Arc::new(NoLog),
        }
    }
}

impl Config {
    /// A tutor in memory inside another program: passwords protect nothing there, so they cost nothing.
    pub fn embedded() -> Self {
        Self { password_iterations: 1, ..Self::default() }
    }
}

impl fmt::Debug for Config {
    /// Shows whether there is an administrator's token, never the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("store", &self.store)
            .field("endpoints", &self.endpoints)
            .field("monthly_limit", &self.monthly_limit)
            .field("provider_timeout", &self.provider_timeout)
            .field("admin_token", &self.admin_token.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}
