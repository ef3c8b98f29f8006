//! How an answer is to come.

/// How an answer is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Delivery {
    Whole,
    Streamed,
}

impl Delivery {
    pub(super) fn is_streamed(self) -> bool {
        self == Self::Streamed
    }
}
