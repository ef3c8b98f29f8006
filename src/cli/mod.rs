//! Arguments, environment, terminal; nothing else reads them.

mod arguments;
mod exit;
mod live;
mod main;
mod run_arguments;
mod selfcheck;
mod signals;

pub use exit::Exit;
pub use main::main;
