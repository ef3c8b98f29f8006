//! Streamed bodies cut into frames: server-sent events, or one JSON object per line.

mod frames;
mod lines;

pub(super) use frames::{Frames, Framing};
