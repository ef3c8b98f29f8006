//! System files: how a deployment is started, reached, reset and spoken to.

mod binding;
mod draft;
mod load;
mod process;

pub use load::{BUILT_IN, load_system};
