//! What the probe found in a case.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// What the probe found when a case had ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Found {
    /// By kind, how many are open. A kind that is not there was not measured.
    pub counts: BTreeMap<String, u64>,
    /// What outlives the event loop that it belongs to.
    pub loop_bound: Vec<Resource>,
    /// Tasks that were pending when their loop was closed.
    pub pending_tasks: Vec<PendingTask>,
    /// Coroutines that nobody awaited.
    pub never_awaited: Vec<NeverAwaited>,
}

/// A thing with the place of its creation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Resource {
    /// Its kind: `client_session`, `transport` …
    pub kind: String,
    /// Its type's full name.
    #[serde(rename = "type")]
    pub class: String,
    /// `file:line in function`, innermost first.
    pub created: Vec<String>,
    /// From a module's global down to it, where that could be followed.
    pub held_by: Option<String>,
    /// The loop that it belongs to.
    #[serde(rename = "loop")]
    pub event_loop: Option<String>,
}

/// A task that nothing will ever end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct PendingTask {
    /// Its name.
    pub task: String,
    /// What it runs.
    pub coroutine: String,
}

/// A coroutine that was made and dropped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct NeverAwaited {
    /// Its name.
    pub coroutine: String,
    /// `file:line`.
    pub defined: String,
}

impl Found {
    /// What it says, a line each.
    pub fn lines(&self) -> Vec<String> {
        let bound = self.loop_bound.iter().map(ToString::to_string);
        let pending = self
            .pending_tasks
            .iter()
            .map(|task| format!("task {} ({}) was pending when its event loop was closed", task.task, task.coroutine));
        let dropped = self
            .never_awaited
            .iter()
            .map(|dropped| format!("coroutine {} ({}) was never awaited", dropped.coroutine, dropped.defined));
        bound.chain(pending).chain(dropped).collect()
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loop_bound: {}", self.class)?;
        if let Some(place) = self.created.first() {
            write!(f, ", created at {place},")?;
        }
        write!(f, " outlives its event loop")?;
        if let Some(event_loop) = &self.event_loop {
            write!(f, " {event_loop}")?;
        }
        if let Some(holder) = &self.held_by {
            write!(f, "; held by {holder}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_session_is_told_with_its_place_and_its_holder() {
        let text = r#"{"case": "x", "counts": {"fds": 7}, "loop_bound": [{"kind": "client_session",
            "type": "aiohttp.client.ClientSession", "created": ["client.py:8 in session"], "case": null, "serial": 1,
            "held_by": "app.client: CLIENT -> Client._session", "loop": "Loop (closed)"}]}"#;
        let found: Found = serde_json::from_str(text).expect("what the probe says");
        let told = "loop_bound: aiohttp.client.ClientSession, created at client.py:8 in session, outlives its event \
                    loop Loop (closed); held by app.client: CLIENT -> Client._session";
        assert_eq!(found.lines(), [told]);
    }
}
