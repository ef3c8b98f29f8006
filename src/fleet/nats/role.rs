//! What a server must allow each side of a fleet, and nothing else.

use crate::fleet::nats::names::{CONSUMER, FleetName, Kind, WORKERS_INBOX};
use std::fmt::Write;

/// A side of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Plans, offers rounds and takes in what they came to.
    Coordinator,
    /// Plays rounds that are offered.
    Worker,
}

impl Role {
    /// The permissions of a user with this role, as they stand in a configuration of nats-server.
    pub fn permissions(self, fleet: &FleetName) -> String {
        let (publish, subscribe) = match self {
            Self::Worker => worker(fleet),
            Self::Coordinator => coordinator(fleet),
        };
        let mut text = String::from("permissions: {\n");
        for (word, subjects) in [("publish", publish), ("subscribe", subscribe)] {
            let _ = writeln!(text, "  {word}: [");
            for subject in subjects {
                let _ = writeln!(text, "    \"{subject}\"");
            }
            text.push_str("  ]\n");
        }
        text.push_str("}\n");
        text
    }
}

/// A worker asks for rounds and acknowledges them, reads what the fleet is at work on, and says what came of it. It
/// can't offer rounds, read what others sent, or change a stream.
fn worker(fleet: &FleetName) -> (Vec<String>, Vec<String>) {
    let (rounds, header) = (fleet.stream(Kind::Rounds), fleet.stream(Kind::Header));
    let mut publish = vec![
        format!("$JS.API.CONSUMER.INFO.{rounds}.{CONSUMER}"),
        format!("$JS.API.CONSUMER.MSG.NEXT.{rounds}.{CONSUMER}"),
        format!("$JS.API.STREAM.MSG.GET.{header}"),
        format!("$JS.ACK.{rounds}.{CONSUMER}.>"),
    ];
    publish.extend([Kind::Claims, Kind::Pieces, Kind::Results].map(|kind| fleet.all(kind)));
    publish.push(fleet.told());
    (publish, vec![format!("{WORKERS_INBOX}.>"), fleet.state()])
}

/// A coordinator makes the streams of its fleet, fills and empties them, reads results, and takes them away. It sees no other fleet.
fn coordinator(fleet: &FleetName) -> (Vec<String>, Vec<String>) {
    let mut publish = Vec::new();
    for kind in Kind::ALL {
        let stream = fleet.stream(kind);
        publish.extend(
            ["INFO", "CREATE", "PURGE", "DELETE", "MSG.GET"].map(|verb| format!("$JS.API.STREAM.{verb}.{stream}")),
        );
    }
    for kind in [Kind::Rounds, Kind::Results] {
        let stream = fleet.stream(kind);
        publish.push(format!("$JS.API.CONSUMER.CREATE.{stream}"));
        let verbs = ["CREATE", "DURABLE.CREATE", "INFO", "MSG.NEXT", "DELETE"];
        publish.extend(verbs.map(|verb| format!("$JS.API.CONSUMER.{verb}.{stream}.>")));
    }
    publish.extend([Kind::Rounds, Kind::Header].map(|kind| fleet.all(kind)));
    (publish, vec!["_INBOX.>".to_owned(), fleet.told()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_allowed_nothing_that_changes_a_stream_or_offers_rounds() {
        let fleet: FleetName = "blue".parse().expect("a name");
        let text = Role::Worker.permissions(&fleet);
        for wanted in ["$JS.API.CONSUMER.MSG.NEXT.STEADFAST_blue_ROUNDS.workers", "steadfast.blue.results.>"] {
            assert!(text.contains(&format!("\"{wanted}\"")), "{text}");
        }
        for word in ["CREATE", "DELETE", "PURGE", "steadfast.blue.rounds", "\"_INBOX.>\"", "header.>"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}
