//! What the probe found in a case.

use crate::model::LoopBound;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the probe found when a case had ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Found {
    /// By kind, how many are open. A kind that is not there was not measured.
    pub counts: BTreeMap<String, u64>,
    /// What outlives the event loop that it belongs to.
    pub loop_bound: Vec<LoopBound>,
    /// Tasks that were pending when their loop was closed.
    pub pending_tasks: Vec<PendingTask>,
    /// Coroutines that nobody awaited.
    pub never_awaited: Vec<NeverAwaited>,
    /// Exceptions that the probe kept from the program, by place and kind.
    pub swallowed: BTreeMap<String, u64>,
}

/// A task that nothing will ever end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PendingTask {
    /// The name of the task.
    pub task: String,
    /// What it runs.
    pub coroutine: String,
}

/// A coroutine that was made and dropped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct NeverAwaited {
    /// The name of the coroutine.
    pub coroutine: String,
    /// Where it was defined, as `file:line`.
    pub defined: String,
}

impl Found {
    /// Adds what another process found.
    pub fn extend(&mut self, other: Self) {
        for (kind, count) in other.counts {
            let total = self.counts.entry(kind).or_default();
            *total = total.saturating_add(count);
        }
        self.loop_bound.extend(other.loop_bound);
        self.pending_tasks.extend(other.pending_tasks);
        self.never_awaited.extend(other.never_awaited);
        for (place, count) in other.swallowed {
            let total = self.swallowed.entry(place).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// What it says besides, a line each.
    pub fn notes(&self) -> Vec<String> {
        let pending = self
            .pending_tasks
            .iter()
            .map(|task| format!("task {} ({}) was pending when its event loop was closed", task.task, task.coroutine));
        let dropped = self
            .never_awaited
            .iter()
            .map(|dropped| format!("coroutine {} ({}) was never awaited", dropped.coroutine, dropped.defined));
        pending.chain(dropped).chain(swallowed(&self.swallowed)).collect()
    }
}

/// What a reader should know where a look at the process was broken off by an exception.
pub(crate) fn swallowed(counts: &BTreeMap<String, u64>) -> impl Iterator<Item = String> + '_ {
    counts.iter().map(|(place, count)| {
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        format!("a look at the Python process was broken off {times} ({place}): what it would have found is not told")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_that_the_probe_kept_to_itself_are_counted_over_all_processes() {
        let one = |text: &str| serde_json::from_str::<Found>(text).expect("what the probe says");
        let mut found = one(r#"{"swallowed": {"Probe.add: TypeError": 1}}"#);
        found.extend(one(r#"{"swallowed": {"Probe.add: TypeError": 2, "patch: KeyError": 1}}"#));
        let told = found.notes();
        assert!(told[0].contains("3 times (Probe.add: TypeError)"), "{told:?}");
        assert!(told[1].contains("once (patch: KeyError)"), "{told:?}");
    }

    #[test]
    fn a_bound_session_is_told_with_its_place_and_its_holder() {
        let text = r#"{"case": "x", "counts": {"fds": 7}, "loop_bound": [{"kind": "client_session",
            "type": "aiohttp.client.ClientSession", "created": ["client.py:8 in session"], "case": null, "serial": 1,
            "held_by": "app.client: CLIENT -> Client._session", "loop": "Loop (closed)"}]}"#;
        let found: Found = serde_json::from_str(text).expect("what the probe says");
        let told = "loop_bound: aiohttp.client.ClientSession, created at client.py:8 in session, outlives its event \
                    loop Loop (closed); held by app.client: CLIENT -> Client._session";
        assert_eq!(found.loop_bound.iter().map(ToString::to_string).collect::<Vec<_>>(), [told]);
        assert!(found.notes().is_empty());
    }
}
