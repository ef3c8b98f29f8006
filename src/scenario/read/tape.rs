//! `replay`: a tape that answers in a provider's place.

use crate::provider::{Pace, Tape, Wire};
use crate::scenario::read::Reader;
use crate::scenario::yaml::Node;

/// The keys of a provider that a tape plays.
pub(crate) const REPLAY_KEYS: &[&str] = &["replay", "speed"];

impl Reader<'_> {
    /// Reads the tape in a file, and how fast it is played: `speed: 10`, or `speed: instant`.
    pub(crate) fn tape(&mut self, file: &Node, speed: Option<&Node>, wire: Option<Wire>) -> Option<Tape> {
        let pace = speed.map_or(Some(Pace::RECORDED), |node| self.pace(node));
        let name = self.text(file, "a file's name")?;
        let bytes = match self.project.tape(&name) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.problem(file.span, format!("missing tape: {error}")).help(
                    "a tape is a file below the project's folder, named from there, that `steadfast run --record DIR` wrote",
                );
                return None;
            }
        };
        match Tape::read(&name, &bytes, wire, pace?) {
            Ok(tape) => {
                self.fixtures.push(bytes);
                Some(tape)
            }
            Err(error) => {
                self.problem(file.span, format!("`{name}` is no tape: {error}"));
                None
            }
        }
    }

    fn pace(&mut self, node: &Node) -> Option<Pace> {
        let text = node.as_scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
        if text == "instant" {
            return Some(Pace::Instant);
        }
        let thousandths = text.parse::<f64>().ok().map(|speed| (speed * 1000.0).round());
        match thousandths.filter(|speed| (1.0..=1e9).contains(speed)) {
            Some(speed) => Some(Pace::Thousandths(speed as u32)),
            None => {
                self.problem(node.span, format!("`{text}` is no speed"))
                    .help("1 is as recorded, 10 ten times as fast, `instant` without any pause");
                None
            }
        }
    }
}
