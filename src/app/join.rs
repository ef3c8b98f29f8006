//! `worker --connect`: plays rounds of a fleet's runs, after it has made sure that it tests the same.

use crate::adapter::{Files, LoadedSubject, SubjectSpec, load_subject};
use crate::app::engines::{AtWork, engine};
use crate::app::fleet::this_machine;
use crate::app::identity::identity_of;
use crate::app::plans::Plans;
use crate::app::recorded::{refuse_gaps, spec_in};
use crate::app::resume::of_the_run;
use crate::app::run::check_machine;
use crate::app::trust::Judge;
use crate::app::under_way::redactor;
use crate::app::{AppError, Grants, RunOptions, ToolInfo};
use crate::engine::{StopHandle, clean_up};
use crate::event::{Difference, Header};
use crate::fleet::{
    Address, Ended, FleetError, FleetName, Hands, Invitation, NatsPost, Phase, Post, RunState, Told, WorkerName,
    WorkerSettings, play,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is looked whether there is a run.
const LOOK: Duration = Duration::from_millis(100);

/// How a worker takes part.
#[derive(Debug, Clone)]
pub struct JoinOptions {
    /// The server that coordinator and workers meet at.
    pub address: Address,
    /// Which fleet it is, where a server has several.
    pub fleet: FleetName,
    /// Rounds side by side.
    pub jobs: usize,
    /// How long it stays without a round.
    pub idle: Duration,
    /// Whether it ends with the run that it played for.
    pub once: bool,
    /// The name of this host.
    pub host: String,
    /// What `run` would take from the configuration here.
    pub run: RunOptions,
}

/// Plays rounds until no run needs them.
///
/// # Errors
/// If this machine tests something else than the coordinator, or can't take part.
pub fn join(
    options: &JoinOptions,
    grants: &Grants,
    tool: &ToolInfo,
    say: &(dyn Fn(&str) + Sync),
    post: &NatsPost,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<Ended, AppError> {
    check_machine(&options.run, tool)?;
    let workers = options.run.report_dir.join("workers");
    clean_up(&workers, &tool.temporary);
    let waiting = std::thread::current();
    let stop = StopHandle::waking(move || waiting.unpark());
    stoppable(stop.clone());
    let id = format!("{:08x}", getrandom::u32().unwrap_or_else(|_| std::process::id()));
    let name = WorkerName { host: options.host.clone(), id };
    let mut idle = Instant::now();
    let mut over: Option<RunState> = None;
    loop {
        if stop.is_interrupted() {
            return Ok(Ended::Asked);
        }
        if idle.elapsed() >= options.idle {
            return Ok(Ended::Idle);
        }
        let is_new = |state: &RunState| {
            state.phase == Phase::Open
                && over.as_ref().is_none_or(|over| (&over.run, over.epoch) != (&state.run, state.epoch))
        };
        let invited = match post.state().filter(is_new) {
            Some(state) => post.invitation(&state)?.map(|invitation| (state, invitation)),
            None => None,
        };
        let Some((state, invitation)) = invited else {
            std::thread::park_timeout(LOOK);
            continue;
        };
        let settings = WorkerSettings {
            name: name.clone(),
            lanes: options.jobs,
            run: state.run.clone(),
            idle: options.idle,
            machine: this_machine(),
        };
        let ready = Ready::make(options, &invitation, grants, tool).inspect_err(|error| {
            post.tell(&Told::Refused { worker: name.clone(), reason: error.to_string() });
        })?;
        say(&format!("plays rounds of run {}", state.name));
        let ended = ready.play(&workers, &settings, post, &stop)?;
        match ended {
            Ended::Dismissed => {
                say(&format!("gets no more rounds of run {}: it is much slower than others", state.name))
            }
            _ => say(&format!("plays no more rounds of run {}", state.name)),
        }
        match ended {
            Ended::RunOver if !options.once => {}
            ended => {
                post.tell(&Told::Left { worker: name });
                return Ok(ended);
            }
        }
        (over, idle) = (Some(played(state, post.state())), Instant::now());
    }
}

/// The run that a worker has played, as the server tells of it now. The next run may have begun before the worker was done
/// with this one: that one was not played.
fn played(invited: RunState, now: Option<RunState>) -> RunState {
    now.filter(|now| now.run == invited.run).unwrap_or(invited)
}

/// A worker that tests the same as the coordinator.
struct Ready<'a> {
    header: &'a Header,
    spec: SubjectSpec,
    /// What it loaded. The tree as it was before the first round goes with it.
    _subject: Box<dyn LoadedSubject>,
    files: Files,
    reports: PathBuf,
    start_within: Duration,
    is_fenced: bool,
    tool: ToolInfo,
}

impl<'a> Ready<'a> {
    /// Loads what this checkout holds, and compares it with what the coordinator has.
    fn make(
        options: &JoinOptions,
        invitation: &'a Invitation,
        grants: &Grants,
        tool: &ToolInfo,
    ) -> Result<Self, AppError> {
        let header = &invitation.header;
        let source = PathBuf::from(format!("run {}", header.run));
        let given = RunOptions { suite_name: None, ..options.run.clone() };
        let options = &of_the_run(&given, header)?;
        let spec = spec_in(&source, &header.subject, &options.root)?;
        refuse_gaps(&source, &spec)?;
        let spec = Judge { root: &options.root, grants, tool }.admit(&source, spec)?.meaning(&header.cases);
        let loaded = load_subject(spec.clone())?;
        let subject = loaded.as_ref();
        let plans = Plans::make(options, subject)?;
        let here = identity_of(options, subject, tool, spec.folder())?;
        let mut differences: Vec<Difference> =
            header.identity.as_ref().map(|there| there.differences(&here)).unwrap_or_default();
        differences.extend(Difference::of("the program's version", &header.program, env!("CARGO_PKG_VERSION")));
        differences.extend(Difference::of("the cases", header.subject.hash.short(), subject.hash().short()));
        differences.extend(Difference::of("the plan", header.plan.short(), plans.hash().short()));
        let is_set = |name: &&String| tool.environment.contains_key(*name);
        let unset = invitation.variables.iter().filter(|name| !is_set(name));
        differences.extend(unset.filter_map(|name| Difference::of(&format!("the variable {name}"), "set", "unset")));
        if !differences.is_empty() {
            return Err(AppError::Usage(format!(
                "{}: this machine does not test the same:\n{}\ncheck out the same commit, install the same packages and the \
                 same program, then start the worker again",
                source.display(),
                Difference::lines(&differences, "at the coordinator", "here")
            )));
        }
        let (tool, start_within) = (tool.knowing(subject, &[&options.root, spec.folder()]), subject.start_within());
        let is_fenced = subject.is_fenced();
        // Before it is said where the tree is kept: looking at it is what keeps it.
        let files = subject.files_beside();
        let spec = spec.with_listed(subject.listed());
        let reports = options.root.join(&options.report_dir);
        Ok(Self { header, spec, files, reports, start_within, is_fenced, tool, _subject: loaded })
    }

    /// Plays rounds of the run on an engine for each lane.
    fn play(
        &self,
        workers: &Path,
        settings: &WorkerSettings,
        post: &NatsPost,
        stop: &StopHandle,
    ) -> Result<Ended, AppError> {
        let folders: BTreeMap<usize, PathBuf> =
            (0..settings.lanes).map(|lane| (lane, workers.join(format!("{}-{lane}", settings.name.id)))).collect();
        for folder in folders.values() {
            crate::disk::make_report_folders(folder).map_err(AppError::io(folder))?;
        }
        // Lanes share everything but the subject, which is no thread's but this one's.
        let Self { header, spec, files, reports, start_within, is_fenced, tool, .. } = self;
        let make = |lane: usize| {
            let folder = folders.get(&lane).map_or(workers, PathBuf::as_path);
            let at_work = AtWork { jobs: 1, start_within: *start_within, is_fenced: *is_fenced, tool, folder };
            engine(&at_work, header, spec).map_err(|error| FleetError::NotReady(error.to_string()))
        };
        let redactor = redactor(tool);
        let clean = |text: String| redactor.apply_json(&text).unwrap_or(text);
        let look = || files.appeared(reports);
        let ended = play(post, settings, Hands { make: &make, clean: &clean, look: &look }, stop);
        for folder in folders.values() {
            let _ = std::fs::remove_dir_all(folder);
        }
        // Empty, unless another worker of this folder is at work.
        let _ = std::fs::remove_dir(workers);
        Ok(ended?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContentHash;

    fn state(run: &str, epoch: u32, phase: Phase) -> RunState {
        let (run, name, digest) = (run.to_owned(), run.to_owned(), ContentHash::of([run]));
        RunState { run, name, epoch, phase, chunks: 1, digest, dismissed: Default::default() }
    }

    #[test]
    fn a_run_that_began_before_the_worker_was_done_with_the_last_one_was_not_played() {
        let invited = state("first", 1, Phase::Open);
        let next = state("second", 1, Phase::Open);
        assert_eq!(played(invited.clone(), Some(next)), invited);
        assert_eq!(played(invited.clone(), None), invited);
        let resumed = state("first", 2, Phase::Open);
        assert_eq!(played(invited, Some(resumed.clone())), resumed, "an epoch in which it was dismissed");
    }
}
