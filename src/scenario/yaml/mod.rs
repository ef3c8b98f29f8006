//! YAML as a tree in which every node knows its place.
//!
//! Deserialising straight into types stops at the first mistake. The tree is read from the parser's events, so that
//! whoever reads it can collect every mistake of a file, each with its place.

mod node;
mod parse;
mod scalar;

pub(crate) use node::{Entry, Kind, Node, Span};
pub(crate) use parse::{MAX_BYTES, parse};
pub(crate) use scalar::{Scalar, Typed};
