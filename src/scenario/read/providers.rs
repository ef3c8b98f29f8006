//! `providers`: what each mock provider does in a case.

use crate::provider::{Match, ProviderScript, Script, Wire};
use crate::scenario::Capability;
use crate::scenario::read::Reader;
use crate::scenario::read::behaviour::Stands;
use crate::scenario::read::tape::REPLAY_KEYS;
use crate::scenario::yaml::{Kind, Node};

/// The keys of `when`.
pub(crate) const WHEN_KEYS: &[&str] = &["message", "model", "text", "stream"];

/// The name that stands for every provider.
pub(crate) const ANY: &str = "any";

impl Reader<'_> {
    /// Reads `providers` into the script.
    pub(crate) fn scripts(&mut self, node: &Node, script: &mut Script) {
        self.needs.insert(Capability::Journal);
        for entry in self.entries(node, "a mapping of providers").unwrap_or_default() {
            if entry.key == ANY {
                let wires: Vec<Wire> = self.providers.iter().map(|known| known.wire).collect();
                script.any = self.provider_script(&entry.value, &wires);
                continue;
            }
            let provider = self.provider(&entry.key, entry.key_span).map(|known| (known.name.clone(), known.wire));
            let wires: Vec<Wire> = provider.iter().map(|(_, wire)| *wire).collect();
            if entry.value.get("wrong_key").is_some() {
                let fields = self.fields(&entry.value, "a provider", &["wrong_key"]);
                let is_meant = fields.and_then(|fields| self.boolean(fields.value("wrong_key")?));
                script.wrong_key.extend(provider.filter(|_| is_meant == Some(true)).map(|(name, _)| name));
                continue;
            }
            let answers = self.provider_script(&entry.value, &wires);
            if let (Some((name, _)), Some(answers)) = (provider, answers) {
                script.providers.insert(name, answers);
            }
        }
    }

    fn provider_script(&mut self, node: &Node, wires: &[Wire]) -> Option<ProviderScript> {
        match &node.kind {
            Kind::List(items) => {
                if items.is_empty() {
                    self.problem(node.span, "an empty list answers nothing").help("leave the provider out instead");
                }
                let answers: Vec<_> =
                    items.iter().map(|item| self.behaviour(item, Stands::Among, wires, &[])).collect();
                answers.into_iter().collect::<Option<Vec<_>>>().map(ProviderScript::Sequence)
            }
            Kind::Mapping(_) if node.get("rules").is_some() => {
                let fields = self.fields(node, "a provider with rules", &["rules"])?;
                let items = self.items(fields.value("rules")?, "a list of rules")?;
                let rules: Vec<_> = items.iter().map(|item| self.rule(item, wires)).collect();
                rules.into_iter().collect::<Option<Vec<_>>>().map(ProviderScript::Rules)
            }
            Kind::Mapping(_) if node.get("replay").is_some() => {
                let fields = self.fields(node, "a provider that a tape plays", REPLAY_KEYS)?;
                // What `any` plays must be spoken by all.
                let wire = wires.first().copied().filter(|first| wires.iter().all(|wire| wire == first));
                self.tape(fields.value("replay")?, fields.value("speed"), wire).map(ProviderScript::Replay)
            }
            Kind::Mapping(_) | Kind::Scalar(_) => {
                self.behaviour(node, Stands::Alone, wires, &[]).map(ProviderScript::Always)
            }
        }
    }

    fn rule(&mut self, node: &Node, wires: &[Wire]) -> Option<(Match, crate::provider::Behaviour)> {
        let behaviour = self.behaviour(node, Stands::Among, wires, &["when"]);
        let when = match node.get("when") {
            None => Some(Match::default()),
            Some(entry) => self.fields(&entry.value, "`when`", WHEN_KEYS).map(|fields| Match {
                message: fields.value("message").and_then(|node| self.text(node, "a text")),
                model: fields.value("model").and_then(|node| self.text(node, "a model's name")),
                text: fields.value("text").and_then(|node| self.text(node, "a text")),
                stream: fields.value("stream").and_then(|node| self.boolean(node)),
            }),
        };
        Some((when?, behaviour?))
    }
}
