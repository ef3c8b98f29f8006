//! What is answered: the script of a case, as the loader makes it and the rule engine uses it up.

pub(crate) mod behaviour;
pub(crate) mod case;
pub(crate) mod failing;
pub(crate) mod reply;
