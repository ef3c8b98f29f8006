//! From the tree as typed to the case as meant. Nothing here stops at a mistake: it is noted, and the reading goes on.

mod action;
mod behaviour;
mod calls;
mod expect;
mod given;
mod matcher;
mod providers;
mod reader;
mod scenario;
mod step;
mod values;

pub(crate) use action::METHODS as HTTP_METHODS;
pub(crate) use reader::{Names, Reader, quoted};
pub(crate) use scenario::read_scenario;
