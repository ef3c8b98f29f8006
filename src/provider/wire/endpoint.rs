//! What a request asks for, by its method and path.

use http::Method;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;

/// What was asked for. The words are those of scenarios and messages; each wire format has its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// A model is asked: such calls are scripted and counted.
    Model(&'static str),
    /// What every such provider answers without a script: its models, its version.
    Service(&'static str),
    /// Anything else: method and path.
    Unknown(String),
}

impl Endpoint {
    /// The endpoint of a request that no route leads to.
    pub(crate) fn unknown(method: &Method, path: &str) -> Self {
        Self::Unknown(format!("{method} {}", path.chars().take(200).collect::<String>()))
    }

    /// Whether a model is asked: only such calls are scripted and counted.
    pub fn is_model_call(&self) -> bool {
        match self {
            Self::Model(_) => true,
            Self::Service(_) | Self::Unknown(_) => false,
        }
    }

    /// The word for it in scenarios and messages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Model(word) | Self::Service(word) => word,
            Self::Unknown(request) => request,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Model(word) | Self::Service(word) => serializer.serialize_str(word),
            Self::Unknown(request) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("unknown", request)?;
                map.end()
            }
        }
    }
}

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A model is asked.
    Model,
    /// What every such provider answers without a script.
    Service,
    /// The provider says that it is there; scenarios don't count such requests by name.
    SignOfLife,
}

/// Where one of a provider's endpoints is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) word: &'static str,
    pub(crate) role: Role,
    /// `POST`, or else `GET` and `HEAD`.
    post: bool,
    /// A path may hold `{model}` once, which stands for a name without a slash.
    paths: &'static [&'static str],
}

impl Route {
    /// `POST` asks a model.
    pub(crate) const fn model(word: &'static str, paths: &'static [&'static str]) -> Self {
        Self { word, role: Role::Model, post: true, paths }
    }

    /// `GET` lists something.
    pub(crate) const fn list(word: &'static str, paths: &'static [&'static str]) -> Self {
        Self { word, role: Role::Service, post: false, paths }
    }

    /// `POST` does something without asking a model.
    pub(crate) const fn service(word: &'static str, paths: &'static [&'static str]) -> Self {
        Self { word, role: Role::Service, post: true, paths }
    }

    /// `GET` tells that the provider is there.
    pub(crate) const fn sign_of_life(word: &'static str, paths: &'static [&'static str]) -> Self {
        Self { word, role: Role::SignOfLife, post: false, paths }
    }

    /// The path of what is only read, and names no model.
    pub(crate) fn list_path(&self) -> Option<&'static str> {
        let is_list = !self.post && self.role == Role::Service;
        self.paths.iter().rev().find(|path| is_list && !path.contains("{model}")).copied()
    }

    /// The endpoint that it leads to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        match self.role {
            Role::Model => Endpoint::Model(self.word),
            Role::Service | Role::SignOfLife => Endpoint::Service(self.word),
        }
    }

    /// Whether a request takes this route.
    pub(crate) fn leads(&self, method: &Method, path: &str) -> bool {
        let fits = if self.post { method == Method::POST } else { method == Method::GET || method == Method::HEAD };
        fits && self.model_in(path).is_some()
    }

    /// The model that a path names: empty where none does, `None` if the path is another one.
    pub(crate) fn model_in<'p>(&self, path: &'p str) -> Option<&'p str> {
        self.paths.iter().find_map(|pattern| model_in(pattern, path))
    }
}

/// The model that a path names, where a pattern has one; empty where it has none, `None` if the path is another one.
fn model_in<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    match pattern.split_once("{model}") {
        None => (pattern == path).then_some(""),
        Some((before, behind)) => {
            let model = path.strip_prefix(before)?.strip_suffix(behind)?;
            (!model.is_empty() && !model.contains('/')).then_some(model)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_written_down_by_its_word() {
        let unknown = Endpoint::unknown(&Method::GET, "/x");
        assert_eq!(
            serde_json::json!([Endpoint::Model("chat"), unknown]),
            serde_json::json!(["chat", {"unknown": "GET /x"}])
        );
    }

    #[test]
    fn a_path_names_the_model_where_the_pattern_has_one() {
        assert_eq!(model_in("/v1/m/{model}:go", "/v1/m/some-1.5:go"), Some("some-1.5"));
        assert_eq!(model_in("/v1/chat", "/v1/chat"), Some(""));
        for path in ["/v1/m/:go", "/v1/m/a/b:go", "/v1/m/a:stop", "/v1/m/a"] {
            assert_eq!(model_in("/v1/m/{model}:go", path), None, "{path}");
        }
    }

    #[test]
    fn a_route_leads_by_method_and_path() {
        let list = Route::list("models", &["/v1/models", "/models"]);
        assert!(list.leads(&Method::GET, "/models") && list.leads(&Method::HEAD, "/v1/models"));
        assert!(!list.leads(&Method::POST, "/models") && !list.leads(&Method::GET, "/models/"));
        assert!(Route::model("chat", &["/chat"]).leads(&Method::POST, "/chat"));
    }
}
