//! The trial that is under way: its script, and what has happened in it.

use crate::model::{Seed, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::exchange::cursor::Cursor;
use crate::provider::exchange::outcome::UnusedAnswer;
use crate::provider::exchange::past::{says, says_exactly};
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;
use crate::provider::script::behaviour::Behaviour;
use crate::provider::script::case::{ProviderScript, Script};
use crate::provider::tape::player::{NotOnTape, Played, Player, Received};
use crate::provider::wire::ask::Ask;
use crate::provider::wire::format::Stock;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Texts beyond this are not kept to know late requests by.
const SENT: usize = 256;

/// Requests beyond this are not kept to know retries by: only providers that stand alone get there.
const ATTEMPTS: usize = 65_536;

/// A trial's script and what of it is used up.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) key: TrialKey,
    seed: Seed,
    scripts: BTreeMap<ProviderName, Scripted>,
    down: Vec<ProviderName>,
    wrong_key: Vec<ProviderName>,
    installed: Vec<String>,
    voices: Vec<String>,
    sent: Option<Vec<String>>,
    attempts: HashSet<(ProviderName, BodyHash)>,
    /// Marks given out.
    marks: u32,
    /// Model calls that have arrived.
    pub(crate) arrived: u32,
}

#[derive(Debug)]
struct Scripted {
    cursor: Cursor,
    tape: Option<Player>,
    from_any: bool,
}

impl Trial {
    /// A trial of which nothing has happened yet.
    pub(crate) fn new<'a>(
        key: TrialKey,
        seed: Seed,
        mut script: Script,
        providers: impl Iterator<Item = &'a ProviderDecl>,
    ) -> Self {
        let mut scripts = BTreeMap::new();
        for decl in providers {
            let own = script.providers.remove(&decl.name).or_else(|| decl.replay.clone().map(ProviderScript::Replay));
            let from_any = own.is_none();
            if let Some(own) = own.or_else(|| script.any.clone()) {
                let tape = match &own {
                    ProviderScript::Replay(tape) => Some(Player::new(tape.clone())),
                    ProviderScript::Always(_) | ProviderScript::Sequence(_) | ProviderScript::Rules(_) => None,
                };
                scripts.insert(decl.name.clone(), Scripted { cursor: Cursor::new(own), tape, from_any });
            }
        }
        Self {
            key,
            seed,
            scripts,
            down: script.down,
            wrong_key: script.wrong_key,
            voices: script.voices,
            installed: script.models.into_iter().map(|model| model.name).collect(),
            sent: None,
            attempts: HashSet::new(),
            marks: 0,
            arrived: 0,
        }
    }

    /// Notes what the harness is about to send. The texts within a JSON document count as well.
    pub(crate) fn note_sent(&mut self, text: &str) {
        let sent = self.sent.get_or_insert_default();
        let mut texts = Vec::new();
        match serde_json::from_str(text) {
            Ok(document @ (Value::Object(_) | Value::Array(_))) => leaves(&document, &mut texts),
            _ => texts.push(text.trim().to_owned()),
        }
        texts.retain(|text| !text.is_empty() && !sent.contains(text));
        sent.extend(texts.into_iter().take(SENT.saturating_sub(sent.len())));
    }

    /// Whether the harness has sent anything.
    pub(crate) fn has_acted(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether the harness has sent this very message.
    pub(crate) fn has_sent_exactly(&self, message: &str) -> bool {
        says_exactly(self.sent.as_deref().unwrap_or_default(), message)
    }

    /// Whether the harness has sent such a message: the same, or a part of it.
    pub(crate) fn has_sent(&self, message: &str) -> bool {
        says(self.sent.as_deref().unwrap_or_default(), message)
    }

    /// Whether a request with that body has arrived before.
    pub(crate) fn has_attempt(&self, provider: &ProviderName, body: BodyHash) -> bool {
        self.attempts.contains(&(provider.clone(), body))
    }

    /// Notes a model call.
    pub(crate) fn note_attempt(&mut self, provider: &ProviderName, body: BodyHash) {
        self.arrived = self.arrived.saturating_add(1);
        if self.attempts.len() < ATTEMPTS {
            self.attempts.insert((provider.clone(), body));
        }
    }

    /// Whether the provider is down.
    pub(crate) fn is_down(&self, provider: &ProviderName) -> bool {
        self.down.contains(provider)
    }

    /// Whether the script has anything to say for the provider.
    pub(crate) fn covers(&self, provider: &ProviderName) -> bool {
        self.scripts.contains_key(provider)
    }

    /// Whether the provider is to be asked with a key that is none.
    pub(crate) fn refuses_key(&self, provider: &ProviderName) -> bool {
        self.wrong_key.contains(provider)
    }

    /// What a tape answers; `None` if none is played for the provider.
    pub(crate) fn replay(
        &mut self,
        provider: &ProviderName,
        received: &Received<'_>,
    ) -> Option<Result<Played, NotOnTape>> {
        let tape = self.scripts.get_mut(provider)?.tape.as_mut()?;
        Some(tape.play(received))
    }

    /// The behaviour that answers a request, and the mark for it.
    pub(crate) fn take(&mut self, provider: &ProviderName, ask: &Ask) -> Option<(Arc<Behaviour>, Mark)> {
        let behaviour = self.scripts.get_mut(provider)?.cursor.take(ask)?;
        let mark = Mark::of(self.seed, self.key, self.marks);
        self.marks = self.marks.wrapping_add(1);
        Some((behaviour, mark))
    }

    /// The models or voices that are installed.
    pub(crate) fn installed(&self, stock: Stock) -> &[String] {
        match stock {
            Stock::Models => &self.installed,
            Stock::Voices => &self.voices,
        }
    }

    /// A model was pulled.
    pub(crate) fn install(&mut self, model: &str) {
        if !self.installed.iter().any(|installed| installed == model) {
            self.installed.push(model.to_owned());
        }
    }

    /// What was scripted and never asked for. What `any:` says is asked for if one provider asked for it.
    pub(crate) fn unused(&self) -> Vec<UnusedAnswer> {
        let own = self.scripts.iter().filter(|(_, scripted)| !scripted.from_any);
        let mut unused: Vec<_> = own.flat_map(|(provider, scripted)| scripted.cursor.unused(Some(provider))).collect();
        let mut any = self.scripts.values().filter(|scripted| scripted.from_any).map(|scripted| &scripted.cursor);
        if any.clone().all(Cursor::is_untouched) {
            unused.extend(any.next().map(|cursor| cursor.unused(None)).unwrap_or_default());
        }
        unused
    }

    /// What was sent, to know late requests by.
    pub(crate) fn into_sent(self) -> Vec<String> {
        self.sent.unwrap_or_default()
    }
}

fn leaves(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.trim().to_owned()),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, into)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
