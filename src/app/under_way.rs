//! A run whose journal is open: what is left of the plan, the diagnosis, and the ending.

use crate::adapter::{LiveSpec, LoadedSubject, PURSE, SubjectSpec};
use crate::app::course::Course;
use crate::app::engines::{AtWork, engine};
use crate::app::fleet::coordinator;
use crate::app::plans::Plans;
use crate::app::playable::Playable;
use crate::app::reports::write_reports;
use crate::app::run_history::add_to_history;
use crate::app::session::Session;
use crate::app::why::{Asked, Inquiry};
use crate::app::{AppError, RunOptions, ToolInfo};
use crate::diagnose::{
    Deadlines, RunLog, Setting, accounts_for_resources, compare_with_own_runner, diagnose, look_for_leaks,
    play_in_parallel,
};
use crate::disk::Limit;
use crate::engine::{EngineError, Resumed, Rounds, Stop, StopHandle, Stopped};
use crate::event::{Event, Header, Note, Redactor, RunEnd};
use crate::model::{CaseIndex, RoundId};
use crate::provider::Purse;
use crate::record::{FailureSeen, Record};
use crate::report::count;
use crate::verdict::{Judgement, judge};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The share of the time limit that planned rounds may take; the rest is for the diagnosis.
const ROUNDS_SHARE: f64 = 0.6;

/// What a run came to.
#[derive(Debug)]
pub struct Finished {
    /// What was seen.
    pub record: Record,
    /// What it means.
    pub judgement: Judgement,
    /// The run's folder.
    pub folder: PathBuf,
    /// Why the history has not got the run, if it should have.
    pub not_in_history: Option<AppError>,
}

/// A run whose journal is open: new ones and those that go on are brought to their end in the same way.
pub(super) struct UnderWay<'a> {
    pub options: &'a RunOptions,
    pub tool: &'a ToolInfo,
    /// The run's folder.
    pub folder: &'a Path,
    pub header: &'a Header,
    pub spec: SubjectSpec,
    pub subject: &'a dyn LoadedSubject,
    pub plans: &'a Plans,
    /// The one case that it is about, if it is.
    pub asked: Option<&'a Asked>,
    /// When this process began with it: `--max-time` counts from here.
    pub begun: Instant,
}

impl UnderWay<'_> {
    /// Runs what is left of the plan (`attempts` says what is next for rounds that were begun), diagnoses, looks at what
    /// was left beside the cases, asks the subject's own runner, judges, reports and remembers.
    pub fn conclude(
        self,
        attempts: &BTreeMap<RoundId, Option<u32>>,
        mut session: Session<'_>,
        stoppable: &mut dyn FnMut(StopHandle),
    ) -> Result<Finished, AppError> {
        let Self { options, tool, folder, subject, .. } = self;
        let deadlines = deadlines(options.max_time, self.begun);
        let files = subject.files_beside();
        let end = self.drive(attempts, deadlines, &mut session, stoppable)?;
        let mut notes: Vec<String> = files.appeared(&options.root.join(&options.report_dir)).into_iter().collect();
        notes.extend(note_of_limits(&session.record()));
        notes.extend(options.live.as_ref().and_then(|live| note_of_spending(live, folder)));
        for text in notes {
            session.emit(Event::Noted(Note::of_run(text))).map_err(AppError::io(folder))?;
        }
        session.emit(Event::RunFinished { end }).map_err(AppError::io(folder))?;
        let record = session.finish().map_err(AppError::io(folder))?;
        let judgement = judge(&record);
        write_reports(&record, &judgement, folder, options, tool)?;
        let not_in_history = add_to_history(options.history.as_ref(), &record, &judgement, &redactor(tool)).err();
        Ok(Finished { record, judgement, folder: folder.to_owned(), not_in_history })
    }

    /// An engine for its rounds: here, or on the machines of a fleet.
    pub fn engine(&self) -> Result<Box<dyn Rounds>, AppError> {
        if let Some(fleet) = &self.options.fleet {
            return coordinator(fleet, redactor(self.tool).header(self.header), self.tool);
        }
        let at_work = AtWork::of(self.subject, self.options.jobs, self.tool, self.folder);
        engine(&at_work, self.header, &self.spec.clone().with_listed(self.subject.listed()))
    }

    /// Runs the rounds, the diagnosis, and what accounts for resources, on one engine.
    fn drive(
        &self,
        attempts: &BTreeMap<RoundId, Option<u32>>,
        deadlines: Deadlines,
        session: &mut Session<'_>,
        stoppable: &mut dyn FnMut(StopHandle),
    ) -> Result<RunEnd, AppError> {
        let mut engine = Playable::of(Box::new(Resumed::new(self.engine()?, session.earlier())), self.subject);
        stoppable(engine.stop_handle());
        let setting = Setting {
            header: self.header,
            subject: self.subject,
            jobs: self.options.jobs,
            case_timeout: self.options.case_timeout,
            folder: self.folder,
        };
        let course = Course {
            plans: self.plans,
            attempts,
            case_timeout: setting.case_timeout,
            jobs: setting.jobs,
            keeps_going: self.options.keep_going || self.subject.is_shipped(),
            ends_at_failure: self.options.fail_fast,
        };
        let inquiry = self.asked.map(|asked| Inquiry { asked, effort: self.options.effort });
        let driven = match &inquiry {
            None => rounds_and_diagnosis(&mut engine, &course, &setting, deadlines, session),
            Some(inquiry) => inquiry_and_diagnosis(&mut engine, inquiry, &setting, deadlines, session),
        };
        Box::new(engine).shut_down();
        driven.map(naming_limit)
    }
}

/// That some cases complain of this machine.
fn note_of_limits(record: &Record) -> Option<String> {
    let said = |seen: &FailureSeen| Limit::said(&seen.outcome.failure()?.message);
    let limits: Vec<Limit> = record.failures.values().filter_map(|seen| seen.iter().find_map(said)).collect();
    let first = limits.first()?;
    let cases = count(limits.len(), "case");
    Some(format!("{cases} failed for want of what this machine allows ({first}): raise it before you look for a cause"))
}

/// What live calls have cost.
fn note_of_spending(live: &LiveSpec, folder: &Path) -> Option<String> {
    let spent = Purse::new(&folder.join(PURSE), live.limit).spent().ok()?;
    let calls = count(usize::try_from(spent.calls).unwrap_or(usize::MAX), "live call");
    let more = if spent.refused == 0 { String::new() } else { format!("; {} more were not made", spent.refused) };
    let (settled, limit) = (spent.settled, live.limit);
    Some(format!("{calls} cost {settled} USD by the price list, of {limit} USD that they may cost{more}"))
}

/// The same end, with the limit of this machine by its name where a subject failed for it.
fn naming_limit(end: RunEnd) -> RunEnd {
    match end {
        RunEnd::SubjectFailed { reason } => {
            let limit = Limit::said(&reason).map(|limit| limit.to_string()).filter(|limit| !reason.contains(limit));
            RunEnd::SubjectFailed { reason: limit.map_or(reason.clone(), |limit| format!("{limit}: {reason}")) }
        }
        end => end,
    }
}

fn rounds_and_diagnosis(
    engine: &mut dyn Rounds,
    course: &Course<'_>,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<RunEnd, AppError> {
    if course.ends_at_failure {
        session.end_at_failure(held_back(setting.header));
    }
    let end = end_of(course.run(engine, deadlines.rounds, session)?);
    session.go_on_after_failures();
    if is_broken_off(&end) {
        return Ok(end);
    }
    session.forecast_again().map_err(EngineError::Journal)?;
    // First what fails: whoever waits for a repro waits no longer than it takes.
    let within = if accounts_for_resources(setting.header) { deadlines.leaving_some() } else { deadlines };
    if let Some(end) = broken_off(diagnose(engine, setting, within, session)?) {
        return Ok(end);
    }
    if end == RunEnd::FirstFailure {
        return Ok(end);
    }
    if let Some(end) = broken_off(look_for_leaks(engine, setting, deadlines, session)?) {
        return Ok(end);
    }
    if let Some(end) = broken_off(compare_with_own_runner(engine, setting, deadlines, session)?) {
        return Ok(end);
    }
    play_in_parallel(setting, deadlines, session)?;
    Ok(end)
}

/// How a run ends whose rounds stopped so.
pub(super) fn end_of(stopped: Stopped) -> RunEnd {
    match stopped {
        Stopped::Not => RunEnd::Completed,
        Stopped::Asked(Stop::TimeLimit) => RunEnd::TimeLimit,
        Stopped::Asked(Stop::Enough) => RunEnd::FirstFailure,
        Stopped::Asked(Stop::Interrupt) => RunEnd::Interrupted,
        Stopped::SubjectFailed(reason) => RunEnd::SubjectFailed { reason },
    }
}

/// Whether nothing more is tried after this end: somebody interrupted the run, or its subject can't be run any more.
fn is_broken_off(end: &RunEnd) -> bool {
    matches!(end, RunEnd::Interrupted | RunEnd::SubjectFailed { .. })
}

/// The end of a run that is broken off by what stopped one of its later parts.
fn broken_off(stopped: Stopped) -> Option<RunEnd> {
    Some(end_of(stopped)).filter(is_broken_off)
}

/// The cases whose failures the quarantine holds back on the day of the run.
fn held_back(header: &Header) -> BTreeSet<CaseIndex> {
    let Some(quarantine) = &header.background.quarantine else { return BTreeSet::new() };
    let held = quarantine.entries.iter().filter(|entry| !entry.has_expired(quarantine.today));
    let places = held.filter_map(|entry| header.cases.iter().position(|case| case.id == entry.case));
    places.map(CaseIndex::at).collect()
}

/// Tries the case in question, and examines it if it failed.
fn inquiry_and_diagnosis(
    engine: &mut dyn Rounds,
    inquiry: &Inquiry<'_>,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<RunEnd, AppError> {
    let end = match end_of(inquiry.run(engine, deadlines.rounds, session)?) {
        RunEnd::FirstFailure => RunEnd::Completed,
        end => end,
    };
    if is_broken_off(&end) {
        return Ok(end);
    }
    Ok(broken_off(diagnose(engine, setting, deadlines, session)?).unwrap_or(end))
}

fn deadlines(max_time: Option<Duration>, begun: Instant) -> Deadlines {
    Deadlines {
        rounds: max_time.map(|limit| begun + limit.mul_f64(ROUNDS_SHARE)),
        diagnosis: max_time.map(|limit| begun + limit),
        all: max_time.map(|limit| begun + limit),
    }
}

/// Keeps the values of the environment that scenarios name out of everything that is written.
pub(super) fn redactor(tool: &ToolInfo) -> Redactor {
    Redactor::new(tool.secrets.iter().cloned())
}
