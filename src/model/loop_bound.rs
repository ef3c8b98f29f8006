//! A resource that outlives the event loop it belongs to.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A resource that outlives the event loop it belongs to: whoever uses it next fails.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoopBound {
    /// Its kind: `client_session`, `transport` …
    pub kind: String,
    /// Its type's full name.
    #[serde(rename = "type")]
    pub class: String,
    /// Where it was made, innermost first: `file:line in function`.
    #[serde(default)]
    pub created: Vec<String>,
    /// Who holds it, from a module's global down to it, where that could be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// The loop that it belongs to.
    #[serde(default, rename = "loop", skip_serializing_if = "Option::is_none")]
    pub event_loop: Option<String>,
}

impl fmt::Display for LoopBound {
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
