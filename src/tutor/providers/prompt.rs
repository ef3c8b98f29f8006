//! What a provider is asked.

use super::super::language::Language;
use super::super::use_case::UseCase;

/// A question and its answer from earlier in the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Exchange {
    pub(in super::super) question: String,
    pub(in super::super) answer: String,
}

/// A conversation so far, and the learner's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Prompt {
    pub(super) system: String,
    pub(super) history: Vec<Exchange>,
    pub(super) message: String,
}

impl Prompt {
    pub(in super::super) fn new(
        language: &Language,
        use_case: &UseCase,
        history: Vec<Exchange>,
        message: String,
    ) -> Self {
        let system = format!(
            "You are a patient language tutor. Reply in language: {}. Use case: {}.",
            language.tag(),
            use_case.name()
        );
        Self { system, history, message }
    }
}
