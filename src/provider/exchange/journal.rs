//! The journal of calls: one sequence over all providers of a round, bounded.

use crate::model::TrialKey;
use crate::provider::exchange::call::{Call, Ended, Matched, Seq};
use std::collections::BTreeMap;
use std::time::Duration;

/// How much the journal keeps at once. What goes beyond it is answered all the same, and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalLimits {
    /// How many calls there were.
    pub calls: usize,
    /// Bytes of their texts; beyond it, calls are kept without texts.
    pub text_bytes: usize,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { calls: 10_000, text_bytes: 64 << 20 }
    }
}

/// The calls of the trial under way, and late ones that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Journal {
    limits: JournalLimits,
    next: Seq,
    calls: BTreeMap<Seq, Call>,
    text_bytes: usize,
    dropped: u64,
}

impl Journal {
    pub(crate) fn new(limits: JournalLimits) -> Self {
        Self { limits, next: Seq(0), calls: BTreeMap::new(), text_bytes: 0, dropped: 0 }
    }

    /// The place of the next call.
    pub(crate) fn next(&self) -> Seq {
        self.next
    }

    /// Enters a call that has arrived, and says its place.
    pub(crate) fn enter(&mut self, mut call: Call) -> Seq {
        let seq = self.next;
        self.next = Seq(seq.0 + 1);
        if self.calls.len() < self.limits.calls {
            call.seq = seq;
            self.calls.insert(seq, call);
        } else {
            self.dropped += 1;
        }
        seq
    }

    /// Changes a call; its texts are dropped if there are too many of them.
    pub(crate) fn change(&mut self, seq: Seq, change: impl FnOnce(&mut Call)) {
        let Some(call) = self.calls.get_mut(&seq) else { return };
        self.text_bytes -= call.text_bytes();
        change(call);
        if self.text_bytes + call.text_bytes() > self.limits.text_bytes {
            call.system.clear();
            call.messages.clear();
            call.model.truncate(0);
        }
        self.text_bytes += call.text_bytes();
    }

    /// When a call arrived.
    pub(crate) fn arrived(&self, seq: Seq) -> Option<Duration> {
        self.calls.get(&seq).map(|call| call.arrived)
    }

    /// A call has ended.
    pub(crate) fn end(&mut self, seq: Seq, at: Duration, ended: Ended) {
        self.change(seq, |call| {
            call.ended = ended;
            call.answered = Some(at);
        });
    }

    /// The calls of a trial from a place on, but no late ones.
    pub(crate) fn of_trial(&self, trial: TrialKey, from: Seq) -> Vec<Call> {
        let is_its_own = |call: &&Call| call.trial == Some(trial) && call.matched != Matched::Late;
        self.calls.range(from..).map(|(_, call)| call).filter(is_its_own).cloned().collect()
    }

    /// Takes everything: what is there, and how many calls were not kept.
    pub(crate) fn take(&mut self) -> (Vec<Call>, u64) {
        self.text_bytes = 0;
        (std::mem::take(&mut self.calls).into_values().collect(), std::mem::take(&mut self.dropped))
    }

    /// Takes one call.
    pub(crate) fn remove(&mut self, seq: Seq) -> Option<Call> {
        let call = self.calls.remove(&seq)?;
        self.text_bytes -= call.text_bytes();
        Some(call)
    }
}
