//! `run --workers`: the rounds of a run on the machines of a fleet.

use crate::app::{AppError, FleetOptions, ToolInfo};
use crate::engine::Rounds;
use crate::event::{Header, Machine};
use crate::fleet::{Coordinator, Invitation, Metrics, NatsBroker};
use crate::platform::{cores, kernel, memory_mib, processor};

/// What is known of this machine.
pub(super) fn this_machine() -> Machine {
    let cores = u32::try_from(cores()).unwrap_or(u32::MAX);
    Machine { kernel: kernel(), processor: processor(), cores, memory_mib: memory_mib() }
}

/// The coordinator of a run, as an engine for its rounds. `header` is the run's, without secrets.
///
/// # Errors
/// If the server can't be reached, or another run has the fleet.
pub(super) fn coordinator(fleet: &FleetOptions, header: Header, tool: &ToolInfo) -> Result<Box<dyn Rounds>, AppError> {
    let metrics = fleet.metrics.map(Metrics::serve).transpose()?;
    let invitation = Invitation { header, variables: tool.environment.keys().cloned().collect() };
    let (broker, state) = NatsBroker::open(&fleet.address, &fleet.name, &invitation, &fleet.host, fleet.lease)?;
    Ok(Box::new(Coordinator::new(Box::new(broker), state, fleet.host.clone(), fleet.patience, metrics)))
}
