//! Going on with a run that was killed or interrupted, by whole rounds.

use crate::adapter::load_subject;
use crate::app::files;
use crate::app::identity::{identity_of, refuse_others};
use crate::app::plans::Plans;
use crate::app::recorded::{refuse_gaps, spec_in};
use crate::app::reports::check_outputs;
use crate::app::run::check_machine;
use crate::app::trust::Judge;
use crate::app::under_way::{UnderWay, redactor};
use crate::app::{AppError, Finished, Grants, RunOptions, ToolInfo, Watcher};
use crate::engine::{Earlier, StopHandle, clean_up};
use crate::event::{Entry, Event, JournalReader, JournalWriter, RunLock};
use crate::model::RoundId;
use crate::record::Fold;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Goes on with the run in `folder`. `options` are those of the run's journal as far as they decide what is run.
///
/// # Errors
/// If cases or plan are not what they were: their hashes must match.
pub fn resume(
    folder: &Path,
    options: &RunOptions,
    tool: &ToolInfo,
    watcher: &mut dyn Watcher,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<Finished, AppError> {
    let begun = Instant::now();
    check_machine(options, tool)?;
    check_outputs(options)?;
    clean_up(&files::runs(&options.report_dir), &tool.temporary);
    let _lock = RunLock::take(folder)?;
    let path = files::journal(folder);
    let mut reader = JournalReader::open(&path)?;
    if reader.header().shard.is_some() {
        let text = format!("{}: is a shard's, which is not gone on with: run the shard again", folder.display());
        return Err(AppError::Usage(text));
    }
    if reader.header().question.is_some() {
        let text = format!("{}: asked about one case, which is not gone on with: ask again", folder.display());
        return Err(AppError::Usage(text));
    }
    let header = reader.header().clone();
    let mut fold = Fold::new(header.clone());
    let earlier = Earlier::default();
    for entry in &mut reader {
        let Entry { at, event } = entry?;
        // What was asked beyond the plan is asked again, and answered by what stands there.
        let Some(event) = earlier.keep(event) else { continue };
        fold.entry(Entry { at, event })
            .map_err(|reason| AppError::Usage(format!("{}: {reason}; start a new run", path.display())))?;
    }
    let given = options;
    let options = &of_the_run(options, &header)?;
    let spec = spec_in(&path, &header.subject, &options.root)?;
    refuse_gaps(&path, &spec)?;
    let grants = Grants { everything: options.trust, ..Grants::default() }.and_of(given);
    let spec = Judge { root: &options.root, grants: &grants, tool }.admit(&path, spec)?;
    let spec = spec.meaning(&header.cases);
    let subject = load_subject(spec.clone())?;
    let subject = subject.as_ref();
    let all_tool = tool;
    let tool = &tool.knowing(subject, &[&options.root, spec.folder()]);
    let plans = Plans::make(options, subject)?;
    if subject.hash() != header.subject.hash || plans.hash() != header.plan {
        return Err(AppError::Usage(format!(
            "{}: the scenarios, the system file or the plan changed since the run began; start a new run",
            folder.display()
        )));
    }
    let here = identity_of(options, subject, all_tool, spec.folder())?;
    refuse_others(folder, header.identity.as_ref(), &here)?;
    let attempts: BTreeMap<RoundId, Option<u32>> = fold
        .clone()
        .finish()
        .rounds
        .iter()
        .map(|round| (round.id, (!round.is_complete()).then_some(round.attempts)))
        .collect();
    let journal = JournalWriter::resume(&path, reader.whole(), reader.last_ms(), redactor(tool))?;
    let forecast = plans.forecast(subject, options);
    let mut session = crate::app::session::Session::new(journal, fold, watcher, forecast)
        .with_earlier(earlier)
        .with_sources([spec.folder().to_owned(), options.root.clone()]);
    session.emit(Event::RunResumed).map_err(AppError::io(folder))?;
    let under_way =
        UnderWay { options, tool, folder, header: &header, spec, subject, plans: &plans, asked: None, begun };
    under_way.conclude(&attempts, session, stoppable)
}

/// The options that decide what is run, as the run had them.
pub(super) fn of_the_run(options: &RunOptions, header: &crate::event::Header) -> Result<RunOptions, AppError> {
    let mut options = options.clone();
    options.seed = header.seed;
    options.event_loops = header.policy.event_loops.clone();
    options.fail_on = header.policy.fail_on.clone();
    options.confidence = header.policy.confidence;
    options.max_flake_rate = header.policy.max_flake_rate;
    let plan = &header.policy.plan;
    options.strategy = plan
        .strategy
        .parse()
        .map_err(|_| AppError::Usage(format!("unknown strategy {}; start a new run", plan.strategy)))?;
    let group =
        plan.group.parse().map_err(|_| AppError::Usage(format!("unknown group {}; start a new run", plan.group)))?;
    options.group = Some(group);
    options.rounds = plan.rounds;
    options.order = plan.order.clone();
    options.since = plan.since.clone();
    options.stress = plan.stress;
    options.alone = if plan.alone { crate::app::AloneRounds::WhereCheap } else { crate::app::AloneRounds::Never };
    Ok(options)
}
