//! `given`: the state in which a case starts.

use crate::provider::{LocalModel, ProviderName};
use crate::scenario::kinds;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::template::is_name;
use crate::scenario::yaml::{Kind, Node};
use crate::scenario::{Capability, DEFAULT_LEARNER, Given, Learner, Verb};
use serde_json::Value;
use std::collections::BTreeMap;

/// The keys of `given`.
pub(crate) const GIVEN_KEYS: &[&str] =
    &["budget", "models", "voices", "now", "provider_timeout", "learner", "learners", "health"];

/// The keys of `budget`.
pub(crate) const BUDGET_KEYS: &[&str] = &["limit", "used", "used_last_month"];

/// The state, and what of it the mock providers play.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub(crate) given: Given,
    pub(crate) models: Vec<LocalModel>,
    pub(crate) voices: Vec<String>,
    pub(crate) down: Vec<ProviderName>,
}

impl Reader<'_> {
    /// Reads `given`; without it, there is the one default learner.
    pub(crate) fn given(&mut self, node: Option<&Node>) -> Start {
        let mut start = Start::default();
        if let Some(fields) = node.and_then(|node| self.fields(node, "`given`", GIVEN_KEYS)) {
            if let Some(budget) = fields.value("budget") {
                self.needs.insert(Capability::Budget);
                self.budget(budget, &mut start.given);
            }
            if let Some(now) = fields.value("now") {
                self.needs.insert(Capability::Clock);
                start.given.now = self.timestamp(now);
            }
            if let Some(timeout) = fields.value("provider_timeout") {
                self.needs.insert(Capability::ProviderTimeout);
                start.given.provider_timeout = self.duration(timeout);
            }
            if let Some(models) = fields.value("models") {
                self.needs.insert(Capability::Journal);
                start.models = self.models(models);
            }
            if let Some(voices) = fields.value("voices") {
                self.needs.insert(Capability::Journal);
                start.voices = self.voices(voices);
            }
            if let Some(health) = fields.value("health") {
                self.health(health, &mut start);
            }
            self.read_learners(fields.value("learner"), fields.value("learners"), &mut start.given);
        } else {
            self.read_learners(None, None, &mut start.given);
        }
        self.learners = start.given.learners.iter().map(|learner| learner.name.clone()).collect();
        start
    }

    fn budget(&mut self, node: &Node, given: &mut Given) {
        let Some(fields) = self.fields(node, "`budget`", BUDGET_KEYS) else { return };
        given.limit = fields.value("limit").and_then(|node| self.money(node));
        given.used = fields.value("used").and_then(|node| self.money(node));
        given.used_last_month = fields.value("used_last_month").and_then(|node| self.money(node));
        let all = [("limit", given.limit), ("used", given.used), ("used_last_month", given.used_last_month)];
        for (key, money) in all {
            if let Some(value) = fields.value(key).filter(|_| money.is_some_and(|money| money.nanos() < 0)) {
                self.problem(value.span, format!("`{key}` can't be below zero"));
            }
        }
    }

    /// A list of names or of mappings with a name; or a mapping from names.
    pub(crate) fn models(&mut self, node: &Node) -> Vec<LocalModel> {
        let mut models = Vec::new();
        match &node.kind {
            Kind::Mapping(_) => {
                for entry in self.entries(node, "a list of models").unwrap_or_default() {
                    if !entry.value.is_null() {
                        self.fields(&entry.value, "a model", &[]);
                    }
                    models.push((entry.key.clone(), entry.key_span));
                }
            }
            Kind::List(_) | Kind::Scalar(_) => {
                for item in self.items(node, "a list of models").unwrap_or_default() {
                    let name = match &item.kind {
                        Kind::Mapping(_) => self
                            .fields(item, "a model", &["name"])
                            .and_then(|fields| self.required(&fields, "name"))
                            .and_then(|name| self.text(name, "a model's name")),
                        Kind::Scalar(_) | Kind::List(_) => self.text(item, "a model's name"),
                    };
                    models.extend(name.map(|name| (name, item.span)));
                }
            }
        }
        let mut installed: Vec<LocalModel> = Vec::new();
        for (name, span) in models {
            if installed.iter().any(|known| known.name == name) {
                self.problem(span, format!("the model {} is there twice", quoted(&name)));
            } else {
                installed.push(LocalModel { name });
            }
        }
        installed
    }

    /// The voices that a local provider has installed.
    pub(crate) fn voices(&mut self, node: &Node) -> Vec<String> {
        let items = self.items(node, "a list of voices").unwrap_or_default();
        let mut voices: Vec<String> = Vec::new();
        for item in items {
            let Some(voice) = self.text(item, "a voice's name") else { continue };
            if voices.contains(&voice) {
                self.problem(item.span, format!("the voice {} is there twice", quoted(&voice)));
            } else {
                voices.push(voice);
            }
        }
        voices
    }

    fn health(&mut self, node: &Node, start: &mut Start) {
        for entry in self.entries(node, "a mapping of providers").unwrap_or_default() {
            let provider = self.provider(&entry.key, entry.key_span);
            let down = self.word(&entry.value, "a state of health", &[("down", true), ("up", false)]);
            let (Some(provider), Some(true)) = (provider, down) else { continue };
            if provider.wire.is_local() {
                // Its health is asked for over the wire, so that its mock plays it.
                self.needs.insert(Capability::Journal);
                start.down.push(provider.name.clone());
            } else {
                self.needs.insert(Capability::Health);
                start.given.unhealthy.push(provider.name.clone());
            }
        }
    }

    fn read_learners(&mut self, first: Option<&Node>, others: Option<&Node>, given: &mut Given) {
        let mut ada = Learner { name: DEFAULT_LEARNER.to_owned(), settings: BTreeMap::new() };
        if let Some(node) = first.filter(|node| !node.is_null()) {
            let keys: Vec<&str> = settings_keys().chain(["name"]).collect();
            if let Some(fields) = self.fields(node, "a learner", &keys) {
                if let Some(name) = fields.value("name").and_then(|name| self.text(name, "a learner's name")) {
                    ada.name = name;
                }
                ada.settings = self.settings(node);
            }
        }
        given.learners.push(ada);
        let Some(node) = others else { return };
        for entry in self.entries(node, "a mapping of learners").unwrap_or_default() {
            if !is_name(&entry.key) {
                self.problem(entry.key_span, format!("{} can't be a learner's name", quoted(&entry.key)))
                    .help("a letter, then letters, digits, `_` and `-`");
            } else if given.learners.iter().any(|learner| learner.name == entry.key) {
                self.problem(entry.key_span, format!("the learner {} is there already", quoted(&entry.key)))
                    .help("`learner` is the one who acts where a step does not say `as`");
            } else {
                let mut settings = BTreeMap::new();
                if !entry.value.is_null() {
                    let keys: Vec<&str> = settings_keys().collect();
                    if self.fields(&entry.value, "a learner", &keys).is_some() {
                        settings = self.settings(&entry.value);
                    }
                }
                given.learners.push(Learner { name: entry.key.clone(), settings });
            }
        }
    }

    /// The settings among a learner's keys.
    fn settings(&mut self, node: &Node) -> BTreeMap<String, Value> {
        let Kind::Mapping(entries) = &node.kind else { return BTreeMap::new() };
        let mut settings = BTreeMap::new();
        for entry in entries.iter().filter(|entry| settings_keys().any(|key| key == entry.key)) {
            let value = match kinds::argument(&entry.key) {
                kinds::ValueKind::Boolean => self.boolean(&entry.value).map(Value::Bool),
                kinds::ValueKind::Mapping => {
                    self.entries(&entry.value, "a mapping").and_then(|_| self.value(&entry.value))
                }
                _ => self.value(&entry.value),
            };
            settings.extend(value.map(|value| (entry.key.clone(), value)));
        }
        settings
    }
}

/// What a learner can be given: the arguments of `settings`, but for the token that is a request's and no setting.
pub(crate) fn settings_keys() -> impl Iterator<Item = &'static str> {
    Verb::Settings.arguments().iter().copied().filter(|key| *key != "token")
}
