//! Repro files: the smallest order and seed that show a finding again, and the running of them.

use crate::adapter::{LoadedSubject, load_subject};
use crate::app::engines::{AtWork, engine};
use crate::app::identity::{product, tree_of};
use crate::app::recorded::{refuse_gaps, spec_in};
use crate::app::trust::Judge;
use crate::app::under_way::redactor;
use crate::app::{AppError, Grants, ToolInfo};
use crate::diagnose::ReproFile;
use crate::engine::{Outlook, RoundResult, RoundUnit, StopHandle, Stopped};
use crate::event::{
    CaseInfo, Event, Header, Identity, JOURNAL_VERSION, JournalWriter, PlanPolicy, Policy, Product, Redactor, RunLock,
    SubjectInfo,
};
use crate::model::statistics::Tally;
use crate::model::{CaseId, CaseIndex, Clock, ContentHash, Outcome, RoundId, RoundKind};

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

/// What running a repro came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReproOutcome {
    /// How often it showed.
    pub seen: Tally,
    /// How often the case failed in another way.
    pub otherwise: u32,
    /// Cases of the repro that no longer exist.
    pub missing: Vec<CaseId>,
    /// The first failure that was seen.
    pub message: Option<String>,
    /// Which tree was tested, in a sentence.
    pub tested: String,
}

/// The smallest number of runs that misses a failure of this rate with less than 5 %, at least five.
/// Runs are independent, so n runs miss it with probability (1 − q)ⁿ.
pub fn times_for(rate: Tally) -> u32 {
    let q = rate.rate();
    if q >= 1.0 || q <= 0.0 {
        return 5;
    }
    let n = (0.05_f64.ln() / (1.0 - q).ln()).ceil();
    (n as u32).clamp(5, 10_000)
}

/// Runs a repro `times` times, in the project's folder and with what whoever runs gives leave for.
///
/// # Errors
/// If it can't be run at all.
pub fn repro(
    file: &Path,
    times: Option<u32>,
    jobs: usize,
    tool: &ToolInfo,
    clock: &dyn Clock,
    leave: (&Path, &Grants),
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<ReproOutcome, AppError> {
    let repro = ReproFile::read(file)?;
    // The order names its cases: a filter of the time has nothing to add.
    // What the run recorded is not added to.
    let spec = spec_in(file, &repro.subject, leave.0)?.unfiltered().recording_into(None);
    refuse_gaps(file, &spec)?;
    let spec = Judge { root: leave.0, grants: leave.1, tool }.admit(file, spec)?;
    let subject = load_subject(spec.clone().meaning_tests(repro.known_tests()))?;
    let tool = &tool.knowing(subject.as_ref(), &[leave.0, spec.folder()]);
    let places: BTreeMap<&str, CaseIndex> =
        subject.cases().iter().map(|case| case.id.as_str()).zip(CaseIndex::all()).collect();
    let (known, missing): (Vec<_>, Vec<_>) =
        repro.order.iter().cloned().partition(|id| places.contains_key(id.as_str()));
    let order: Vec<CaseIndex> = known.iter().filter_map(|id| places.get(id.as_str()).copied()).collect();
    if repro.order.last() != known.last() || order.is_empty() {
        let text = format!(
            "{}: the case that is to fail no longer exists here; a repro runs in a checkout of the project that it was \
             made in, and `steadfast list` shows the cases of this one",
            file.display()
        );
        return Err(AppError::Usage(text));
    }
    let tree = tree_of(leave.0, spec.folder());
    let tested = tested(tree, &product(tree, &leave.0.join("reports")), repro.identity.as_ref());
    let times = times.unwrap_or_else(|| times_for(repro.rate));
    let header = header(&repro, subject.as_ref(), spec.clone().portable(leave.0).to_json()?, clock);
    let folder = crate::disk::temporary_folder().map_err(AppError::io(&tool.temporary))?;
    let _lock = RunLock::take(folder.path())?;
    let at_work = AtWork::of(subject.as_ref(), jobs, tool, folder.path());
    let redactor = redactor(tool);
    let journal = JournalWriter::create(&folder.path().join("events.jsonl"), redactor.clone())?;
    let mut seen = Seen {
        repro: &repro,
        outcome: ReproOutcome { seen: Tally::default(), otherwise: 0, missing, message: None, tested },
        journal,
        redactor,
    };
    let case_timeout = Duration::from_millis(repro.case_deadline_ms);
    let mut engine = engine(&at_work, &header, &spec.with_listed(subject.listed()))?;
    stoppable(engine.stop_handle());
    let mut units = (0..times).map(|number| RoundUnit {
        event_loop: repro.event_loop,
        hash_seed: repro.hash_seed,
        ..RoundUnit::new(RoundId(number), RoundKind::Given, repro.seed, order.clone(), case_timeout)
    });
    let stopped = engine.run(&mut units, None, &mut seen);
    engine.shut_down();
    match stopped? {
        Stopped::SubjectFailed(reason) => Err(AppError::Usage(format!(
            "the subject could not be started: {reason}; start it by hand with the same arguments to see why"
        ))),
        Stopped::Not | Stopped::Asked(_) => Ok(seen.outcome),
    }
}

/// Which tree is tested, and which one the run had that the repro is from.
fn tested(tree: &Path, now: &Product, then: Option<&Identity>) -> String {
    let tree = tree.display();
    match then.map(|identity| &identity.product) {
        Some(then) if then == now => format!("tested {tree} ({now}, as in the run)"),
        Some(then) => format!("tested {tree} ({now}; the run had {then})"),
        None => format!("tested {tree} ({now})"),
    }
}

/// Counts how often the expected failure shows.
struct Seen<'a> {
    repro: &'a ReproFile,
    outcome: ReproOutcome,
    journal: JournalWriter,
    redactor: Redactor,
}

impl Outlook for Seen<'_> {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.journal.append(event).map(drop).map_err(io::Error::other)
    }

    fn round(&mut self, result: RoundResult) {
        let failure = result.outcomes.last().and_then(Option::as_ref).and_then(Outcome::failure);
        let shows = failure.is_some_and(|failure| failure.fingerprint == self.repro.expected.fingerprint);
        self.outcome.seen.count(shows);
        self.outcome.otherwise += u32::from(failure.is_some() && !shows);
        if self.outcome.message.is_none() {
            self.outcome.message = failure.map(|failure| self.redactor.apply(&failure.message).into_owned());
        }
    }
}

fn header(repro: &ReproFile, subject: &dyn LoadedSubject, spec: serde_json::Value, clock: &dyn Clock) -> Header {
    // A repro shows one failure: what its cases are tagged with and may leave behind plays no part.
    let cases = subject.cases().iter().map(|case| CaseInfo {
        tags: BTreeSet::new(),
        skip: None,
        leaks: Vec::new(),
        ..case.clone()
    });
    Header {
        question: None,
        version: JOURNAL_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run: format!("repro-of-{}", repro.run),
        started: clock.now(),
        seed: repro.seed,
        subject: SubjectInfo { spec, hash: subject.hash(), ..repro.subject.clone() },
        policy: Policy {
            leaks: Vec::new(),
            fail_on: BTreeSet::new(),
            confidence: 0.95,
            max_flake_rate: None,
            event_loops: vec![repro.event_loop],
            jobs: 1,
            plan: PlanPolicy {
                since: None,
                strategy: "declared".into(),
                group: "none".into(),
                rounds: None,
                order: None,
                stress: None,
                alone: false,
            },
        },
        plan: ContentHash::of([""]),
        planned: BTreeMap::new(),
        background: crate::event::Background::default(),
        shard: None,
        identity: None,
        cases: cases.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_failure_is_tried_more_often() {
        let times = |failures, trials| times_for(Tally::new(failures, trials));
        assert_eq!(times(5, 5), 5);
        assert_eq!(times(1, 2), 5);
        assert_eq!(times(1, 5), 14);
        assert_eq!(times(1, 100), 299);
    }
}
