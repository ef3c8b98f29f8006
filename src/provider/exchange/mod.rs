//! Whose a request is, and what becomes of it: the trial under way, what is remembered of earlier ones, and the journal.

pub(crate) mod attribution;
pub(crate) mod call;
pub(crate) mod connections;
pub(crate) mod cursor;
pub(crate) mod journal;
pub(crate) mod logical;
pub(crate) mod outcome;
pub(crate) mod past;
pub(crate) mod shared_state;
pub(crate) mod trial;
