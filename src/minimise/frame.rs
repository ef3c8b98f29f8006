//! What stays the same while candidates are tried, and what it means that something "shows".

use crate::minimise::{Answer, Role};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;

/// Candidates run after `head`, before the suspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub head: Vec<CaseIndex>,
    pub sign: Sign,
}

/// Which end of the suspect is the one that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Failing,
    Passing,
}

/// Whether what is looked for was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Shows,
    Vanishes,
}

/// How the suspect ended can't be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Untold {
    /// What was in the way, for people.
    pub why: String,
}

impl Untold {
    /// The same, where it was seen.
    pub fn seen(self, at: &str) -> Self {
        Self { why: format!("{at}, {}", self.why) }
    }
}

impl Frame {
    /// Candidates first, nothing fixed before them.
    pub fn plain(role: Role) -> Self {
        let sign = match role {
            Role::Victim => Sign::Failing,
            Role::Brittle => Sign::Passing,
        };
        Self { head: Vec::new(), sign }
    }

    /// Candidates after polluters, looked at for one that makes the suspect pass.
    pub fn cleaning(polluters: &[CaseIndex]) -> Self {
        Self { head: polluters.to_vec(), sign: Sign::Passing }
    }
}

impl Sign {
    /// What an answer means.
    ///
    /// # Errors
    /// Where it is not sure.
    pub fn read(self, answer: &Answer) -> Result<Shown, Untold> {
        match (self, answer) {
            (Self::Failing, Answer::Fails) | (Self::Passing, Answer::Passes) => Ok(Shown::Shows),
            (Self::Failing, Answer::Passes) | (Self::Passing, Answer::Fails) => Ok(Shown::Vanishes),
            (_, Answer::Unsure(why)) => Err(Untold { why: why.clone() }),
        }
    }

    /// A tally of failures as one of showings, which a [`Tally`] counts as failures too.
    pub fn showings(self, failures: Tally) -> Tally {
        match self {
            Self::Failing => failures,
            Self::Passing => Tally::new(failures.passes(), failures.trials()),
        }
    }

    /// The chance of a failure, from the chance that it shows; and the other way round.
    pub fn turned(self, chance: f64) -> f64 {
        match self {
            Self::Failing => chance,
            Self::Passing => 1.0 - chance,
        }
    }
}

impl Shown {
    pub fn shows(self) -> bool {
        self == Self::Shows
    }
}
