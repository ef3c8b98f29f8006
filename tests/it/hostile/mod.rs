//! Attacks, and that they come to nothing. Each is one of a kind; `docs/verification.md` lists them.

mod folders;
mod journals;
mod kit;
mod outputs;
mod processes;
