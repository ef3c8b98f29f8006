//! Attacks, and that they come to nothing. Each is one of a kind; `docs/verification.md` lists them.

mod evaluations;
mod fence;
mod folders;
mod journals;
mod kernel_fence;
mod kit;
mod limits;
mod outputs;
mod processes;
mod reads;
mod secrets;
mod terminals;
mod trust;
