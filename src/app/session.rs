//! A run under way: facts go to the journal first, then to the record, then to whoever watches.

use crate::app::evidence::Evidence;
use crate::app::forecast::Forecast;
use crate::diagnose::{DiagnoseError, ReproFile, RunLog};
use crate::disk::Limit;
use crate::engine::{Earlier, Outlook, RoundResult, Standing};
use crate::event::{Entry, Event, JournalWriter};
use crate::model::{CaseIndex, Outcome};
use crate::record::{Fold, Record, is_failure};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Somebody who watches a run.
pub trait Watcher {
    /// A fact, as it stands in the journal.
    fn fact(&mut self, entry: &Entry);

    /// Something to read besides: which interpreter, which folder.
    fn say(&mut self, line: &str);

    /// How the machines of a fleet stand.
    fn standing(&mut self, _standing: &Standing) {}
}

/// A run under way.
pub(super) struct Session<'w> {
    journal: JournalWriter,
    fold: Fold,
    /// What the journal has from before the run was resumed and the record has not yet.
    earlier: Earlier,
    watcher: &'w mut dyn Watcher,
    forecast: Forecast,
    starved: Starved,
    first_failure: FirstFailure,
    watched: Option<Watched>,
    evidence: Evidence,
}

/// Whether rounds go on after a failure.
#[derive(Debug, Default)]
enum FirstFailure {
    /// Rounds go on, whatever failed.
    #[default]
    GoesOn,
    /// They end at the first failure of a case that is not held back.
    Awaited { held_back: BTreeSet<CaseIndex> },
    /// It was seen.
    Seen,
}

/// How often one case failed and passed in the rounds of a session.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    case: CaseIndex,
    seen: Rc<Cell<(u32, u32)>>,
}

impl Watched {
    /// How often it failed.
    pub fn failed(&self) -> u32 {
        self.seen.get().0
    }

    /// Whether it failed, and passed.
    pub fn is_both(&self) -> bool {
        let (failed, passed) = self.seen.get();
        failed > 0 && passed > 0
    }

    fn look(&self, result: &RoundResult) {
        let ended = result.unit.order.iter().zip(&result.outcomes).filter(|(case, _)| **case == self.case);
        for outcome in ended.filter_map(|(_, outcome)| outcome.as_ref()) {
            let (failed, passed) = self.seen.get();
            let has_passed = u32::from(*outcome == Outcome::Passed);
            self.seen.set((failed + u32::from(outcome.is_failure()), passed + has_passed));
        }
    }
}

/// The limit of this machine for which all cases of a round failed, once there was such a round.
#[derive(Debug, Clone, Default)]
pub(super) struct Starved(Rc<Cell<Option<Limit>>>);

impl Starved {
    /// Whether the rounds can go on.
    pub fn none(&self) -> bool {
        self.0.get().is_none()
    }

    /// Why they can't.
    pub fn reason(&self) -> Option<String> {
        self.0.get().map(|limit| format!("{limit}: all cases of a round failed for it"))
    }

    fn look(&self, result: &RoundResult) {
        let ran = result.outcomes.iter().flatten().filter(|outcome| !matches!(outcome, Outcome::Skipped { .. }));
        let limits: Option<Vec<Limit>> = ran.map(|outcome| Limit::said(&outcome.failure()?.message)).collect();
        if let Some(first) = limits.as_deref().and_then(<[Limit]>::first) {
            self.0.set(Some(*first));
        }
    }
}

impl<'w> Session<'w> {
    pub fn new(journal: JournalWriter, fold: Fold, watcher: &'w mut dyn Watcher, forecast: Forecast) -> Self {
        Self {
            journal,
            fold,
            earlier: Earlier::default(),
            watcher,
            forecast,
            starved: Starved::default(),
            first_failure: FirstFailure::default(),
            watched: None,
            evidence: Evidence::default(),
        }
    }

    /// The same where places of failures are relative to one of these folders.
    pub fn with_sources(self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { evidence: Evidence::below(folders), ..self }
    }

    /// The same for a run that is resumed: its record gets these facts as they are asked for, or at its end.
    pub fn with_earlier(self, earlier: Earlier) -> Self {
        Self { earlier, ..self }
    }

    /// What the journal has and the record has not yet.
    pub fn earlier(&self) -> Earlier {
        self.earlier.clone()
    }

    /// Writes a fact and tells it on.
    pub fn emit(&mut self, mut event: Event) -> io::Result<()> {
        self.evidence.complete(&self.fold, &mut event);
        let entry = self.journal.append(event).map_err(io::Error::other)?;
        self.take_in(entry)
    }

    /// Tells a fact on that is written.
    fn take_in(&mut self, entry: Entry) -> io::Result<()> {
        self.watcher.fact(&entry);
        self.look_for_failure(&entry.event);
        match entry.event {
            Event::RunStarted(_) => Ok(()),
            _ => self.fold.entry(entry).map_err(io::Error::other),
        }
    }

    /// From now on rounds end at the first failure of a case that is not `held_back`.
    pub fn end_at_failure(&mut self, held_back: BTreeSet<CaseIndex>) {
        self.first_failure = FirstFailure::Awaited { held_back };
    }

    /// From now on rounds go on whatever fails.
    pub fn go_on_after_failures(&mut self) {
        self.first_failure = FirstFailure::GoesOn;
    }

    fn look_for_failure(&mut self, event: &Event) {
        let (FirstFailure::Awaited { held_back }, Event::TrialFinished { case, report, .. }) =
            (&self.first_failure, event)
        else {
            return;
        };
        if is_failure(report.outcome.kind()) && !held_back.contains(case) {
            self.first_failure = FirstFailure::Seen;
        }
    }

    /// Counts how a case ends from now on.
    pub fn watch(&mut self, case: CaseIndex) -> Watched {
        let watched = Watched { case, seen: Rc::default() };
        self.watched = Some(watched.clone());
        watched
    }

    /// Whether this machine leaves the cases too little.
    pub fn starved(&self) -> Starved {
        self.starved.clone()
    }

    /// The record at the end, with everything that the journal has.
    pub fn finish(mut self) -> io::Result<Record> {
        let rest = self.earlier.rest();
        Outlook::earlier(&mut self, rest)?;
        Ok(self.fold.finish())
    }

    /// After the first round of all cases: what it took, and what the run will.
    fn forecast(&mut self, result: &RoundResult) -> io::Result<()> {
        if !result.unit.kind.is_planned() || !self.forecast.awaits(result.unit.order.len()) {
            return Ok(());
        }
        let record = self.fold.clone().finish();
        let whole = self.forecast.after_first(result.duration, &record);
        self.emit_forecast(whole)
    }

    /// After the rounds, where something failed: what the run takes with the diagnosis of that.
    pub fn forecast_again(&mut self) -> io::Result<()> {
        let record = self.fold.clone().finish();
        match self.forecast.after_rounds(&record).filter(|_| !record.failures.is_empty()) {
            Some(whole) => self.emit_forecast(whole),
            None => Ok(()),
        }
    }

    fn emit_forecast(&mut self, whole: Duration) -> io::Result<()> {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let round = self.forecast.first.map_or(Duration::ZERO, |first| first.round);
        self.emit(Event::Forecast {
            round_millis: millis(round),
            plan_millis: millis(whole),
            rounds: self.forecast.rounds,
        })
    }
}

impl Outlook for Session<'_> {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.emit(event)
    }

    fn facts(&mut self, mut events: Vec<Event>) -> io::Result<()> {
        events.iter_mut().for_each(|event| self.evidence.complete(&self.fold, event));
        let entries = self.journal.append_all(events).map_err(io::Error::other)?;
        entries.into_iter().try_for_each(|entry| self.take_in(entry))
    }

    fn earlier(&mut self, events: Vec<Event>) -> io::Result<()> {
        events.into_iter().try_for_each(|event| self.fold.fact(event).map_err(io::Error::other))
    }

    fn remark(&mut self, line: &str) {
        self.watcher.say(line);
    }

    fn standing(&mut self, standing: &Standing) {
        self.watcher.standing(standing);
    }

    fn round(&mut self, result: RoundResult) {
        if result.unit.kind.is_planned() && result.unit.order.len() >= self.forecast.cases {
            self.starved.look(&result);
        }
        self.watched.iter().for_each(|watched| watched.look(&result));
        // A forecast that can't be written shows at the next fact.
        let _ = self.forecast(&result);
    }

    fn wants_more(&self) -> bool {
        !matches!(self.first_failure, FirstFailure::Seen)
    }
}

impl RunLog for Session<'_> {
    fn record(&self) -> Record {
        self.fold.clone().finish()
    }

    /// What was just seen did not go through the journal: secrets are taken out here.
    fn keep(&mut self, folder: &Path, repro: &ReproFile) -> Result<String, DiagnoseError> {
        let mut clean = repro.clone();
        clean.expected.message = self.journal.without_secrets(&repro.expected.message).into_owned();
        clean.write_below(folder)
    }
}
