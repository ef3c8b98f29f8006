//! A request that a mock provider received, and what became of it.

use crate::model::TrialKey;
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;
use crate::provider::wire::ask::{Auth, Message};
use crate::provider::wire::endpoint::Endpoint;
use crate::provider::wire::table::Wire;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A place in the journal of calls: one sequence over all providers of a round, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

/// An accepted connection, from 0 over all providers of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

/// What the answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// Nothing yet: the request has not been read to its end.
    Undecided,
    /// The behaviour at this line of the scenario.
    Line(u32),
    /// This exchange of a tape, counted from 1.
    Replayed(u32),
    /// The real provider answered.
    Live,
    /// Nobody: its worst case would have passed the limit of what live calls may cost, or nothing bounds it.
    NotMade,
    /// The provider is down in this case.
    Down,
    /// The provider itself refused it: wrong key, missing field. No scripted behaviour was used up.
    Refused,
    /// What every such provider answers: tags, version, the loading of a model.
    Builtin,
    /// Nothing in the script covers it.
    Unscripted,
    /// It belongs to a trial that has ended.
    Late,
}

/// How far a call has come. Bytes are those of the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It is being answered.
    InFlight,
    /// The whole answer went out as it was meant.
    Completed,
    /// The connection was closed in good order before the answer was whole, as scripted.
    Cut {
        /// What went out.
        bytes: u64,
    },
    /// The client hung up before the answer was whole.
    ClientGone {
        /// What went out.
        bytes: u64,
    },
    /// The connection was reset: as scripted, or because the trial was over and its time was up.
    Reset {
        /// What went out.
        bytes: u64,
    },
    /// It hung as scripted, and was reset when the trial was over.
    Hung,
    /// It was held for calls that never came, and was reset.
    Held,
}

/// One request to a mock provider. Times are since the start of the providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Its place in the journal.
    pub seq: Seq,
    /// Whose it is. `None`: it came between trials, and nothing says from which.
    pub trial: Option<TrialKey>,
    /// The provider that was asked.
    pub provider: ProviderName,
    /// What it speaks.
    pub wire: Wire,
    /// What was asked for.
    pub endpoint: Endpoint,
    /// The connection it came on.
    pub connection: ConnectionId,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The model asked for; empty if none was.
    pub model: String,
    /// The system prompt.
    pub system: String,
    /// The messages of the conversation so far.
    pub messages: Vec<Message>,
    /// Other trials whose answers' marks its text carries: what one case told a model turns up in another's request.
    pub carries: Vec<TrialKey>,
    /// Whether something says that it may be an earlier trial's, and not enough to say so: nobody is blamed for it.
    pub doubtful: bool,
    /// What its key was worth.
    pub auth: Auth,
    /// When its head was read.
    pub arrived: Duration,
    /// When its answer ended, in whatever way.
    pub answered: Option<Duration>,
    /// What the answer came from.
    pub matched: Matched,
    /// The status that was decided on; `None` if the answer is none at all.
    pub status: Option<u16>,
    /// The mark in the answer.
    pub mark: Option<Mark>,
    /// How far it has come.
    pub ended: Ended,
    /// `x-stainless-retry-count`, as SDKs send it: 0 for a first attempt.
    pub retry: Option<u32>,
    /// Tells bodies apart.
    pub body: BodyHash,
    /// The text that a model answered, where no mark tells whose it is: from a tape, or from a real provider.
    pub said: Option<String>,
    /// Why nothing answered it, where more is known than that.
    pub remark: Option<String>,
}

impl Call {
    /// The last message of the user; empty if there is none.
    pub fn last_user_message(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| &message.text)
    }

    /// Every text of the request, system prompt first, a line break between two.
    pub fn all_text(&self) -> String {
        let texts =
            std::iter::once(self.system.as_str()).chain(self.messages.iter().map(|message| message.text.as_str()));
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Whether it asked a model something, by the provider's rules: it counts for `calls`.
    pub fn asks_a_model(&self) -> bool {
        self.endpoint.is_model_call() && self.matched != Matched::Builtin
    }

    /// Whether a model's whole answer went out, which is what makes an answer of the system true.
    pub fn is_answered(&self) -> bool {
        self.ended == Ended::Completed && (self.mark.is_some() || self.said.is_some())
    }

    /// Whether it ended in a way after which SDKs try again.
    pub fn may_be_tried_again(&self) -> bool {
        match self.ended {
            Ended::InFlight => false,
            Ended::Completed => matches!(self.status, None | Some(408 | 409 | 429 | 500..)),
            Ended::Cut { .. } | Ended::ClientGone { .. } | Ended::Reset { .. } | Ended::Hung | Ended::Held => true,
        }
    }

    /// Bytes of text that it keeps.
    pub(crate) fn text_bytes(&self) -> usize {
        self.system.len() + self.model.len() + self.messages.iter().map(|m| m.text.len() + m.role.len()).sum::<usize>()
    }
}
