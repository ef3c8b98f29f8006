//! A recorded answer, as the page and the delivery that play it.

use crate::provider::delivery::Delivery;
use crate::provider::script::behaviour::{Fault, ResetAt};
use crate::provider::tape::exchange::{Answer, Chunk, End};
use crate::provider::tape::player::{Pace, Played};
use crate::provider::wire::page::Page;
use std::time::Duration;

/// What plays an exchange.
pub(crate) fn replayed(played: &Played) -> (Page, Delivery) {
    let exchange = &played.exchange;
    let Some(answer) = &exchange.answer else {
        let fault = match exchange.ended {
            End::Reset => Some(Fault::Reset(ResetAt::Start)),
            End::Cut => Some(Fault::Truncate(ResetAt::Start)),
            End::Completed | End::ClientGone | End::Hung => None,
        };
        return (Page::text(200, ""), Delivery { fault, hang: fault.is_none(), ..Delivery::default() });
    };
    let mut page = page_of(answer);
    let mut delivery = Delivery {
        stream: page.stream,
        after: share(answer.at_us, played.pace),
        schedule: answer
            .chunks
            .iter()
            .map(|chunk| share(chunk.at_us.saturating_sub(answer.at_us), played.pace))
            .collect(),
        ..Delivery::default()
    };
    match exchange.ended {
        End::Completed | End::Hung => {}
        End::Cut => delivery.fault = Some(cut(answer, &mut page, Fault::Truncate)),
        End::Reset | End::ClientGone => delivery.fault = Some(cut(answer, &mut page, Fault::Reset)),
    }
    delivery.pieces.clone_from(&page.pieces);
    (page, delivery)
}

fn page_of(answer: &Answer) -> Page {
    let mut page = Page::text(answer.status, answer.body()).of_type("");
    page.stream = answer.content_length.is_none();
    for (name, value) in &answer.headers {
        if name == "content-type" && page.content_type.is_empty() {
            page.content_type.clone_from(value);
        } else {
            page = page.with(name, value.clone());
        }
    }
    page.pieces = answer.chunks.iter().map(length).collect();
    page
}

fn length(chunk: &Chunk) -> u32 {
    u32::try_from(chunk.bytes.0.len()).unwrap_or(u32::MAX)
}

/// The fault that ends an answer where the recording ends. What was promised and never came is filled up behind it.
fn cut(answer: &Answer, page: &mut Page, fault: fn(ResetAt) -> Fault) -> Fault {
    let sent = page.body.len();
    let promised = answer.chunks.last().and_then(|chunk| chunk.promised);
    let missing = match (answer.content_length, promised) {
        (Some(length), _) => usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(sent),
        (None, Some(promised)) => {
            let missing = usize::try_from(promised)
                .unwrap_or_default()
                .saturating_sub(answer.chunks.last().map_or(0, |chunk| chunk.bytes.0.len()));
            if let (Some(last), Ok(more)) = (page.pieces.last_mut(), u32::try_from(missing)) {
                *last = last.saturating_add(more);
            }
            missing
        }
        (None, None) => 1,
    };
    // No recording is longer than a body may be.
    page.body.resize(sent + missing.clamp(1, MOST_MISSING), b'?');
    fault(if sent == 0 { ResetAt::Headers } else { ResetAt::Byte(sent as u64) })
}

/// The most that is filled up, in bytes.
const MOST_MISSING: usize = 64 << 20;

fn share(micros: u64, pace: Pace) -> Duration {
    match pace {
        Pace::Thousandths(speed) => {
            Duration::from_micros(micros.saturating_mul(1000).checked_div(u64::from(speed)).unwrap_or(micros))
        }
        Pace::Instant => Duration::ZERO,
    }
}
