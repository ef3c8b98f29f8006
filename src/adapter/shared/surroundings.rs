//! Mock providers around a suite: `--providers`.
//!
//! One set of providers and one proxy live as long as whatever runs the suite. Each trial has its own script and its own
//! books, and what went astray in it is told with the host and the case.

use crate::engine::{Owned, Reports, RoundUnit};
use crate::event::{Note, TrialReport};
use crate::model::{CaseId, CaseIndex, Outcome, Position, RoundId, Seed, TrialKey, with_causes};
use crate::provider::{EnclosedTrial, Enclosure, EnclosureError, Recorder, Stray};
use crate::scenario::{Problems, load_providers};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long answers may take to end once a case has.
const QUIET: Duration = Duration::from_secs(2);

/// How many notes of one kind a run gets; each case has its own besides.
const NOTED: usize = 20;

/// What programs of a suite are told by their environment.
pub(in crate::adapter) type Environment = BTreeMap<String, String>;

/// Where exchanges of a suite with its providers are recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tapes {
    /// The folder of the tapes.
    pub folder: PathBuf,
    /// Secrets that none of them may hold: only workers get them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hidden: BTreeSet<String>,
}

impl Tapes {
    /// Tapes in this folder; what they may not hold is said later.
    pub(in crate::adapter) fn new(folder: PathBuf) -> Self {
        Self { folder, hidden: BTreeSet::new() }
    }
}

/// The providers around a suite.
pub(in crate::adapter) struct Surroundings {
    enclosure: Enclosure,
    /// Where what programs read was written.
    _folder: tempfile::TempDir,
    noted: BTreeSet<String>,
    /// Whether a trial is open.
    is_open: bool,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// Why there are no providers around a suite.
#[derive(Debug, thiserror::Error)]
pub enum SurroundingsError {
    /// The file of providers is wrong.
    #[error(transparent)]
    File(#[from] Problems),
    /// There is no folder for what programs read.
    #[error(transparent)]
    Folder(std::io::Error),
    /// Tapes can't be written.
    #[error("can't record: {0}")]
    Record(std::io::Error),
    /// The providers don't start.
    #[error("can't start the mock providers: {}", with_causes(.0))]
    Start(#[from] EnclosureError),
}

/// Whose a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapter) enum Whose {
    /// The case's that is under way.
    EachCase,
    /// That of all cases of a round: nobody tells when one of them begins.
    AllCases,
}

impl Surroundings {
    /// Starts what the file says.
    ///
    /// # Errors
    /// If the file is wrong or something can't be started: for people.
    pub fn start(file: &Path, root: &Path, tapes: Option<&Tapes>) -> Result<Self, SurroundingsError> {
        let file = load_providers(file, root)?;
        let folder = crate::disk::temporary_folder().map_err(SurroundingsError::Folder)?;
        let recorder = tapes.map(|tapes| Recorder::new(&tapes.folder, tapes.hidden.clone()));
        let recorder = recorder.transpose().map_err(SurroundingsError::Record)?.map(Arc::new);
        let enclosure = Enclosure::start(&file.decls, file.script, folder.path(), recorder)?;
        Ok(Self { enclosure, _folder: folder, noted: BTreeSet::new(), is_open: false })
    }

    /// What a program's environment must say; its own PYTHONPATH is kept behind ours.
    pub fn environment(&self, python_path: Option<&str>) -> Environment {
        self.enclosure.environment(python_path)
    }

    /// A round among the providers: what it reports goes on to `reports`, with what its trials asked for.
    pub fn around<'a>(
        &'a mut self,
        unit: &'a RoundUnit,
        ids: &'a dyn Fn(CaseIndex) -> Option<CaseId>,
        whose: Whose,
        reports: &'a mut dyn Reports,
    ) -> Enclosed<'a> {
        let outside = self.end();
        let mut enclosed = Enclosed { surroundings: self, unit, ids, whose, reports, open: None };
        for line in outside {
            enclosed.note(format!("while the cases were listed: {line}"));
        }
        enclosed.begin(unit.from);
        enclosed
    }

    /// Begins a trial of a round.
    fn begin(&mut self, unit: &RoundUnit, position: Position) {
        self.enclosure.begin(TrialKey { round: unit.round, position }, unit.seed);
        self.is_open = true;
    }

    /// Begins a trial that no round has.
    pub fn begin_alone(&mut self, position: Position) {
        let key = TrialKey { round: RoundId(u32::MAX), position };
        self.enclosure.begin(key, Seed::new(u64::from(position.0)));
        self.is_open = true;
    }

    /// Ends the trial under way, if one is: what went wrong in it, in a line each.
    pub fn end(&mut self) -> Vec<String> {
        if !std::mem::take(&mut self.is_open) {
            return Vec::new();
        }
        told(&self.enclosure.end(QUIET))
    }
}

/// Reports of a round among the providers. A trial is always open, so that every request belongs to one: what is asked
/// between two cases belongs to the next.
pub(in crate::adapter) struct Enclosed<'a> {
    surroundings: &'a mut Surroundings,
    unit: &'a RoundUnit,
    ids: &'a dyn Fn(CaseIndex) -> Option<CaseId>,
    whose: Whose,
    reports: &'a mut dyn Reports,
    /// The place whose trial is open.
    open: Option<Position>,
}

impl Enclosed<'_> {
    fn begin(&mut self, position: Position) {
        self.surroundings.begin(self.unit, position);
        self.open = Some(position);
    }

    /// Ends the trial that is open: what went wrong in it, in a line each.
    fn end(&mut self) -> Vec<String> {
        self.open = None;
        self.surroundings.end()
    }

    /// Tells the run's reader, once.
    fn note(&mut self, text: String) {
        if self.surroundings.noted.len() < NOTED && self.surroundings.noted.insert(text.clone()) {
            self.reports.note(Note::of_run(text));
        }
    }

    /// The round has ended; `is_whole` if it ran every case of the suite.
    pub fn over(mut self, is_whole: bool) {
        let lines = self.end();
        if self.whose == Whose::AllCases {
            for line in lines {
                self.note(format!("one of the cases that were run together: {line}"));
            }
        }
        if is_whole {
            for name in self.surroundings.enclosure.never_asked() {
                let script = "the file of providers says what it answers";
                self.note(format!("the {name} client was never called: could it be built? ({script})"));
            }
        }
    }
}

impl Reports for Enclosed<'_> {
    fn started(&mut self, position: Position, deadline: Duration) {
        if self.whose == Whose::EachCase && self.open != Some(position) {
            self.end();
            self.begin(position);
        }
        self.reports.started(position, deadline);
    }

    fn finished(&mut self, position: Position, mut report: TrialReport) {
        if self.whose == Whose::EachCase && self.open == Some(position) {
            let lines = self.end();
            let id = self.unit.order.get(position.index()).and_then(|case| (self.ids)(*case));
            for line in &lines {
                self.note(format!("{}: {line}", id.as_ref().map_or("?", CaseId::as_str)));
            }
            if let (false, Some(failure)) = (lines.is_empty(), failure(&mut report.outcome)) {
                failure.details = format!("{}\n\n{}", lines.join("\n"), failure.details);
            }
            report.notes.extend(lines);
            self.begin(position.next());
        }
        self.reports.finished(position, report);
    }

    fn note(&mut self, note: Note) {
        self.reports.note(note);
    }

    fn owns(&mut self, owned: Owned) {
        self.reports.owns(owned);
    }

    fn stop_wanted(&self) -> bool {
        self.reports.stop_wanted()
    }
}

/// Whether the round is the run's first one, with all cases: what nobody asked for in it, nobody asks for.
pub(in crate::adapter) fn is_whole(unit: &RoundUnit, cases: usize) -> bool {
    unit.round == RoundId(0) && unit.order.len() >= cases
}

fn failure(outcome: &mut Outcome) -> Option<&mut crate::model::Failure> {
    match outcome {
        Outcome::Failed(failure)
        | Outcome::Errored(failure)
        | Outcome::TimedOut(failure)
        | Outcome::Crashed(failure) => Some(failure),
        Outcome::Passed | Outcome::Skipped { .. } => None,
    }
}

/// What went astray in a trial, and what no script covers.
fn told(trial: &EnclosedTrial) -> Vec<String> {
    let mut lines: Vec<String> = trial.strays.attempts.iter().map(Stray::to_string).collect();
    let unscripted = trial.calls.calls.iter().filter(|call| trial.calls.unscripted.contains(&call.seq));
    lines.extend(
        unscripted.map(|call| format!("{} was asked for {}, which no script covers", call.provider, call.endpoint)),
    );
    lines
}
