//! Speech: Mistral hears, Piper speaks.
//!
//! A transcription is a cloud call like a chat's: admitted by its estimate, reserved, settled, and never made for a
//! learner who stays local. Synthesis is local and free. Neither has a fallback: where the provider fails, the learner
//! is told so.

pub(super) mod audio;
pub(super) mod failure;
pub(super) mod hear;
mod sentences;
pub(super) mod speak;
pub(super) mod tongue;
pub(super) mod voices;
