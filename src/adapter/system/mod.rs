//! Systems under scenarios: embedded in the worker, started as a process, or already running at a URL.

pub(super) mod embedded;
pub(super) mod event_loop;
pub(super) mod holdings;
pub(super) mod output;
pub(super) mod port;
pub(super) mod process;
pub(super) mod ready_system;
pub(super) mod scope;
