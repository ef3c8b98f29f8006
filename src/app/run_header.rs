//! The header of a run's journal: what is run, what is asked of it, and what it measures.

use crate::adapter::{DEFAULT_SYSTEM, LoadedSubject, Reach, SubjectSpec};
use crate::app::plans::Plans;
use crate::app::{Accounting, AloneRounds, AppError, RunOptions};
use crate::event::{Background, CaseInfo, Header, JOURNAL_VERSION, PlanPolicy, Policy, ShardInfo, SubjectInfo};
use crate::model::{Measured, ResourceKind};
use std::collections::BTreeMap;

/// What the run measures, and of what it does not, why.
fn measured(options: &RunOptions, subject: &dyn LoadedSubject) -> BTreeMap<String, Measured> {
    let mut measured = subject.measured();
    if options.accounting == Accounting::Off {
        let kinds = ResourceKind::ALL.into_iter().filter(|kind| measured.contains_key(kind.as_str()));
        let off: Vec<String> = kinds.map(|kind| kind.to_string()).collect();
        let why = match options.question {
            None => "switched off by --no-leaks",
            Some(_) => "not looked for where one case is asked about",
        };
        measured.extend(off.into_iter().map(|kind| (kind, Measured::not(why))));
    }
    measured
}

/// The header of a run that begins now.
///
/// # Errors
/// If what is run can't be written down.
pub(super) fn header(
    options: &RunOptions,
    chosen: &SubjectSpec,
    subject: &dyn LoadedSubject,
    plans: &Plans,
    run: String,
    started: jiff::Timestamp,
) -> Result<Header, AppError> {
    let cases = subject.cases().iter().map(|case| CaseInfo {
        skip: case.skip.clone().or_else(|| plans.leaves_out(&case.id, subject)),
        ..case.clone()
    });
    let mut arguments: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    if let Some(suite) = &options.suite {
        arguments = suite.as_typed();
    } else if options.system != DEFAULT_SYSTEM {
        arguments.extend(["--system".to_owned(), options.system.clone()]);
    }
    if options.reach == Reach::Network {
        // Before what is the suite's own, where there is such.
        let at = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
        arguments.insert(at, "--allow-network".to_owned());
    }
    Ok(Header {
        version: JOURNAL_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run,
        started,
        seed: options.seed,
        subject: SubjectInfo {
            name: subject.name(),
            arguments,
            spec: chosen.clone().portable(&options.root).to_json()?,
            hash: subject.hash(),
            measured: measured(options, subject),
            round: subject.round().to_owned(),
        },
        policy: Policy {
            leaks: options.leaks.clone(),
            fail_on: options.fail_on.clone(),
            confidence: options.confidence,
            max_flake_rate: options.max_flake_rate,
            event_loops: options.event_loops.clone(),
            jobs: u32::try_from(options.jobs).unwrap_or(u32::MAX),
            plan: PlanPolicy {
                strategy: options.strategy.to_string(),
                group: options.group.unwrap_or_else(|| subject.grouping()).to_string(),
                rounds: options.rounds,
                order: options.order.clone(),
                since: plans.since(),
                stress: options.stress,
                alone: options.alone == AloneRounds::WhereCheap,
            },
        },
        plan: plans.hash(),
        planned: plans.counts(),
        background: Background::default(),
        question: None,
        shard: options.shard.map(|shard| ShardInfo { index: shard.index(), of: shard.of() }),
        identity: None,
        cases: cases.collect(),
    })
}
