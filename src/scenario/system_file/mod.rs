//! System files: how a deployment is started, reached, reset and spoken to.

mod binding;
mod draft;
mod load;
mod process;

pub(crate) use binding::BINDING_KEYS;
pub(crate) use draft::{PROVIDER_KEYS, SYSTEM_KEYS};
pub use load::{BUILT_IN, load_system};
pub(crate) use process::PROCESS_KEYS;
