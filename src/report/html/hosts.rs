//! The hosts of a fleet, a line for each.

use crate::event::Machine;
use crate::report::text::visible;
use crate::report::view::View;
use crate::verdict::HostJudgement;
use serde::Serialize;

/// How many cases are named for a host.
const NAMED: usize = 5;

/// A host in the table.
#[derive(Debug, Serialize)]
pub(super) struct HostRow {
    name: String,
    rounds: u32,
    failures: u32,
    trials: u32,
    /// How many times as long as elsewhere its rounds took.
    pace: String,
    machine: String,
    told: Vec<String>,
}

/// The lines of the table; none where one host did everything.
pub(super) fn rows_of_hosts(view: &View<'_>) -> Vec<HostRow> {
    view.judgement.hosts.iter().map(|judged| row(view, judged)).collect()
}

fn row(view: &View<'_>, judged: &HostJudgement) -> HostRow {
    let properties = judged.machine.iter().flat_map(Machine::properties);
    let machine = properties.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ");
    let mut told = Vec::new();
    if let Some(pace) = judged.pace.filter(|_| judged.is_lame()) {
        told.push(format!("lame: its rounds took {pace:.1} times as long as elsewhere"));
    }
    let failing = judged.cases.iter().take(NAMED).map(|case| format!("{} fails here more often", view.id(*case)));
    told.extend(failing);
    if let more @ 1.. = judged.cases.len().saturating_sub(NAMED) {
        told.push(format!("{more} more cases fail here more often: see report.json"));
    }
    HostRow {
        name: visible(judged.shown()).into_owned(),
        rounds: judged.rounds,
        failures: judged.rate.failures(),
        trials: judged.rate.trials(),
        pace: judged.pace.map_or_else(String::new, |pace| format!("{pace:.2}")),
        machine: visible(&machine).into_owned(),
        told,
    }
}
