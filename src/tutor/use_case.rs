//! What a learner wants an answer for: any word; some have rules of their own.

use super::tokens::Tokens;

/// What routing weighs more: price or quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weighing {
    Everyday,
    Demanding,
    Balanced,
}

/// A use case by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UseCase(String);

impl UseCase {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    pub(super) fn weighing(&self) -> Weighing {
        match self.name() {
            "conversation" | "translation" | "simple_qa" => Weighing::Everyday,
            "analysis" | "reasoning" | "content_generation" | "educational" => Weighing::Demanding,
            _ => Weighing::Balanced,
        }
    }

    /// What a call is expected to use.
    pub(super) fn estimated_tokens(&self) -> Tokens {
        match self.name() {
            "conversation" | "simple_qa" => Tokens { input: 50, output: 100 },
            "translation" => Tokens { input: 100, output: 150 },
            _ => Tokens { input: 200, output: 400 },
        }
    }
}

impl Default for UseCase {
    fn default() -> Self {
        Self::new("conversation")
    }
}
