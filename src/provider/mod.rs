//! Mock model providers that speak the real wire formats over real sockets.

mod script;
mod wire;

pub use script::{
    Answer, Barrier, Behaviour, Failing, FailureKind, Fault, Finish, LocalModel, Malformed, Match, ProviderScript,
    Reply, ResetAt, Script, Usage,
};
pub use wire::{ProviderDecl, ProviderName, Wire};
