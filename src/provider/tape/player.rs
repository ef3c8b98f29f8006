//! A tape, and how far it has been played in a trial.

use crate::provider::tape::asked::Asked;
use crate::provider::tape::exchange::{End, Exchange, TAPE_VERSION};
use crate::provider::tape::mask::Mask;
use crate::provider::wire::table::Wire;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Exchanges of one provider, to be played in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tape {
    /// The file, as it was named.
    name: String,
    pace: Pace,
    exchanges: Arc<Vec<Arc<Exchange>>>,
}

/// How fast a tape is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// So many thousandths of the speed at which it was recorded; 1000 is as recorded.
    Thousandths(u32),
    /// Without any pause.
    Instant,
}

/// Why a file is no tape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// A line can't be read.
    #[error("line {line}: {what}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// It holds no exchange.
    #[error("it holds no exchange")]
    Empty,
}

impl Pace {
    /// As it was recorded.
    pub const RECORDED: Self = Self::Thousandths(1000);
}

impl Tape {
    /// Reads a file: a line of JSON for each exchange. With a wire format, all must speak it.
    ///
    /// # Errors
    /// The first line that is none, or of another version, or speaks another format.
    pub fn read(name: &str, bytes: &[u8], wire: Option<Wire>, pace: Pace) -> Result<Self, TapeError> {
        let mut exchanges = Vec::new();
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let wrong = |what: String| TapeError::Line { line: index + 1, what };
            let version = serde_json::from_slice::<Versioned>(line).map_err(|error| wrong(error.to_string()))?.version;
            if version != TAPE_VERSION {
                return Err(wrong(format!("its version is {version}, and this program plays version {TAPE_VERSION}")));
            }
            let exchange: Exchange = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            if let Some(wire) = wire.filter(|wire| *wire != exchange.wire) {
                let (wanted, is) = (wire.as_str(), exchange.wire.as_str());
                return Err(wrong(format!("it speaks {is}, and the provider speaks {wanted}")));
            }
            exchanges.push(Arc::new(exchange));
        }
        match exchanges.is_empty() {
            true => Err(TapeError::Empty),
            false => Ok(Self { name: name.to_owned(), pace, exchanges: Arc::new(exchanges) }),
        }
    }

    /// How fast it is played.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// What it holds, in the order of the recording.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter().map(AsRef::as_ref)
    }
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// A request, as the rule engine has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: &'a [u8],
    /// The keys that it carries.
    pub(crate) keys: &'a [String],
}

/// A tape in a trial.
#[derive(Debug)]
pub(crate) struct Player {
    tape: Tape,
    asked: Vec<Asked>,
    /// How often each exchange was played.
    played: Vec<u32>,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) exchange: Arc<Exchange>,
    /// The line of the tape, from 1.
    pub(crate) line: u32,
    pub(crate) pace: Pace,
}

/// A request that a tape does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOnTape {
    #[error("the tape {tape} is empty")]
    Empty { tape: String },
    /// It was compared with every exchange.
    #[error(
        "the tape {tape} does not know this request; the nearest is its exchange {exchange}: {}",
        differences.join("; ")
    )]
    Unlike {
        tape: String,
        /// The number of the nearest one, from 1.
        exchange: usize,
        differences: Vec<String>,
    },
}

impl Player {
    /// A tape of which nothing has been played.
    pub(crate) fn new(tape: Tape) -> Self {
        let asked: Vec<Asked> = tape.exchanges().map(asked).collect();
        Self { played: vec![0; asked.len()], asked, tape }
    }

    /// What answered this request: the first recorded answer that was not played yet, else the last one.
    ///
    /// # Errors
    /// Where the tape does not know the request.
    pub(crate) fn play(&mut self, received: &Received<'_>) -> Result<Played, NotOnTape> {
        let mask = Mask::new(received.keys.iter().cloned());
        let mut body = received.body.to_vec();
        mask.cover(&mut body);
        let wanted = Asked::new(received.method, &mask.target(received.target), received.content_type, &body);
        let known: Vec<usize> = (0..self.asked.len()).filter(|index| wanted.is(&self.asked[*index])).collect();
        // An exchange that the client gave up answers only if there is no other.
        let whole = |index: &&usize| self.tape.exchanges[**index].ended != End::ClientGone;
        let fresh = known.iter().filter(whole).find(|index| self.played[**index] == 0);
        let Some(index) = fresh.or(known.iter().rfind(whole)).or(known.last()).copied() else {
            return Err(self.nearest(&wanted));
        };
        self.played[index] += 1;
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Ok(Played { exchange: self.tape.exchanges[index].clone(), line, pace: self.tape.pace })
    }

    fn nearest(&self, wanted: &Asked) -> NotOnTape {
        let compared = self.asked.iter().enumerate().map(|(index, recorded)| (index, wanted.compare(recorded)));
        let nearest = compared.max_by(|(at, (one, _)), (behind, (other, _))| one.total_cmp(other).then(behind.cmp(at)));
        let tape = self.tape.name.clone();
        match nearest {
            Some((index, (_, differences))) => NotOnTape::Unlike { tape, exchange: index + 1, differences },
            None => NotOnTape::Empty { tape },
        }
    }
}

fn asked(exchange: &Exchange) -> Asked {
    let request = &exchange.request;
    let content_type = request.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    Asked::new(&request.method, &request.target, content_type, &request.body.0)
}
