//! How far a provider's script has been used up in a trial.

use crate::provider::exchange::outcome::UnusedAnswer;
use crate::provider::name::ProviderName;
use crate::provider::script::behaviour::{Answer, Behaviour, Fault};
use crate::provider::script::case::{Match, ProviderScript};
use crate::provider::wire::ask::Ask;
use std::sync::Arc;

/// A provider's script, with the number of times that each of its behaviours has answered.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    entries: Vec<Entry>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Always,
    Sequence,
    Rules,
}

#[derive(Debug, Clone)]
struct Entry {
    when: Option<Match>,
    behaviour: Arc<Behaviour>,
    used: u32,
    /// `None`: for ever.
    times: Option<u32>,
}

impl Entry {
    fn is_left(&self) -> bool {
        self.times.is_none_or(|times| self.used < times)
    }
}

impl Cursor {
    /// A script of which nothing is used up.
    pub(crate) fn new(script: ProviderScript) -> Self {
        let entry = |when, behaviour: Behaviour, times| Entry { when, behaviour: Arc::new(behaviour), used: 0, times };
        match script {
            ProviderScript::Always(behaviour) => {
                let times = behaviour.times;
                Self { entries: vec![entry(None, behaviour, times)], kind: Kind::Always }
            }
            // A tape keeps count of what it played by itself.
            ProviderScript::Replay(_) => Self { entries: Vec::new(), kind: Kind::Rules },
            ProviderScript::Sequence(behaviours) => {
                let once = |behaviour: Behaviour| {
                    let times = Some(behaviour.times.unwrap_or(1));
                    entry(None, behaviour, times)
                };
                Self { entries: behaviours.into_iter().map(once).collect(), kind: Kind::Sequence }
            }
            ProviderScript::Rules(rules) => {
                let rule = |(when, behaviour): (Match, Behaviour)| {
                    let times = behaviour.times;
                    entry(Some(when), behaviour, times)
                };
                Self { entries: rules.into_iter().map(rule).collect(), kind: Kind::Rules }
            }
        }
    }

    /// The behaviour that answers a request, which is used up by it.
    pub(crate) fn take(&mut self, ask: &Ask) -> Option<Arc<Behaviour>> {
        let fits = |entry: &&mut Entry| entry.is_left() && entry.when.as_ref().is_none_or(|when| when.fits(ask));
        let entry = self.entries.iter_mut().find(fits)?;
        entry.used += 1;
        Some(entry.behaviour.clone())
    }

    /// Whether nothing of it was ever asked for.
    pub(crate) fn is_untouched(&self) -> bool {
        self.entries.iter().all(|entry| entry.used == 0)
    }

    /// What was scripted and never asked for. Of a sequence, every entry that was not used to its end.
    pub(crate) fn unused(&self, provider: Option<&ProviderName>) -> Vec<UnusedAnswer> {
        let is_unused = |entry: &&Entry| match self.kind {
            Kind::Always | Kind::Rules => entry.used == 0,
            Kind::Sequence => entry.is_left(),
        };
        let tell = |entry: &Entry| UnusedAnswer {
            provider: provider.cloned(),
            line: entry.behaviour.line,
            what: describe(&entry.behaviour),
            left: entry.times.map(|times| times.saturating_sub(entry.used)),
        };
        self.entries.iter().filter(is_unused).map(tell).collect()
    }
}

impl Match {
    /// Whether a request is as this asks.
    pub(crate) fn fits(&self, ask: &Ask) -> bool {
        let contains =
            |part: &Option<String>, text: &str| part.as_ref().is_none_or(|part| text.contains(part.as_str()));
        let anywhere = |part: &String| {
            ask.system.contains(part.as_str())
                || ask.messages.iter().any(|message| message.text.contains(part.as_str()))
        };
        let last = ask.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| &message.text);
        contains(&self.message, last)
            && self.model.as_ref().is_none_or(|model| *model == ask.model)
            && self.text.as_ref().is_none_or(anywhere)
            && self.stream.is_none_or(|stream| stream == ask.stream)
    }
}

/// A behaviour in a few words.
fn describe(behaviour: &Behaviour) -> String {
    let answer = match &behaviour.answer {
        Answer::Reply(reply) => {
            let text = reply.chunks.concat();
            let short: String = text.chars().take(40).collect();
            let more = if short.len() < text.len() { "…" } else { "" };
            format!("reply `{short}{more}`")
        }
        Answer::Fail(failing) => format!("fail {}", failing.kind.as_str()),
        Answer::Hang => "hang".to_owned(),
        Answer::Malformed(kind) => format!("malformed {}", kind.as_str()),
        Answer::Raw { status, .. } => format!("raw answer with status {status}"),
    };
    let fault = match behaviour.fault {
        None => "",
        Some(Fault::Reset(_)) => ", reset",
        Some(Fault::Truncate(_)) => ", truncated",
        Some(Fault::Trickle(_)) => ", trickled",
        Some(Fault::WrongLength(_)) => ", with a wrong length",
    };
    format!("{answer}{fault}")
}
