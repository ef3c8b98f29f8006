//! Mock model providers that speak the real wire formats over real sockets.
//!
//! A *front* of hyper owns each provider's port and decides how an answer goes out: paced, held, cut, reset, or not at
//! all. Behind it a wiremock server, whose one responder is the rule engine, decides what is answered: by the script of
//! the trial under way, or by a provider's own rules. What arrived, whose it was and how it ended stands in one journal
//! over all providers of a round, so that a case can be judged by what really went over the wire.
//!
//! `docs/providers.md` says what is mocked and how an SDK is pointed at it.

mod attribution;
mod call;
mod connections;
mod cursor;
mod delivery;
mod engine;
mod format;
mod front;
mod journal;
mod logical;
mod mark;
mod past;
mod providers;
mod proxy;
mod script;
mod serve;
mod shared;
mod stage;
mod trial;
mod wire;

pub use attribution::Attribution;
pub use call::{Auth, BodyHash, Call, ConnectionId, Ended, Endpoint, Matched, Message, Seq};
pub use connections::{Connections, OpenConnection};
#[cfg(fuzzing)]
pub use format::fuzz_request;
pub use format::supports;
pub use journal::JournalLimits;
pub use logical::{LogicalCall, logical_calls};
pub use mark::Mark;
pub use providers::{ProviderError, Providers, ProvidersOptions, Quiet, ShutdownReport, TrialCalls, UnusedAnswer};
pub use proxy::{EnclosedTrial, Enclosure, EnclosureError, Proxy, ProxyError, Reach, Stray, StrayKind, Strays};
pub use script::{
    Answer, Barrier, Behaviour, Failing, FailureKind, Fault, Finish, LocalModel, Malformed, Match, ProviderScript,
    Reply, ResetAt, Script, Usage,
};
pub use serve::ServeProviders;
pub use wire::{ProviderDecl, ProviderName, Wire};
