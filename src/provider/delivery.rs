//! How an answer goes over the wire: what the rule engine tells the front, in a header that no client ever sees.

use crate::provider::live::gateway::Quote;
use crate::provider::script::behaviour::{Answer, Behaviour, Fault, ResetAt};
use crate::provider::wire::format::Format;
use crate::provider::wire::page::Page;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The header in which the front names the call to the rule engine.
pub(crate) const CALL_HEADER: &str = "x-steadfast-call";
/// The header in which the rule engine tells the front how the answer goes out.
pub(crate) const DELIVERY_HEADER: &str = "x-steadfast-delivery";

/// How one answer goes over the wire.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Delivery {
    /// Hold the answer until so many model calls have arrived in the trial.
    pub(crate) hold: Option<u32>,
    /// The pause before the first byte.
    pub(crate) after: Duration,
    /// The pause between two pieces.
    pub(crate) every: Duration,
    /// The lengths of the body's pieces.
    pub(crate) pieces: Vec<u32>,
    /// When each piece goes out, since the head did; without it, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) schedule: Vec<Duration>,
    /// Whether it is a stream, without Content-Length.
    pub(crate) stream: bool,
    /// What is sent while the answer waits.
    pub(crate) keep_alive: Option<KeepAlive>,
    /// What happens to the connection.
    pub(crate) fault: Option<Fault>,
    /// Nothing is answered at all.
    pub(crate) hang: bool,
    /// The connection ends with the answer.
    pub(crate) close: bool,
    /// It goes on to the real provider, and may cost this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quote: Option<Quote>,
    /// Headers that the scenario adds.
    pub(crate) headers: Vec<(String, String)>,
}

/// What is sent while an answer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeepAlive {
    /// Blank lines before a JSON document.
    BlankLines,
    /// Comments of an event stream.
    Comments,
}

impl KeepAlive {
    pub(crate) fn bytes(self) -> &'static [u8] {
        match self {
            Self::BlankLines => b"\n",
            Self::Comments => b": keep-alive\n\n",
        }
    }
}

impl Delivery {
    /// An answer as the provider itself gives it.
    pub(crate) fn of_page(page: &Page) -> Self {
        Self { pieces: page.pieces.clone(), stream: page.stream, ..Self::default() }
    }

    /// An answer as a behaviour says.
    pub(crate) fn of(behaviour: &Behaviour, format: &dyn Format, page: &Page) -> Self {
        let reply = matches!(behaviour.answer, Answer::Reply(_)) && page.status == 200;
        let waits = format.keeps_alive_from().is_some_and(|from| behaviour.after >= from);
        let alive = waits && reply && behaviour.fault.is_none();
        let keep_alive = if page.stream { KeepAlive::Comments } else { KeepAlive::BlankLines };
        Self {
            hold: behaviour.hold_until.map(|barrier| barrier.calls),
            after: behaviour.after,
            every: behaviour.every,
            keep_alive: alive.then_some(keep_alive),
            fault: behaviour.fault,
            hang: matches!(behaviour.answer, Answer::Hang),
            headers: behaviour.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            ..Self::of_page(page)
        }
    }

    /// A connection that is reset before it answers anything.
    pub(crate) fn down() -> Self {
        Self { fault: Some(Fault::Reset(ResetAt::Start)), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_survives_its_way_through_the_header() {
        let delivery = Delivery {
            hold: Some(8),
            after: Duration::from_micros(1500),
            pieces: vec![1, 2, 3],
            schedule: vec![Duration::from_micros(7)],
            stream: true,
            keep_alive: Some(KeepAlive::Comments),
            fault: Some(Fault::Reset(ResetAt::Byte(7))),
            headers: vec![("x-should-retry".into(), "false".into())],
            ..Delivery::default()
        };
        let text = serde_json::to_string(&delivery).expect("it serialises");
        assert_eq!(serde_json::from_str::<Delivery>(&text).ok(), Some(delivery));
    }
}
