//! One call to a provider, from its head to its end.

use super::super::tokens::Usage;
use super::super::wire::Frames;
use super::answer::{Format, Part};
use super::body::Body;
use super::failure::CallFailure;
use super::in_flight::InFlight;
use std::time::Duration;
use tokio::time::timeout;

/// How long the end of a body may be late once the answer is complete.
const PATIENCE_AFTER_THE_END: Duration = Duration::from_millis(50);

/// A call whose answer has begun. Dropped, it is cancelled.
#[derive(Debug)]
pub(in super::super) struct Call {
    source: Source,
    usage: Usage,
    _in_flight: InFlight,
}

#[derive(Debug)]
enum Source {
    /// The answer came as a whole; its text until it is taken.
    Whole(Option<String>),
    Stream(Box<Stream>),
}

#[derive(Debug)]
struct Stream {
    format: &'static dyn Format,
    body: Body,
    frames: Frames,
    finished: bool,
    ended: bool,
}

impl Call {
    pub(super) fn whole(answer: Part, in_flight: InFlight) -> Result<Self, CallFailure> {
        if !answer.finishes {
            return Err(CallFailure::Truncated);
        }
        Ok(Self { source: Source::Whole(Some(answer.text)), usage: answer.usage, _in_flight: in_flight })
    }

    pub(super) fn streamed(format: &'static dyn Format, body: Body, in_flight: InFlight) -> Self {
        let frames = Frames::new(format.framing());
        let stream = Stream { format, body, frames, finished: false, ended: false };
        Self { source: Source::Stream(Box::new(stream)), usage: Usage::default(), _in_flight: in_flight }
    }

    /// What the provider has said so far that the call used.
    pub(in super::super) fn usage(&self) -> Usage {
        self.usage
    }

    /// The next piece of text; `None` once the answer is complete.
    pub(in super::super) async fn next(&mut self) -> Result<Option<String>, CallFailure> {
        match &mut self.source {
            Source::Whole(text) => Ok(text.take()),
            Source::Stream(stream) => loop {
                let Some(part) = stream.next_part().await? else { return Ok(None) };
                self.usage.update(part.usage);
                if !part.text.is_empty() {
                    return Ok(Some(part.text));
                }
            },
        }
    }
}

impl Stream {
    /// The next part; `None` at the end of a finished answer.
    async fn next_part(&mut self) -> Result<Option<Part>, CallFailure> {
        loop {
            if let Some(frame) = self.frames.next_frame() {
                let part = self.format.read_frame(&frame)?;
                self.finished |= part.finishes;
                if part.is_last {
                    self.drain().await;
                }
                return Ok(Some(part));
            }
            if self.ended {
                return if self.finished { Ok(None) } else { Err(CallFailure::Truncated) };
            }
            match self.body.next().await? {
                Some(bytes) => self.frames.push(&bytes)?,
                None => self.end()?,
            }
        }
    }

    /// Reads what follows the last part, usually nothing, so that the connection can serve another call. The answer
    /// is there: whatever happens to the connection now is no failure of it.
    async fn drain(&mut self) {
        let rest = async { while let Ok(Some(_)) = self.body.next().await {} };
        let _ = timeout(PATIENCE_AFTER_THE_END, rest).await;
        self.frames = Frames::new(self.format.framing());
        self.ended = true;
    }

    fn end(&mut self) -> Result<(), CallFailure> {
        self.ended = true;
        Ok(self.frames.end()?)
    }
}
