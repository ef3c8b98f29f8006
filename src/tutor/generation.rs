//! Which reset a piece of state belongs to. A call that was begun before an administrator's reset must not write its
//! late result into what came after, or one case would reach into the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// One period between two resets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// The count of resets, shared by everything that a reset clears.
#[derive(Debug, Clone, Default)]
pub(super) struct Generations(Arc<AtomicU64>);

impl Generations {
    pub(super) fn current(&self) -> Generation {
        Generation(self.0.load(Ordering::SeqCst))
    }

    pub(super) fn is_current(&self, generation: Generation) -> bool {
        self.current() == generation
    }

    /// Begins a new period; whoever clears its state does so afterwards.
    pub(super) fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
