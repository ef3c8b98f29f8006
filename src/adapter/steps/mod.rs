//! The steps of a case, played against a stage.

mod expect;
mod player;
mod problem;
mod request;
mod reset;
mod scene;
mod verbs;

pub(super) use player::{Played, Player};
pub(super) use problem::Problem;
