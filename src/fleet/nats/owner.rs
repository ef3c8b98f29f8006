//! Whose a fleet is: one coordinator at a time, which says again and again that it is there.

use crate::fleet::FleetError;
use crate::fleet::nats::error::RequestError;
use crate::fleet::nats::names::FleetName;
use crate::fleet::nats::streams::newest;
use crate::platform::process::{is_alive, start_time};
use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// How often it is looked whether the former owner still says that it is there.
const LOOK: Duration = Duration::from_millis(200);

/// A coordinator that has the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner {
    pub run: String,
    pub host: String,
    pub pid: u32,
    pub started: Option<u64>,
    /// Whether it let go.
    pub is_over: bool,
}

impl Owner {
    pub fn this_process(run: &str, host: &str) -> Self {
        let pid = std::process::id();
        let started = i32::try_from(pid).ok().and_then(start_time);
        Self { run: run.to_owned(), host: host.to_owned(), pid, started, is_over: false }
    }

    /// Whether it is known to have died: it ran on this host, and its process is no more.
    fn has_died(&self, host: &str) -> bool {
        let Ok(pid) = i32::try_from(self.pid) else { return false };
        self.host == host && (!is_alive(pid) || start_time(pid) != self.started)
    }
}

/// Takes the fleet, and returns the number of the message that says so. It is free once its owner has been silent for
/// `lease`, or is known to have died.
///
/// # Errors
/// If somebody else has it.
pub(super) async fn take(
    context: &Context,
    fleet: &FleetName,
    owner: &Owner,
    lease: Duration,
) -> Result<u64, FleetError> {
    let subject = fleet.owner();
    let garbled = |error: RequestError| FleetError::Garbled(error.to_string());
    let mut last = newest(context, fleet, &subject).await.map_err(garbled)?;
    let deadline = Instant::now() + lease;
    while let Some((number, text)) = &last {
        let Ok(former) = serde_json::from_slice::<Owner>(text) else { break };
        if former.is_over || former.has_died(&owner.host) || Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(LOOK).await;
        let now = newest(context, fleet, &subject).await.map_err(garbled)?;
        if now.as_ref().is_some_and(|(newer, _)| newer != number) {
            let still =
                |(_, text): &(u64, Vec<u8>)| serde_json::from_slice::<Owner>(text).is_ok_and(|owner| !owner.is_over);
            if now.as_ref().is_some_and(still) {
                return Err(FleetError::Busy(format!("run {} on {}", former.run, former.host)));
            }
        }
        last = now;
    }
    let number = last.map_or(0, |(number, _)| number);
    say(context, fleet, owner, number).await.map_err(|error| match error {
        Said::Overtaken => FleetError::Busy("another one that began at the same time".to_owned()),
        Said::Not(error) => garbled(error),
    })
}

/// Why the owner could not say that it is there.
#[derive(Debug)]
pub(super) enum Said {
    /// Somebody else has the fleet now.
    Overtaken,
    /// The server does not answer.
    Not(RequestError),
}

/// Says that the owner is there, if nobody else has said so since its message of this number.
pub(super) async fn say(context: &Context, fleet: &FleetName, owner: &Owner, number: u64) -> Result<u64, Said> {
    let text = serde_json::to_vec(owner).map_err(|error| Said::Not(error.into()))?;
    let message = PublishMessage::build().payload(text.into()).expected_last_subject_sequence(number);
    let sent = match context.send_publish(fleet.owner(), message).await {
        Ok(sent) => sent.await,
        Err(error) => Err(error),
    };
    sent.map(|ack| ack.sequence).map_err(|error| match error.kind() {
        PublishErrorKind::WrongLastSequence => Said::Overtaken,
        _ => Said::Not(RequestError::refused(error)),
    })
}

/// Says again and again that the owner is there; ends with the reason when somebody else has the fleet.
pub(super) async fn keep(context: Context, fleet: FleetName, owner: Owner, mut number: u64, lease: Duration) -> String {
    loop {
        tokio::time::sleep(lease / 3).await;
        match say(&context, &fleet, &owner, number).await {
            Ok(newer) => number = newer,
            // An acknowledgement that was lost makes our own last word look like somebody else's.
            Err(Said::Overtaken) => match newest(&context, &fleet, &fleet.owner()).await {
                Ok(Some((newer, text))) if serde_json::from_slice::<Owner>(&text).is_ok_and(|found| found == owner) => {
                    number = newer;
                }
                Ok(_) => return "another coordinator has taken the fleet over".to_owned(),
                Err(_) => {}
            },
            Err(Said::Not(_)) => {}
        }
    }
}
