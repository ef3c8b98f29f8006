//! From the journals of shards to a judged run.

use crate::adapter::load_subject;
use crate::app::background::background;
use crate::app::identity::{identity_of, refuse_others};
use crate::app::merge::journals::journals;
use crate::app::merge::spool::Spool;
use crate::app::plans::Plans;
use crate::app::recorded::{refuse_gaps, spec_in};
use crate::app::reports::check_outputs;
use crate::app::resume::of_the_run;
use crate::app::run::check_machine;
use crate::app::session::Session;
use crate::app::trust::Judge;
use crate::app::under_way::{UnderWay, redactor};
use crate::app::{AppError, Finished, Grants, RunOptions, ToolInfo, Watcher, files};
use crate::engine::{StopHandle, clean_up};
use crate::event::{Event, Header, JournalWriter, Note, RunLock};
use crate::model::{Clock, RoundId};
use crate::record::Fold;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

/// How many rounds or shards are named where more are missing.
const NAMED: usize = 10;

/// What is done about rounds of the plan that no shard has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// The merge is refused.
    #[default]
    Refuse,
    /// They are run here.
    Run,
    /// They stay missing, and the gate is unproven at best.
    Allow,
}

/// What is merged, and how.
#[derive(Debug, Clone)]
pub struct MergeOptions {
    /// The folders that hold the journals.
    pub folders: Vec<PathBuf>,
    /// What is done about missing rounds.
    pub missing: Missing,
    /// Rounds and probes side by side; as the shards had it, if nobody says.
    pub jobs: Option<usize>,
    /// Where and how the merged run is kept, diagnosed and reported.
    pub run: RunOptions,
}

/// Merges shards into a new run, diagnoses it, judges it and writes its reports.
///
/// # Errors
/// If they are not parts of one run, or of another one than this folder's project would give.
pub fn merge(
    merging: &MergeOptions,
    grants: &Grants,
    tool: &ToolInfo,
    clock: &dyn Clock,
    watcher: &mut dyn Watcher,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<Finished, AppError> {
    let begun = Instant::now();
    let given = &merging.run;
    check_machine(given, tool)?;
    check_outputs(given)?;
    let mut spool = Spool::read(&journals(&merging.folders)?, &tool.temporary)?;
    // Searches that go on side by side ask as many questions as one run would have.
    let jobs = merging.jobs.unwrap_or(spool.header.policy.jobs as usize);
    let options = &RunOptions { jobs, ..of_the_run(given, &spool.header)? };
    let source = merging.folders.first().cloned().unwrap_or_default();
    let spec = spec_in(&source, &spool.header.subject, &options.root)?;
    refuse_gaps(&source, &spec)?;
    let spec = Judge { root: &options.root, grants, tool }.admit(&source, spec)?.meaning(&spool.header.cases);
    let subject = load_subject(spec.clone())?;
    let subject = subject.as_ref();
    let here = identity_of(options, subject, tool, spec.folder())?;
    refuse_others(&source, spool.header.identity.as_ref(), &here)?;
    let plans = Plans::make(options, subject)?;
    if subject.hash() != spool.header.subject.hash || plans.hash() != spool.header.plan {
        return Err(AppError::Usage(format!(
            "{}: the shards ran other cases or another plan than this folder gives; merge them in a checkout of the commit \
             that they ran",
            source.display()
        )));
    }
    let attempts = attempts(&spool, &plans, merging.missing)?;
    let started = clock.now();
    let background = background(options, subject, tool, &here, started)?;
    let tool = &tool.knowing(subject, &[&options.root, spec.folder()]);
    for folder in clean_up(&files::runs(&options.report_dir), &tool.temporary) {
        watcher.say(&format!("took away what a killed run left: {}", folder.display()));
    }
    let (run, folder) = files::new_run(&options.report_dir, started, options.seed)?;
    let _lock = RunLock::take(&folder)?;
    let header =
        Header { run: run.clone(), started, background, shard: None, identity: Some(here), ..spool.header.clone() };
    let journal = JournalWriter::create(&files::journal(&folder), redactor(tool))?;
    let fold = Fold::new(redactor(tool).header(&header));
    let mut session = Session::new(journal, fold, watcher, plans.forecast(subject, options))
        .with_sources([spec.folder().to_owned(), options.root.clone()]);
    session.emit(Event::RunStarted(Box::new(header.clone()))).map_err(AppError::io(&folder))?;
    for note in subject.notes().iter().cloned().chain(plans.notes.clone()).chain(tool.note_of_kept()) {
        session.emit(Event::Noted(Note::of_run(note))).map_err(AppError::io(&folder))?;
    }
    files::point_latest(&options.report_dir, &run)?;
    spool.tell(|event| session.emit(event)).map_err(AppError::io(&folder))?;
    for note in std::mem::take(&mut spool.notes) {
        session.emit(Event::Noted(note)).map_err(AppError::io(&folder))?;
    }
    drop(spool);
    let under_way =
        UnderWay { options, tool, folder: &folder, header: &header, spec, subject, plans: &plans, asked: None, begun };
    under_way.conclude(&attempts, session, stoppable)
}

/// For each round of the shards, the attempt that is next here; `None` where nothing is to be run.
fn attempts(spool: &Spool, plans: &Plans, missing: Missing) -> Result<BTreeMap<RoundId, Option<u32>>, AppError> {
    let planned: BTreeSet<RoundId> = plans.sharded().collect();
    if let Some((stranger, _)) = spool.rounds().find(|(round, _)| !planned.contains(round)) {
        return Err(AppError::Usage(format!("round {} is no round of the plan; run the shards again", stranger.0 + 1)));
    }
    let lacking: Vec<RoundId> = planned.iter().copied().filter(|round| !spool.has(*round)).collect();
    if lacking.len() == planned.len() && missing != Missing::Run {
        let text =
            "no shard has a round that ran to its end: there is nothing to judge; look at the shards' own output";
        return Err(AppError::Usage(text.to_owned()));
    }
    if !lacking.is_empty() && missing == Missing::Refuse {
        return Err(AppError::Usage(format!(
            "{} of {} rounds are missing: {}{}\nrun those shards again, or add --missing run to run the rounds here, or \
             --missing allow to judge without them",
            lacking.len(),
            planned.len(),
            named(lacking.iter().map(|round| round.0 + 1)),
            absent(spool)
        )));
    }
    let torn: BTreeSet<RoundId> = spool.rounds().filter(|(_, is_complete)| !is_complete).map(|(id, _)| id).collect();
    Ok(planned
        .into_iter()
        .map(|round| {
            let next = match (spool.has(round), missing) {
                (true, _) | (false, Missing::Allow) => None,
                // The facts of a torn round are those of attempt 0, which stay as evidence.
                (false, _) => Some(u32::from(torn.contains(&round))),
            };
            (round, next)
        })
        .collect())
}

/// The shards that have no journal, as the end of a sentence.
fn absent(spool: &Spool) -> String {
    let of = spool.header.shard.map_or(0, |shard| shard.of);
    let absent: Vec<u32> = (1..=of).filter(|index| !spool.shards.contains(index)).collect();
    if absent.is_empty() {
        return "; every shard has a journal, so some of them were cut short".to_owned();
    }
    format!("; no journal of shard {} of {of}", named(absent.into_iter()))
}

fn named(numbers: impl ExactSizeIterator<Item = u32>) -> String {
    let more = numbers.len().saturating_sub(NAMED);
    let shown: Vec<String> = numbers.take(NAMED).map(|number| number.to_string()).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
