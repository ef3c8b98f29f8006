//! What several kinds of subject need: folders, copies of trees, templates, noise, mock providers around a suite.

pub(super) mod kept;
pub(super) mod mirror;
pub(super) mod python;
pub(super) mod reach;
pub(super) mod round_accounts;
pub(super) mod sandbox;
pub(super) mod stress;
pub(super) mod surroundings;
pub(super) mod template;
pub(super) mod tree;
