//! Who is on: the trial under way, what is remembered of earlier ones, and the journal. One lock holds it all.

use crate::model::{Seed, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::exchange::attribution::{Attribution, Evidence, Owner, owner};
use crate::provider::exchange::call::{Call, Matched, Seq};
use crate::provider::exchange::journal::{Journal, JournalLimits};
use crate::provider::exchange::outcome::TrialCalls;
use crate::provider::exchange::past::Past;
use crate::provider::exchange::trial::Trial;
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;
use crate::provider::script::behaviour::Behaviour;
use crate::provider::script::case::Script;
use crate::provider::tape::player::{Played, Received};
use crate::provider::wire::ask::{Ask, Auth, Purpose};
use crate::provider::wire::endpoint::Endpoint;
use crate::provider::wire::format::Stock;
use crate::provider::wire::page::Page;
use std::sync::Arc;

/// The state that all providers of a round share.
#[derive(Debug)]
pub(crate) struct SharedState {
    by: Attribution,
    current: Option<Trial>,
    past: Past,
    pub(crate) journal: Journal,
}

/// A request that has been read.
pub(crate) struct Inquiry<'a> {
    pub(crate) seq: Seq,
    pub(crate) provider: &'a ProviderName,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) auth: Auth,
    pub(crate) retry: Option<u32>,
    pub(crate) body: BodyHash,
    pub(crate) ask: &'a Ask,
    /// What has to be installed at this provider.
    pub(crate) stock: Stock,
    /// Whether a model is asked, so that the script has to say something.
    pub(crate) asks_a_model: bool,
    pub(crate) marks: &'a [Mark],
    /// The request, for a tape to know it by.
    pub(crate) received: Received<'a>,
    /// Whether the real provider answers.
    pub(crate) is_live: bool,
}

/// What a request is answered with.
pub(crate) enum Decision {
    /// As scripted, with a mark; with what is installed.
    Scripted(Arc<Behaviour>, Mark, Vec<String>),
    /// As every such provider answers.
    Builtin(Vec<String>),
    /// By the real provider; with a key that is none, if the case wants that.
    Live {
        /// Whether the key is to be a wrong one.
        wrong_key: bool,
    },
    /// As it was recorded.
    Replayed(Played),
    /// Not: the tape does not know it, and says what it knows.
    Unrecorded(String),
    /// By the provider's own refusal of the key.
    WrongKey,
    /// By the provider's own refusal of what is asked.
    Refused(Page),
    /// By a reset: the provider is down.
    Down,
    /// Not: no script covers it.
    Unscripted,
    /// Not: it belongs to a trial that is over.
    Late,
}

impl SharedState {
    pub(crate) fn new(by: Attribution, limits: JournalLimits) -> Self {
        Self { by, current: None, past: Past::default(), journal: Journal::new(limits) }
    }

    /// From now on requests belong to this trial.
    pub(crate) fn begin<'a>(
        &mut self,
        key: TrialKey,
        seed: Seed,
        script: Script,
        providers: impl Iterator<Item = &'a ProviderDecl>,
    ) {
        self.current = Some(Trial::new(key, seed, script, providers));
    }

    /// Notes what the harness is about to send.
    pub(crate) fn note_sent(&mut self, text: &str) {
        if let Some(current) = &mut self.current {
            current.note_sent(text);
        }
    }

    /// The calls of the trial under way, from a place on.
    pub(crate) fn calls_since(&self, from: Seq) -> Vec<Call> {
        self.current.as_ref().map(|current| self.journal.of_trial(current.key, from)).unwrap_or_default()
    }

    /// The trial is over: its calls are handed out, and what its late requests can be known by is kept.
    pub(crate) fn end(&mut self) -> TrialCalls {
        let (calls, dropped) = self.journal.take();
        let current = self.current.take();
        let trial = current.as_ref().map(|current| current.key);
        let (late, calls): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.matched == Matched::Late);
        let calls: Vec<Call> = calls.into_iter().filter(|call| trial.is_some() && call.trial == trial).collect();
        let unscripted = calls.iter().filter(|call| call.matched == Matched::Unscripted).map(|call| call.seq).collect();
        let unused = current.as_ref().map(Trial::unused).unwrap_or_default();
        if let Some(current) = current {
            self.past.add(current.key, &calls, current.into_sent());
        }
        TrialCalls { trial, calls, unscripted, unused, late, dropped }
    }

    /// The trial under way.
    pub(crate) fn current(&self) -> Option<TrialKey> {
        self.current.as_ref().map(|current| current.key)
    }

    /// Model calls that have arrived in the trial under way.
    pub(crate) fn arrived(&self) -> u32 {
        self.current.as_ref().map_or(0, |current| current.arrived)
    }

    /// Decides whose a request is and what it is answered with, and enters both into the journal.
    pub(crate) fn decide(&mut self, inquiry: &Inquiry<'_>, refusal: Option<Page>) -> Decision {
        let owner = if inquiry.asks_a_model { self.owner(inquiry) } else { Owner::Current };
        let decision = match (owner, &mut self.current) {
            (Owner::Current | Owner::Doubtful, Some(current)) => {
                if inquiry.asks_a_model {
                    current.note_attempt(inquiry.provider, inquiry.body);
                }
                decide(current, inquiry, refusal)
            }
            (Owner::Current | Owner::Doubtful, None) if matches!(inquiry.endpoint, Endpoint::Unknown(_)) => {
                Decision::Unscripted
            }
            (Owner::Current | Owner::Doubtful, None) => Decision::Builtin(Vec::new()),
            (Owner::Earlier(_) | Owner::Unknown, _) => Decision::Late,
        };
        let trial = match owner {
            Owner::Current | Owner::Doubtful => self.current(),
            Owner::Earlier(trial) => Some(trial),
            Owner::Unknown => None,
        };
        let mut carries: Vec<_> = inquiry.marks.iter().filter_map(|mark| self.past.trial_of_mark(*mark)).collect();
        carries.retain(|carried| Some(*carried) != trial);
        carries.sort();
        carries.dedup();
        let matched = decision.matched();
        self.journal.change(inquiry.seq, |call| {
            call.trial = trial;
            call.stream = inquiry.ask.stream;
            call.model.clone_from(&inquiry.ask.model);
            call.system.clone_from(&inquiry.ask.system);
            call.messages.clone_from(&inquiry.ask.messages);
            call.carries = carries;
            call.doubtful = owner == Owner::Doubtful;
            call.auth = inquiry.auth;
            call.matched = matched;
            call.body = inquiry.body;
        });
        decision
    }

    /// Enters a request that nobody could read: it is the current trial's, and nothing covers it.
    pub(crate) fn note_unreadable(&mut self, seq: Seq, status: u16) {
        let trial = self.current();
        self.journal.change(seq, |call| {
            call.trial = trial;
            call.matched = Matched::Unscripted;
            call.status = Some(status);
        });
    }

    fn owner(&self, inquiry: &Inquiry<'_>) -> Owner {
        let user = inquiry.ask.messages.iter().rev().find(|message| message.role == "user");
        let evidence = Evidence {
            provider: inquiry.provider,
            body: inquiry.body,
            retry: inquiry.retry,
            last_user_message: user.map_or("", |message| &message.text),
            marks: inquiry.marks,
            arrived: self.journal.arrived(inquiry.seq).unwrap_or_default(),
        };
        owner(self.current.as_ref(), &self.past, self.by, &evidence)
    }
}

fn decide(current: &mut Trial, inquiry: &Inquiry<'_>, refusal: Option<Page>) -> Decision {
    if current.is_down(inquiry.provider) {
        return Decision::Down;
    }
    let wrong_key = current.refuses_key(inquiry.provider);
    if inquiry.is_live {
        return Decision::Live { wrong_key };
    }
    if wrong_key && inquiry.asks_a_model {
        return Decision::WrongKey;
    }
    let is_builtin = !inquiry.asks_a_model && !matches!(inquiry.endpoint, Endpoint::Unknown(_));
    match current.replay(inquiry.provider, &inquiry.received) {
        Some(Ok(played)) => return Decision::Replayed(played),
        // What every such provider answers by itself need not be on the tape.
        Some(Err(unknown)) if !is_builtin => return Decision::Unrecorded(unknown.to_string()),
        Some(Err(_)) | None => {}
    }
    if !inquiry.asks_a_model {
        if inquiry.ask.purpose == Purpose::Install && !inquiry.ask.model.is_empty() {
            current.install(&inquiry.ask.model);
        }
        return match inquiry.endpoint {
            Endpoint::Unknown(_) => Decision::Unscripted,
            _ if matches!(inquiry.auth, Auth::Missing | Auth::Wrong) => Decision::WrongKey,
            _ => Decision::Builtin(current.installed(inquiry.stock).to_vec()),
        };
    }
    // What a real provider would refuse is refused; but a provider that the script leaves out should not be asked at all.
    match (current.covers(inquiry.provider), inquiry.auth, refusal) {
        (false, _, _) => Decision::Unscripted,
        (true, Auth::Missing | Auth::Wrong, _) => Decision::WrongKey,
        (true, Auth::Accepted | Auth::NotNeeded, Some(refusal)) => Decision::Refused(refusal),
        (true, Auth::Accepted | Auth::NotNeeded, None) => match current.take(inquiry.provider, inquiry.ask) {
            Some((behaviour, mark)) => Decision::Scripted(behaviour, mark, current.installed(inquiry.stock).to_vec()),
            None => Decision::Unscripted,
        },
    }
}

impl Decision {
    fn matched(&self) -> Matched {
        match self {
            Self::Scripted(behaviour, ..) => Matched::Line(behaviour.line),
            Self::Live { .. } => Matched::Live,
            Self::Replayed(played) => Matched::Replayed(played.line),
            Self::Builtin(_) => Matched::Builtin,
            Self::WrongKey | Self::Refused(_) => Matched::Refused,
            Self::Down => Matched::Down,
            Self::Unscripted | Self::Unrecorded(_) => Matched::Unscripted,
            Self::Late => Matched::Late,
        }
    }
}
