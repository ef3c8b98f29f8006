//! The table of wire formats: a format is one file and one line here.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::endpoint::{Endpoint, Role, Route};
use crate::provider::wire::format::{Format, Stock};
use crate::provider::wire::{anthropic, deepseek, gemini, mistral, ollama, openai, piper};
use http::Method;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

macro_rules! formats {
    ($($(#[$doc:meta])* $wire:ident = $word:literal, $format:expr;)*) => {
        /// A wire format.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Wire {
            $($(#[$doc])* #[serde(rename = $word)] $wire,)*
        }

        impl Wire {
            /// Every wire format.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$wire),*];

            /// The word used in system files.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$wire => $word,)*
                }
            }

            /// What the format is.
            pub(crate) fn format(self) -> &'static dyn Format {
                match self {
                    $(Self::$wire => &$format,)*
                }
            }
        }
    };
}

formats! {
    /// Anthropic's Messages API.
    Anthropic = "anthropic", anthropic::Anthropic;
    /// Mistral chat completions.
    Mistral = "mistral", mistral::Mistral;
    /// DeepSeek: OpenAI's shapes, with cache-hit usage and keep-alives.
    Deepseek = "deepseek", deepseek::Deepseek;
    /// OpenAI chat completions.
    Openai = "openai", openai::Openai;
    /// Gemini's `generateContent` and its stream.
    Gemini = "gemini", gemini::Gemini;
    /// Ollama's native API.
    Ollama = "ollama", ollama::Ollama;
    /// Piper's HTTP server: synthesis of speech.
    Piper = "piper", piper::Piper;
}

impl Wire {
    /// Whether the provider documents such an error.
    pub fn documents(self, kind: FailureKind) -> bool {
        self.format().documented(kind).is_some()
    }

    /// Whether an answer of the provider can end so.
    pub fn can_end(self, finish: Finish) -> bool {
        finish == Finish::Absent || self.format().finish_word(finish).is_some()
    }

    /// Whether the provider runs beside the system, so that the mock plays its health and its models.
    pub fn is_local(self) -> bool {
        self.format().is_local()
    }

    /// Whether models are installed at the provider.
    pub fn installs_models(self) -> bool {
        self.is_local() && self.format().stock() == Stock::Models
    }

    /// Whether voices are installed at the provider.
    pub fn installs_voices(self) -> bool {
        self.format().stock() == Stock::Voices
    }

    /// The words of its endpoints, as scenarios count calls to them.
    pub fn endpoints(self) -> impl Iterator<Item = &'static str> {
        let named = self.format().routes().iter().filter(|route| route.role != Role::SignOfLife);
        named.map(|route| route.word)
    }

    /// The endpoint of a request.
    pub(crate) fn endpoint(self, method: &Method, path: &str) -> Endpoint {
        let route = self.format().routes().iter().find(|route| route.leads(method, path));
        route.map_or_else(|| Endpoint::unknown(method, path), Route::endpoint)
    }

    /// The model that a path names, where the format has it there.
    pub(crate) fn model_in_path(self, path: &str) -> Option<&str> {
        self.format().routes().iter().find_map(|route| route.model_in(path)).filter(|model| !model.is_empty())
    }
}

impl FromStr for Wire {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|wire| wire.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_the_format_that_wrote_it() {
        for wire in Wire::ALL {
            assert_eq!(wire.as_str().parse(), Ok(wire));
            assert_eq!(serde_json::to_value(wire).ok(), Some(wire.as_str().into()));
        }
    }

    #[test]
    fn every_format_has_an_endpoint_that_asks_a_model() {
        for wire in Wire::ALL {
            assert!(wire.format().routes().iter().any(|route| route.role == Role::Model), "{wire:?}");
        }
    }

    #[test]
    fn an_endpoint_has_one_role_whichever_provider_has_it() {
        let routes = || Wire::ALL.into_iter().flat_map(|wire| wire.format().routes());
        for route in routes() {
            assert!(routes().all(|other| other.word != route.word || other.role == route.role), "{}", route.word);
        }
    }
}
