//! Mock model providers that speak the real wire formats over real sockets.
//!
//! A *front* of hyper owns each provider's port and decides how an answer goes out: paced, held, cut, reset, or not at
//! all. Behind it a wiremock server, whose one responder is the rule engine, decides what is answered: by the script of
//! the trial under way, or by a provider's own rules. What arrived, whose it was and how it ended stands in one journal
//! over all providers of a round, so that a case can be judged by what really went over the wire.
//!
//! The rooms: `wire` has a file per wire format, `script` what is answered, `exchange` whose a request is and what becomes
//! of it, `front` how an answer goes over the wire, `tape` what was recorded, `verify`
//! whether mocks are like the real ones, `live` the real
//! providers behind the fronts, `proxy` the way to the providers for programs that know
//! nothing of them.
//!
//! `docs/providers.md` says what is mocked and how an SDK is pointed at it.

mod audio;
mod decl;
mod delivery;
mod engine;
mod error;
mod exchange;
mod front;
mod hash;
mod live;
mod mark;
mod name;
mod providers;
mod proxy;
mod script;
mod serve;
mod shared;
mod tape;
mod verify;
mod wire;

pub use audio::Wav;
pub use decl::ProviderDecl;
pub use error::ProviderError;
pub use exchange::attribution::Attribution;
pub use exchange::call::{Call, ConnectionId, Ended, Matched, Seq};
pub use exchange::connections::{Connections, OpenConnection};
pub use exchange::journal::JournalLimits;
pub use exchange::logical::{LogicalCall, logical_calls};
pub use exchange::outcome::{TrialCalls, UnusedAnswer};
pub use front::hold::Counted;
pub use front::thread::Quiet;
pub use hash::BodyHash;
pub use live::gateway::{Live, LiveHost};
pub use live::price::Price;
pub use live::purse::{Purse, Spent};
pub use mark::Mark;
pub use name::ProviderName;
pub use providers::{Providers, ProvidersOptions, ShutdownReport};
pub use proxy::{EnclosedTrial, Enclosure, EnclosureError, Proxy, ProxyError, Reach, Stray, StrayKind, Strays};
pub use script::behaviour::{Answer, Barrier, Behaviour, Fault, Malformed, ResetAt};
pub use script::case::{LocalModel, Match, ProviderScript, Script};
pub use script::failing::{Failing, FailureKind};
pub use script::reply::{Finish, Reply, Usage};
pub use serve::ServeProviders;
pub use tape::exchange::{Answer as TapedAnswer, Chunk, End, Exchange, Request as TapedRequest, TAPE_VERSION};
pub use tape::player::{Pace, Tape, TapeError};
pub use tape::recorder::{Recorder, TAPE_EXTENSION};
pub use tape::schema::tape_schema;
pub use verify::{Compared, Difference, Inquired, Inquiry, VerifyError, verify};
pub use wire::ask::{Auth, Message};
pub use wire::endpoint::Endpoint;
#[cfg(fuzzing)]
pub use wire::fuzzed::fuzz_request;
pub use wire::table::Wire;
pub use wire::transcriptions::recording;
