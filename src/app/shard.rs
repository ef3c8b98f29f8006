//! `run --shard I/N`: a part of a plan that several machines share. It runs its rounds and keeps their facts; what they
//! mean is `merge`'s to say.

use crate::app::playable::Playable;
use crate::app::run::begin;
use crate::app::session::Session;
use crate::app::under_way::{UnderWay, end_of};
use crate::app::{AppError, RunOptions, ToolInfo, Watcher, files};
use crate::diagnose::RunLog;
use crate::engine::{RoundUnit, Rounds, StopHandle};
use crate::event::{Event, Note, RunEnd, compress};
use crate::model::{Clock, ContentHash, Seed};
use crate::plan::Shard;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variables that services of continuous integration and schedulers give to all jobs of one run, whatever attempt it is.
const RUNS: [&str; 7] = [
    "GITHUB_RUN_ID",
    "CI_PIPELINE_ID",
    "BUILDKITE_BUILD_ID",
    "BUILD_BUILDID",
    "CIRCLE_WORKFLOW_ID",
    "SLURM_ARRAY_JOB_ID",
    "STEADFAST_RUN_ID",
];

/// What a shard came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ShardRun {
    /// Which part of the plan it is.
    pub shard: Shard,
    /// The journal of the shard.
    pub journal: PathBuf,
    /// How many rounds fell to it.
    pub rounds: usize,
    /// How many of them ran to their end.
    pub completed: usize,
    /// How many trials failed.
    pub failures: usize,
    /// Why it ended.
    pub end: RunEnd,
}

/// Runs one shard. `options` must name it.
///
/// # Errors
/// If the input is wrong, the plan depends on a clock, or the facts can't be kept.
pub fn run_shard(
    options: &RunOptions,
    tool: &ToolInfo,
    clock: &dyn Clock,
    watcher: &mut dyn Watcher,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<ShardRun, AppError> {
    let Some(shard) = options.shard else {
        return Err(AppError::Usage("no shard was named: give its number, such as --shard 1/4".to_owned()));
    };
    begin(options, tool, clock, watcher, |under_way, session| rounds(&under_way, shard, session, stoppable))
}

fn rounds(
    under_way: &UnderWay<'_>,
    shard: Shard,
    mut session: Session<'_>,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<ShardRun, AppError> {
    let UnderWay { options, folder, subject, plans, begun, .. } = under_way;
    let beside = subject.files_beside();
    let units: Vec<RoundUnit> = plans.units_of(shard, options.case_timeout).collect();
    let rounds = units.len();
    let end = if units.is_empty() {
        RunEnd::Completed
    } else {
        let until = options.max_time.map(|limit| *begun + limit);
        let mut engine = Playable::of(under_way.engine()?, *subject);
        stoppable(engine.stop_handle());
        let stopped = engine.run(&mut units.into_iter(), until, &mut session);
        Box::new(engine).shut_down();
        end_of(stopped?)
    };
    let io = AppError::io(*folder);
    let appeared = beside.appeared(&options.root.join(&options.report_dir));
    let notes = appeared.into_iter().map(|text| Event::Noted(Note::of_run(text)));
    let written = notes.chain([Event::RunFinished { end: end.clone() }]).try_for_each(|event| session.emit(event));
    written.map_err(io)?;
    let record = session.record();
    drop(session);
    let journal = compress(&files::journal(folder))?;
    let completed = record.rounds.iter().filter(|round| round.is_complete()).count();
    let failures = record.rounds.iter().map(|round| round.slots.iter().filter(|slot| slot.has_failed()).count()).sum();
    Ok(ShardRun { shard, journal, rounds, completed, failures, end })
}

/// A seed that all jobs of one run of a CI service come to: from the run's id and its commit, whatever attempt it is.
pub fn seed_of_ci(environment: &BTreeMap<String, String>) -> Option<Seed> {
    let value = |name: &&str| environment.get(*name).filter(|value| !value.is_empty());
    let run = RUNS.iter().find_map(value)?;
    let commit = ["GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "BUILD_SOURCEVERSION", "CIRCLE_SHA1"];
    let commit = commit.iter().find_map(value).map_or("", String::as_str);
    let hash = ContentHash::of([run.as_str(), commit]);
    u64::from_str_radix(hash.as_str().get(..16)?, 16).ok().map(Seed::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_one_run_come_to_one_seed_whatever_attempt_it_is() {
        let seed = |set: &[(&str, &str)]| {
            seed_of_ci(&set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(seed(&[]), None);
        let first = seed(&[("GITHUB_RUN_ID", "1"), ("GITHUB_SHA", "a"), ("GITHUB_RUN_ATTEMPT", "1")]);
        assert!(first.is_some());
        assert_eq!(seed(&[("GITHUB_RUN_ID", "1"), ("GITHUB_SHA", "a"), ("GITHUB_RUN_ATTEMPT", "2")]), first);
        assert_ne!(seed(&[("GITHUB_RUN_ID", "2"), ("GITHUB_SHA", "a")]), first);
        assert_ne!(seed(&[("GITHUB_RUN_ID", "1"), ("GITHUB_SHA", "b")]), first);
    }
}
