//! Live mode: calls go on to the real providers, with the user's own keys and within a limit of money.
//!
//! A front passes a request on only when its worst case is reserved in the [`purse::Purse`] of the run: what the request's
//! bytes and its limit of tokens can cost at the model's [`price::Price`]. What it did cost is counted from the usage that
//! the answer tells.

pub(crate) mod gateway;
pub(crate) mod price;
pub(crate) mod purse;
