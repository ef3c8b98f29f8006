//! Facts in, record out. A torn round's failures stay as evidence; its passes don't count.
//!
//! The facts of one round come in their order; rounds may come in any order, side by side or one after another, and the
//! record is the same: rounds, failures and notes are sorted, and "the first" is that of the first round by its number.

use crate::event::{Entry, Event, Header, JournalError, JournalReader, Machine, Note, RoundEnd, TrialReport};
use crate::model::{CaseIndex, LoopBound, Outcome, OutcomeKind, Position, RoundId};
use crate::record::folded::{FAILURES_KEPT, FailureSeen, OutputSeen, Record, RoundRecord, Slot, is_failure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Why a journal can't be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// It can't be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// It contradicts itself.
    #[error("{path}: contradicts itself: {reason}")]
    Contradiction {
        /// The journal that could not be read.
        path: String,
        /// What is wrong with it.
        #[source]
        reason: Contradiction,
    },
}

/// A fact that can't be true beside those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// The run began a second time.
    #[error("a second `run_started`")]
    SecondStart,
    /// A round's order names a case that the header has not.
    #[error("round {round} names case {case}, and there is none")]
    NoSuchCase {
        /// The round that was named.
        round: RoundId,
        /// The case that it names.
        case: CaseIndex,
    },
    /// Something is told of a round that did not begin.
    #[error("round {0} was never begun")]
    NeverBegun(RoundId),
    /// A trial is told of a place where the round has another case, or none.
    #[error("round {round} has no case {case} at place {position}")]
    Misplaced {
        /// The round that was named.
        round: RoundId,
        /// The case that was told.
        case: CaseIndex,
        /// Where it was told.
        position: Position,
    },
}

/// Reads and folds the journal at `path`.
///
/// # Errors
/// If it can't be read, or names cases or places that it does not have.
pub fn read(path: &Path) -> Result<Record, FoldError> {
    let mut reader = JournalReader::open(path)?;
    let mut fold = Fold::new(reader.header().clone());
    for entry in &mut reader {
        let entry = entry?;
        fold.entry(entry).map_err(|reason| FoldError::Contradiction { path: path.display().to_string(), reason })?;
    }
    Ok(fold.finish())
}

/// Folds facts as they come; `app` feeds one live, `read` from a file.
#[derive(Debug, Clone)]
pub struct Fold {
    header: Header,
    rounds: Vec<RoundRecord>,
    places: BTreeMap<RoundId, usize>,
    failures: BTreeMap<CaseIndex, Vec<FailureSeen>>,
    /// What trials wrote that passed, of cases that failed.
    outputs: BTreeMap<CaseIndex, OutputSeen>,
    /// How often each case passed.
    passed: BTreeMap<CaseIndex, u32>,
    /// The cases that passed where they had run before in the same round.
    passed_again: BTreeSet<CaseIndex>,
    /// Why a case was skipped, in its first round by number.
    skips: BTreeMap<CaseIndex, (RoundId, String)>,
    loop_bound: BTreeMap<CaseIndex, BTreeSet<LoopBound>>,
    /// What is known of hosts, by name.
    hosts: BTreeMap<Option<String>, Machine>,
    /// What was noted before the first round.
    first_notes: Vec<Note>,
    /// What was noted since, each once.
    notes: BTreeSet<Note>,
    diagnoses: BTreeMap<CaseIndex, crate::event::Diagnosis>,
    forecast: Option<(u64, u64)>,
    end: Option<crate::event::RunEnd>,
    millis: u64,
}

impl Fold {
    /// Begins with a header.
    pub fn new(header: Header) -> Self {
        Self {
            header,
            rounds: Vec::new(),
            places: BTreeMap::new(),
            failures: BTreeMap::new(),
            outputs: BTreeMap::new(),
            passed: BTreeMap::new(),
            passed_again: BTreeSet::new(),
            skips: BTreeMap::new(),
            loop_bound: BTreeMap::new(),
            hosts: BTreeMap::new(),
            first_notes: Vec::new(),
            notes: BTreeSet::new(),
            diagnoses: BTreeMap::new(),
            forecast: None,
            end: None,
            millis: 0,
        }
    }

    /// Takes one fact in, with its time.
    ///
    /// # Errors
    /// If it names a case, round or place that there is not.
    pub fn entry(&mut self, entry: Entry) -> Result<(), Contradiction> {
        self.millis = self.millis.max(entry.at);
        self.fact(entry.event)
    }

    /// Takes one fact in, at whatever time.
    ///
    /// # Errors
    /// If it names a case, round or place that there is not.
    pub fn fact(&mut self, event: Event) -> Result<(), Contradiction> {
        match event {
            Event::RunStarted(_) => return Err(Contradiction::SecondStart),
            Event::RunResumed => self.end = None,
            Event::HostSeen { host, machine } => drop(self.hosts.insert(host, machine)),
            Event::RoundStarted {
                round,
                attempt,
                kind,
                seed,
                event_loop,
                stress,
                hash_seed,
                aftermath,
                added,
                host,
                order,
            } => {
                if let Some(&case) = order.iter().find(|case| case.index() >= self.header.cases.len()) {
                    return Err(Contradiction::NoSuchCase { round, case });
                }
                let slots: Vec<Slot> = order.into_iter().map(|case| Slot { case, outcome: None, micros: 0 }).collect();
                match self.places.get(&round) {
                    None => {
                        self.places.insert(round, self.rounds.len());
                        let attempts = attempt.saturating_add(1);
                        let record = RoundRecord {
                            id: round,
                            kind,
                            seed,
                            event_loop,
                            stress,
                            hash_seed,
                            aftermath,
                            added,
                            host,
                            attempts,
                            slots,
                            retained: BTreeMap::new(),
                            dirt: BTreeMap::new(),
                            marks: BTreeMap::new(),
                            fresh: BTreeSet::new(),
                            passed_before_the_end: BTreeSet::new(),
                            begun: None,
                            failed_after: BTreeMap::new(),
                            end: None,
                            millis: 0,
                        };
                        self.rounds.push(record);
                    }
                    Some(&place) => self.rounds[place].begin_again(attempt, slots),
                }
            }
            Event::TrialStarted { round, position, case } => {
                self.slot(round, position, case)?;
                let round = self.round(round)?;
                round.begun = round.begun.max(Some(position));
            }
            Event::TrialFinished { round, position, case, report } => self.trial(round, position, case, report)?,
            Event::RoundFinished { round, end, millis, .. } => {
                let round = self.round(round)?;
                round.end = Some(end);
                round.millis = round.millis.saturating_add(millis);
            }
            Event::Forecast { round_millis, plan_millis, .. } => self.forecast = Some((round_millis, plan_millis)),
            Event::Noted(note) => self.note(note),
            Event::Diagnosed(diagnosis) => {
                self.diagnoses.insert(diagnosis.case, diagnosis.with_runner_line());
            }
            Event::RunFinished { end } => self.end = Some(end),
        }
        Ok(())
    }

    /// Whether a pass of the case is worth its output: it failed as well, and no output of a pass was kept yet.
    pub fn wants_output(&self, case: CaseIndex) -> bool {
        self.failures.contains_key(&case) && !self.outputs.contains_key(&case)
    }

    /// Whether the texts of another failure of the case can be among those that are kept.
    pub fn keeps_failures(&self, case: CaseIndex) -> bool {
        self.failures.get(&case).is_none_or(|seen| seen.len() < FAILURES_KEPT)
    }

    /// The file of a case, as the header has it.
    pub fn file(&self, case: CaseIndex) -> Option<&str> {
        self.header.cases.get(case.index()).map(|case| case.file.as_str())
    }

    /// The record. Rounds that did not end keep their failures only.
    pub fn finish(mut self) -> Record {
        for round in &mut self.rounds {
            if !round.is_complete() {
                round.forget_passes();
            }
        }
        self.rounds.sort_by_key(|round| round.id);
        let mut notes = self.first_notes;
        // Those of cases first: BTreeSet has those of the run before them.
        let (of_cases, of_run): (Vec<_>, Vec<_>) = self.notes.into_iter().partition(|note| note.case.is_some());
        notes.extend(of_cases.into_iter().chain(of_run));
        Record {
            header: self.header,
            rounds: self.rounds,
            failures: self.failures,
            outputs: self.outputs,
            passed: self.passed.into_iter().filter(|(_, times)| *times > 0).map(|(case, _)| case).collect(),
            passed_again: self.passed_again,
            skips: self.skips.into_iter().map(|(case, (_, reason))| (case, reason)).collect(),
            loop_bound: self.loop_bound,
            hosts: self.hosts,
            notes,
            diagnoses: self.diagnoses,
            forecast: self.forecast,
            end: self.end,
            millis: self.millis,
        }
    }

    fn round(&mut self, round: RoundId) -> Result<&mut RoundRecord, Contradiction> {
        let place = self.places.get(&round).copied().ok_or(Contradiction::NeverBegun(round))?;
        self.rounds.get_mut(place).ok_or(Contradiction::NeverBegun(round))
    }

    fn slot(&mut self, round: RoundId, position: Position, case: CaseIndex) -> Result<&mut Slot, Contradiction> {
        match self.round(round)?.slots.get_mut(position.index()) {
            Some(slot) if slot.case == case => Ok(slot),
            _ => Err(Contradiction::Misplaced { round, case, position }),
        }
    }

    fn trial(
        &mut self,
        round: RoundId,
        position: Position,
        case: CaseIndex,
        report: TrialReport,
    ) -> Result<(), Contradiction> {
        let slot = self.slot(round, position, case)?;
        let before = slot.outcome.replace(report.outcome.kind());
        slot.micros = u32::try_from(report.micros).unwrap_or(u32::MAX).max(slot.micros);
        // A fixture that fails when it is torn down takes back the pass of a test that used it.
        let ran_before = self.round(round)?.has_run_before(position, case);
        if before == Some(OutcomeKind::Passed) && is_failure(report.outcome.kind()) {
            let round = self.round(round)?;
            if let Some(last) = round.begun.filter(|last| *last > position) {
                round.failed_after.insert(position, last);
            }
        }
        if before == Some(OutcomeKind::Passed)
            && !ran_before
            && let Some(times) = self.passed.get_mut(&case)
        {
            *times = times.saturating_sub(1);
        }
        if !report.dirt.is_empty() {
            self.round(round)?.dirt.insert(position, report.dirt);
        }
        if report.fresh {
            self.round(round)?.fresh.insert(position);
        }
        if !report.marks.is_empty() {
            self.round(round)?.marks.insert(position, report.marks);
        }
        if !report.loop_bound.is_empty() {
            self.loop_bound.entry(case).or_default().extend(report.loop_bound);
        }
        if !report.retained.is_empty() {
            self.round(round)?.retained.insert(position, report.retained);
        }
        if let Some(text) = report.output {
            let seen = OutputSeen { round, position, text };
            let kept = self.outputs.entry(case).or_insert_with(|| seen.clone());
            if (round, position) < (kept.round, kept.position) {
                *kept = seen;
            }
        }
        let accounts = self.round(round)?.kind.keeps_a_ledger();
        for text in report.notes {
            self.note(Note::of_case(case, text));
        }
        match &report.outcome {
            Outcome::Passed if ran_before => drop(self.passed_again.insert(case)),
            Outcome::Passed => *self.passed.entry(case).or_default() += 1,
            Outcome::Skipped { reason } => {
                let first = self.skips.entry(case).or_insert_with(|| (round, reason.clone()));
                if round < first.0 {
                    *first = (round, reason.clone());
                }
            }
            // Rounds that keep a ledger account for resources, and prove nothing of outcomes: `app` tells of a case that
            // fails nowhere else.
            _ if accounts => {}
            outcome => {
                let seen = self.failures.entry(case).or_default();
                let place = seen.partition_point(|seen| (seen.round, seen.position) <= (round, position));
                if place < FAILURES_KEPT {
                    seen.insert(
                        place,
                        FailureSeen { round, position, outcome: outcome.clone(), excerpt: report.excerpt },
                    );
                    seen.truncate(FAILURES_KEPT);
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, note: Note) {
        if self.first_notes.contains(&note) {
            return;
        }
        if self.rounds.is_empty() {
            self.first_notes.push(note);
        } else {
            self.notes.insert(note);
        }
    }
}

impl RoundRecord {
    /// Another attempt. One that goes on names the whole order again and reports only what was still missing; one that
    /// begins from the start (after the run was resumed) reports everything again.
    fn begin_again(&mut self, attempt: u32, slots: Vec<Slot>) {
        self.attempts = self.attempts.max(attempt.saturating_add(1));
        let resumed = !matches!(self.end, Some(RoundEnd::Died { .. }));
        self.end = None;
        if resumed || self.slots.len() != slots.len() {
            self.slots = slots;
            self.retained.clear();
            self.dirt.clear();
            self.marks.clear();
            self.fresh.clear();
            self.failed_after.clear();
            self.begun = None;
        }
    }

    fn forget_passes(&mut self) {
        for (place, slot) in Position::all().zip(&mut self.slots) {
            // After another attempt it is not known what ran before it in its process.
            if slot.outcome == Some(OutcomeKind::Passed) && self.attempts == 1 {
                self.passed_before_the_end.insert(place);
            }
            if !slot.outcome.is_some_and(is_failure) {
                slot.outcome = None;
            }
        }
    }
}
