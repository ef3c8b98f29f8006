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
    /// How a second use of it ended, on another event loop; `None` where that was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Reuse>,
}

/// How whoever uses a thing after its event loop was closed fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// It is made anew, or works all the same: it harms nobody.
    Passes,
    /// It fails, and passes again once the thing is put back to what it was before.
    Fails,
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
        match self.reuse {
            Some(Reuse::Fails) => f.write_str("; confirmed: a second use of it fails")?,
            Some(Reuse::Passes) => f.write_str("; a second use of it passes")?,
            None => {}
        }
        Ok(())
    }
}
