//! The real provider behind a front, and what is known of it.

use crate::model::Money;
use crate::platform::http_client;
use crate::provider::decl::ProviderDecl;
use crate::provider::live::price::{Extent, Price};
use crate::provider::live::purse::{Purse, Reservation};
use http::header::{ACCEPT_ENCODING, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a real provider may take to take up a connection.
const CONNECT: Duration = Duration::from_secs(30);

/// What is sent where a case wants a key that is none.
const WRONG_KEY: &str = "wrong-key-of-steadfast";

/// Where a real provider is, and the user's own key for it.
#[derive(Clone, PartialEq, Eq)]
pub struct LiveHost {
    /// Its address, without a path.
    pub base: String,
    /// The key; providers on this machine need none.
    pub key: Option<String>,
}

impl fmt::Debug for LiveHost {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveHost").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The providers that are real, and the money for them.
#[derive(Debug, Clone)]
pub struct Live {
    /// Where each of them is.
    pub hosts: BTreeMap<crate::provider::name::ProviderName, LiveHost>,
    /// What they may cost together.
    pub purse: Arc<Purse>,
}

/// The way to one real provider.
pub(crate) struct Gateway {
    host: LiveHost,
    /// The key that the system was handed.
    handed: String,
    client: reqwest::Client,
    purse: Arc<Purse>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)
    }
}

/// What a call may cost, as the rule engine tells the front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Quote {
    /// The most that it can cost; `None` if nothing bounds it.
    pub(crate) worst: Option<Money>,
    /// The price of its model, if it has one.
    pub(crate) price: Option<Price>,
    /// The model that was asked for.
    pub(crate) model: String,
    /// Whether a model is asked.
    pub(crate) asks_a_model: bool,
    /// Whether the key is to be a wrong one.
    pub(crate) wrong_key: bool,
    /// The length of the audio in it.
    pub(crate) audio_ms: u64,
}

impl Quote {
    /// What a request may cost at a provider.
    pub(crate) fn of(decl: &ProviderDecl, model: &str, extent: &Extent, asks_a_model: bool, wrong_key: bool) -> Self {
        let is_free = decl.wire.is_local() || !asks_a_model;
        let price = if is_free { Some(Price::default()) } else { decl.price_of(model) };
        Self {
            worst: price.and_then(|price| price.worst(extent)),
            price,
            model: model.to_owned(),
            asks_a_model,
            wrong_key,
            audio_ms: extent.audio_ms,
        }
    }
}

/// Why a call is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotMade {
    #[error(
        "--spend-limit {limit} would be passed by its worst case of {worst} (spent {settled}, reserved {reserved})"
    )]
    Limit { worst: Money, limit: Money, settled: Money, reserved: Money },
    #[error(
        "the model `{0}` has no price: say it in the system file, `prices: {{ {0}: {{ input: USD, output: USD }} }}` per 1K tokens"
    )]
    Unpriced(String),
    #[error(
        "nothing bounds what this call to `{0}` costs: it sets no limit of tokens, and the price list no `most_output`"
    )]
    Unbounded(String),
    #[error("the file of what was spent can't be kept: {0}")]
    Purse(#[from] std::io::Error),
}

impl Gateway {
    pub(crate) fn new(decl: &ProviderDecl, host: LiveHost, purse: Arc<Purse>) -> reqwest::Result<Self> {
        let client = http_client().redirect(Policy::none()).connect_timeout(CONNECT);
        let is_here = ["127.0.0.1", "localhost", "[::1]"].iter().any(|here| host.base.contains(&format!("//{here}")));
        let client = if is_here { client.no_proxy() } else { client }.build()?;
        Ok(Self { host, handed: decl.key_of_the_system(), client, purse })
    }

    /// Reserves what a call may cost.
    pub(crate) fn reserve(&self, quote: &Quote) -> Result<Reservation, NotMade> {
        let Some(worst) = quote.worst else {
            return Err(match quote.price {
                None => NotMade::Unpriced(quote.model.clone()),
                Some(_) => NotMade::Unbounded(quote.model.clone()),
            });
        };
        match self.purse.reserve(worst)? {
            Some(reservation) => Ok(reservation),
            None => {
                let spent = self.purse.spent()?;
                let (settled, reserved) = (spent.settled, spent.reserved);
                Err(NotMade::Limit { worst, limit: self.purse.limit(), settled, reserved })
            }
        }
    }

    /// The secrets of this way.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.host.key.iter()
    }

    /// The request as the real provider gets it: with the user's key in place of the system's.
    pub(crate) fn request(
        &self,
        head: &Parts,
        headers: HeaderMap,
        body: bytes::Bytes,
        wrong_key: bool,
    ) -> reqwest::RequestBuilder {
        let key = if wrong_key { Some(WRONG_KEY) } else { self.host.key.as_deref() };
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let target = key.map_or_else(|| target.to_owned(), |key| target.replace(&self.handed, key));
        let mut sent = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers.iter().filter(|(name, _)| **name != HOST && **name != ACCEPT_ENCODING) {
            sent.append(name, self.with_key(value, key));
        }
        let url = format!("{}{target}", self.host.base.trim_end_matches('/'));
        self.client.request(head.method.clone(), url).headers(sent).body(body)
    }

    fn with_key(&self, value: &HeaderValue, key: Option<&str>) -> HeaderValue {
        let replaced = value.to_str().ok().zip(key).map(|(text, key)| text.replace(&self.handed, key));
        let replaced = replaced.and_then(|text| HeaderValue::from_str(&text).ok());
        replaced.unwrap_or_else(|| value.clone())
    }
}
