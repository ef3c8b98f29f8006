//! `calls` and `attempts`: what each provider must have received.

use crate::provider::ProviderName;
use crate::scenario::kinds::ValueKind;
use crate::scenario::read::Reader;
use crate::scenario::read::matcher::has_operators;
use crate::scenario::read::providers::ANY;
use crate::scenario::yaml::{Entry, Kind, Node};
use crate::scenario::{CallExpectation, CallExpectations, CallField, CallProperty, Capability, Matcher};

/// What can be said of calls besides how many came to which endpoint.
pub(crate) const CALL_KEYS: &[&str] = &["count", "model", "language", "message", "text", "stream"];

/// Of what is spoken.
struct Callee {
    provider: Option<ProviderName>,
    endpoints: Vec<&'static str>,
}

impl Reader<'_> {
    /// Reads `calls` and `attempts`.
    pub(crate) fn call_expectations(&mut self, calls: Option<&Node>, attempts: Option<&Node>) -> CallExpectations {
        let mut expectations = CallExpectations::default();
        if calls.is_some() || attempts.is_some() {
            self.needs.insert(Capability::Journal);
        }
        if let Some(node) = calls {
            for entry in self.entries(node, "a mapping of providers").unwrap_or_default() {
                if entry.key == "order" {
                    expectations.order = self.order(entry).map(|order| (self.place(entry.key_span), order));
                } else {
                    self.callee(entry, &mut expectations.calls);
                }
            }
        }
        if let Some(node) = attempts {
            for entry in self.entries(node, "a mapping of providers").unwrap_or_default() {
                if entry.key == "order" {
                    self.problem(entry.key_span, "the order is one of calls, not of attempts")
                        .help("put it under `calls`");
                } else {
                    self.callee(entry, &mut expectations.attempts);
                }
            }
        }
        expectations
    }

    fn order(&mut self, entry: &Entry) -> Option<Vec<ProviderName>> {
        let items = self.items(&entry.value, "a list of providers")?;
        let names: Vec<_> = items
            .iter()
            .map(|item| {
                let name = self.text(item, "a provider's name")?;
                self.provider(&name, item.span).map(|known| known.name.clone())
            })
            .collect();
        names.into_iter().collect()
    }

    fn callee(&mut self, entry: &Entry, into: &mut Vec<CallExpectation>) {
        let callee = if entry.key == ANY {
            let mut all: Vec<&str> = self.providers.iter().flat_map(|known| known.wire.endpoints()).collect();
            all.sort_unstable();
            all.dedup();
            Callee { provider: None, endpoints: all }
        } else {
            let Some(known) = self.provider(&entry.key, entry.key_span) else { return };
            Callee { provider: Some(known.name.clone()), endpoints: known.wire.endpoints().collect() }
        };
        let node = &entry.value;
        let place = self.place(entry.key_span);
        let made = |endpoint: Option<&str>, count: Option<Matcher>, each: Vec<CallProperty>| CallExpectation {
            place: place.clone(),
            provider: callee.provider.clone(),
            endpoint: endpoint.map(str::to_owned),
            count,
            each,
        };
        match &node.kind {
            Kind::List(items) => {
                let count = Matcher::Equals(items.len().into());
                let each = items.iter().enumerate().flat_map(|(index, item)| {
                    let known: Vec<&str> = CALL_KEYS.iter().copied().filter(|key| *key != "count").collect();
                    let fields = self.fields(item, "a call", &known);
                    self.properties(fields.map(|fields| fields.entries).unwrap_or_default(), Some(index))
                });
                let each = each.collect();
                into.push(made(None, Some(count), each));
            }
            Kind::Mapping(entries) if !has_operators(node) => {
                let known: Vec<&str> = callee.endpoints.iter().chain(CALL_KEYS).copied().collect();
                let Some(fields) = self.fields(node, "what a provider receives", &known) else { return };
                for entry in fields.entries.iter().filter(|entry| callee.endpoints.contains(&entry.key.as_str())) {
                    let count = self.counted(&entry.value);
                    into.extend(count.map(|count| CallExpectation {
                        place: self.place(entry.key_span),
                        ..made(Some(&entry.key), Some(count), Vec::new())
                    }));
                }
                let count = fields.value("count").and_then(|node| self.counted(node));
                let each = self.properties(entries, None);
                if count.is_some() || !each.is_empty() {
                    into.push(made(None, count, each));
                }
                if entries.is_empty() {
                    self.problem(node.span, "this says nothing about calls").help("0 says that none may come");
                }
            }
            Kind::Mapping(_) | Kind::Scalar(_) => {
                let count = self.counted(node);
                into.extend(count.map(|count| made(None, Some(count), Vec::new())));
            }
        }
    }

    fn properties(&mut self, entries: &[Entry], index: Option<usize>) -> Vec<CallProperty> {
        let mut properties = Vec::new();
        for entry in entries {
            let (what, kind) = match entry.key.as_str() {
                "model" => (CallField::Model, ValueKind::Text),
                "language" => (CallField::Language, ValueKind::Text),
                "message" => (CallField::Message, ValueKind::Text),
                "text" => (CallField::Text, ValueKind::Text),
                "stream" => (CallField::Stream, ValueKind::Boolean),
                _ => continue,
            };
            let matcher = self.matcher(&entry.value, kind);
            let place = self.place(entry.key_span);
            properties.extend(matcher.map(|matcher| CallProperty { place, index, what, matcher }));
        }
        properties
    }

    /// Notes a capability that is asked for by name.
    pub(crate) fn capability(&mut self, node: &Node) {
        let words: Vec<(&str, Capability)> = Capability::ALL.iter().map(|known| (known.as_str(), *known)).collect();
        if let Some(capability) = self.word(node, "something that a system can do", &words) {
            self.needs.insert(capability);
        }
    }
}
