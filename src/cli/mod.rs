//! Arguments, environment, terminal; nothing else reads them.

mod arguments;
mod exit;
mod live;
mod main;
mod run_arguments;
mod signals;
mod suite_arguments;

pub use exit::Exit;
pub use main::main;
