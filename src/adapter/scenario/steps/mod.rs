//! The steps of a case, played against a stage.

mod expect;
mod form;
mod player;
mod problem;
mod request;
mod reset;
mod scene;
mod sql;
mod tries;
mod verbs;

pub(in crate::adapter) use player::{Played, Player, Spoken};
pub(in crate::adapter) use problem::Problem;
pub use tries::Tried;
