//! Arguments, environment, terminal; nothing else reads them.

mod arguments;
mod config;
mod door;
mod exit;
mod live;
mod main;
mod memory;
mod memory_arguments;
mod run_arguments;
mod selfcheck;
mod signals;
mod stand_in;
mod start;
mod suite_arguments;
mod trouble;

#[cfg(fuzzing)]
pub use config::fuzz_config;
pub use exit::Exit;
pub use main::main;
