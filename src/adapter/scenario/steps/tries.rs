//! Each verb of a system tried once, for whoever writes a system file.

use super::player::Player;
use super::scene::Scene;
use crate::adapter::scenario::answer::Answer;
use crate::adapter::scenario::matching::{shorten, show};
use crate::adapter::scenario::needs::binding_of;
use crate::adapter::system::ready_system::ReadySystem;
use crate::model::Place;
use crate::scenario::{Action, Binding, REFUSAL_FIELDS, Reset, System, Verb};
use serde_json::Value;
use std::collections::BTreeMap;

/// What came of a verb that was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tried {
    /// `reset`, or the verb.
    pub what: String,
    /// Method and path, as the file has them.
    pub request: String,
    /// The status of its answer.
    pub status: Option<u16>,
    /// The fields that were read from it, as shown.
    pub read: Vec<(String, String)>,
    /// The fields that the file binds and the answer has not.
    pub absent: Vec<String>,
    /// The providers that the answer names and the file does not.
    pub strangers: Vec<String>,
    /// Why there was no answer, or what it said instead.
    pub problem: Option<String>,
}

impl Player<'_> {
    /// Resets the system and tries each verb that the case's steps name.
    pub async fn try_verbs(&mut self, stage: &mut ReadySystem) -> Vec<Tried> {
        let begun = stage.output.mark();
        let target = stage.target();
        let place = self.case.place.clone();
        let prepared = self.prepare_run(stage, &target, begun).await;
        let scene = Scene::of(stage, &target, begun);
        let mut all = Vec::new();
        let reset = match prepared {
            Ok(()) => self.reset(&scene).await,
            Err(problem) => Err(problem),
        };
        let request = match &self.system.reset {
            Reset::Http(binding) => format!("{} {}", binding.method, binding.path),
            Reset::Sql { file, statements } => format!("{} statements for {file}", statements.len()),
            Reset::Restart => "restart".to_owned(),
            Reset::FreshLearner => "fresh learners".to_owned(),
            Reset::None => "none".to_owned(),
        };
        let problem = reset.err().map(|problem| problem.text);
        all.push(Tried { what: "reset".into(), request, problem, ..Tried::default() });
        let mut conversation = None;
        for step in &self.case.steps {
            let Action::Verb(verb, arguments) = &step.action else { continue };
            let mut arguments = arguments.clone();
            if *verb == Verb::Conversation {
                let Some(id) = conversation.take() else { continue };
                arguments.insert("id".to_owned(), id);
            }
            let tried = self.try_verb(&scene, &place, *verb, &arguments).await;
            if let (Verb::Chat, Some(answer)) = (verb, &tried.1) {
                conversation = answer.field("conversation");
            }
            all.push(tried.0);
        }
        all
    }

    async fn try_verb(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        verb: Verb,
        arguments: &BTreeMap<String, Value>,
    ) -> (Tried, Option<Answer>) {
        let binding = binding_of(verb, arguments, self.system);
        let request = binding.map(|binding| format!("{} {}", binding.method, binding.path)).unwrap_or_default();
        let changes = verb == Verb::Settings && !arguments.is_empty();
        let what = if changes { "settings (change)".to_owned() } else { verb.to_string() };
        let mut tried = Tried { what, request, ..Tried::default() };
        let answer = match self.act(scene, place, verb, arguments, None).await {
            Ok(answer) => answer,
            Err(problem) => {
                tried.problem = Some(problem.text);
                return (tried, None);
            }
        };
        tried.status = Some(answer.status);
        if answer.status >= 400 {
            tried.problem = Some(shorten(&answer.text));
        } else if let Some(binding) = binding {
            (tried.read, tried.absent) = read_and_absent(binding, verb, &answer);
            tried.strangers = strangers(&answer, self.system);
        }
        (tried, Some(answer))
    }
}

/// What an answer calls its provider by, where that is none of the system's: a word of its own that no `names` explains.
fn strangers(answer: &Answer, system: &System) -> Vec<String> {
    let named = answer.field("provider").and_then(|value| value.as_str().map(str::to_owned));
    let is_known = |name: &str| system.providers.iter().any(|provider| provider.name.as_str() == name);
    named.filter(|name| !is_known(name)).into_iter().collect()
}

/// The fields of a verb that an answer has, and those of them that it has not. A refusal's fields are not looked for.
fn read_and_absent(binding: &Binding, verb: Verb, answer: &Answer) -> (Vec<(String, String)>, Vec<String>) {
    let bound = binding.answer.keys().chain(binding.answer_headers.keys());
    let own = bound.filter(|field| verb.fields().contains(&field.split('.').next().unwrap_or(field)));
    // An answer that is no refusal need not have what only some answers have.
    let is_always_there = |field: &str| match field.split('.').next() {
        Some("reason") => matches!(verb, Verb::Chat | Verb::Estimate),
        Some("requires_budget_override") => false,
        Some(head) => !REFUSAL_FIELDS.contains(&head),
        None => true,
    };
    let mut fields: Vec<&String> = own.collect();
    fields.sort();
    let (mut read, mut absent) = (Vec::new(), Vec::new());
    for field in fields {
        match answer.field(field) {
            Some(value) => read.push((field.clone(), show(Some(&value)))),
            None if is_always_there(field) => absent.push(field.clone()),
            None => {}
        }
    }
    (read, absent)
}
