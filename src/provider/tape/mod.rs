//! Tapes: exchanges between a system and a provider, recorded to be played again.
//!
//! A [`recorder::Recorder`] writes a line for each exchange that a front delivers, whatever answered it: request, answer,
//! the borders of its chunks, and when each went out. A [`Tape`] is read from such a file and answers in a provider's place.
//! No key gets into a file ([`mask`]).

pub(crate) mod asked;
mod bytes;
pub(crate) mod exchange;
pub(crate) mod mask;
pub(crate) mod page;
pub(crate) mod player;
pub(crate) mod recorder;
pub(crate) mod schema;
pub(crate) mod taping;
