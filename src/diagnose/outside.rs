//! Failures that say themselves what outside the process they are of: a port that somebody else holds.

use super::conclude::Ending;
use super::examine::Examiner;
use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::Suspect;
use crate::event::Conclusion;
use crate::model::Failure;
use crate::model::statistics::Tally;

/// How a message begins to say of a port that it is taken.
const PORT: &str = "(port ";

/// How it goes on where the port is left from a connection that has ended.
const IN_TIME_WAIT: &str = " is in TIME_WAIT)";

/// How a message says that a process of somebody else listens.
const LISTENS: &str = "(another process listens on port ";

/// Why a port could not be had, as the failure says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// A connection of an earlier run has ended there less than a minute ago.
    InTimeWait(String),
    /// A process that is none of the tests' own listens there.
    ByAnother(String),
}

impl Taken {
    /// What the failure says of a port, if it says anything.
    pub fn of(failure: &Failure) -> Option<Self> {
        let message = failure.message.as_str();
        if let Some((before, _)) = message.split_once(IN_TIME_WAIT) {
            let (_, port) = before.rsplit_once(PORT)?;
            return Some(Self::InTimeWait(port.to_owned()));
        }
        let (_, after) = message.split_once(LISTENS)?;
        let (port, _) = after.split_once(')')?;
        Some(Self::ByAnother(port.to_owned()))
    }

    /// What decides, as a clause.
    pub fn what(&self) -> String {
        match self {
            Self::InTimeWait(port) => format!(
                "it fails while port {port} is in TIME_WAIT, where an earlier run or round has left a connection. Wait 60 s \
                 before the next try; a listener with SO_REUSEADDR, or on port 0, need not wait"
            ),
            Self::ByAnother(port) => {
                format!("it fails while another process listens on port {port}: end that one before the next try")
            }
        }
    }
}

impl Examiner<'_> {
    /// Whether every failure so far says that it found a port in TIME_WAIT: no order, and no chance, decides that.
    pub(super) fn is_of_a_port(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        let seen = self.record.failures.get(&suspect.case).into_iter().flatten();
        let taken: Option<Vec<Taken>> = seen.map(|seen| seen.outcome.failure().and_then(Taken::of)).collect();
        let Some(taken) = taken else { return Ok(false) };
        let Some(first) = taken.first() else { return Ok(false) };
        if !taken.iter().all(|taken| matches!(taken, Taken::InTimeWait(_))) {
            return Ok(false);
        }
        self.conclude_outside(suspect, first.what(), suspect.alone, suspect.seen)?;
        Ok(true)
    }

    /// Concludes that something outside the process decides.
    pub(super) fn conclude_outside(
        &mut self,
        suspect: &Suspect,
        what: String,
        alone: Tally,
        in_order: Tally,
    ) -> Result<(), DiagnoseError> {
        let conclusion = Conclusion::EnvironmentDependent { what };
        let order = [suspect.case];
        let repro = self.write_repro(suspect, &order, alone)?;
        let remarks = self.other_failures(suspect);
        self.tell(suspect, &order, Ending { conclusion, alone, in_order, repro, remarks, hash_seeds: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expected: Option<Taken>) {
        assert_eq!(Taken::of(&Failure::new(message, None)), expected, "{message}");
    }

    #[test]
    fn a_message_says_which_port_is_taken_and_by_whom() {
        let port = || "8000".to_owned();
        check("OSError: in use (port 8000 is in TIME_WAIT)", Some(Taken::InTimeWait(port())));
        check("OSError: in use (another process listens on port 8000)", Some(Taken::ByAnother(port())));
        check("OSError: in use (this process listens on port 8000)", None);
        check("OSError: [Errno 98] Address already in use", None);
    }
}
