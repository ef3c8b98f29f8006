//! One case, from its reset to the moment when nothing of it is in flight any more.

use crate::adapter::scenario::calls::{check_calls, describe, describe_calls};
use crate::adapter::scenario::needs::untold;
use crate::adapter::scenario::steps::{Played, Player, Problem};
use crate::adapter::scenario::truth::{check_speech, check_truth};
use crate::adapter::shared::stress::delayed;
use crate::adapter::system::event_loop::EventLoop;
use crate::adapter::system::ready_system::ReadySystem;
use crate::engine::Reports;
use crate::model::{Failure, LoopBound, Outcome, Place, Retained, Seed, Stress, TrialKey};
use crate::provider::{Call, Ended, Matched, Script, Stray, TrialCalls, UnusedAnswer};
use crate::scenario::{Case, System};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::LocalSet;

/// How long a case may take to fall quiet once its steps are done.
const QUIET: Duration = Duration::from_secs(3);

/// The longest piece of a system's output that a failure shows, in bytes.
const OUTPUT_SHOWN: usize = 4 << 10;

/// What came of a trial.
#[derive(Debug)]
pub(in crate::adapter) struct Verdictless {
    pub outcome: Outcome,
    pub notes: Vec<String>,
    /// What outlives its event loop.
    pub loop_bound: Vec<LoopBound>,
    /// What is still held at its end.
    pub retained: Vec<Retained>,
    /// Why a live call was not made, if one was not.
    pub not_made: Option<String>,
    /// Earlier trials that turned out to have failed by what they sent after their end.
    pub late: Vec<(TrialKey, Failure)>,
    /// The calls of the case and what the system wrote, where it did not fail.
    pub output: String,
}

impl Verdictless {
    pub fn skipped(reason: String) -> Self {
        Self::of(Outcome::Skipped { reason })
    }

    pub fn errored(reason: String) -> Self {
        Self::of(Outcome::Errored(Failure::new(reason, None)))
    }

    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            notes: Vec::new(),
            loop_bound: Vec::new(),
            retained: Vec::new(),
            not_made: None,
            late: Vec::new(),
            output: String::new(),
        }
    }
}

/// A case about to be run.
#[derive(Debug)]
pub(in crate::adapter) struct CaseRun<'a> {
    pub case: &'a Case,
    pub key: TrialKey,
    pub deadline: Duration,
    pub seed: Seed,
    pub stress: Option<Stress>,
    pub system: &'a System,
    pub secrets: &'a BTreeMap<String, String>,
    /// Whether the event loop, and with it the system's connections to providers, outlives the case.
    pub keeps_connections: bool,
    /// Whether tasks are given time to end before they are told of.
    pub waits_for_tasks: bool,
}

impl CaseRun<'_> {
    /// Runs the case on this event loop.
    pub fn play(&self, event_loop: &mut EventLoop, stage: &mut ReadySystem, reports: &mut dyn Reports) -> Verdictless {
        if let Some(providers) = &stage.providers {
            providers.begin(
                self.key,
                self.seed.derive(&format!("marks {}", self.key)),
                delayed(self.case.script.clone(), self.stress, self.seed, self.key),
            );
        }
        if let Some(proxy) = &stage.proxy {
            proxy.begin(self.key);
        }
        let begun = stage.output.mark();
        let mut player = Player::new(self.case, self.key, self.seed, self.system, self.secrets);
        let local = LocalSet::new();
        let result = local.block_on(&event_loop.runtime, async {
            let result = match tokio::time::timeout(self.deadline, player.play(stage, reports)).await {
                Ok(played) => played,
                Err(_) => Err(Problem::timed_out(self.case.place.clone(), self.deadline)),
            };
            fall_quiet(stage, &player).await;
            result
        });
        let ended = stage.providers.as_ref().map(|providers| providers.end());
        let strays = stage.proxy.as_ref().map(|proxy| proxy.end()).unwrap_or_default();
        drop(local);
        if let Some(providers) = stage.providers.as_ref().filter(|_| !self.keeps_connections) {
            providers.close_connections();
        }
        let left = stage.end_case(self.deadline);
        let mut done = self.judge(result, &player, ended.as_ref());
        let calls = ended.iter().flat_map(|ended| &ended.calls);
        done.not_made = calls.filter(|call| call.matched == Matched::NotMade).find_map(|call| call.remark.clone());
        done.notes.extend(stage.providers.as_ref().and_then(|providers| providers.trouble()));
        match left {
            Ok(Some(found)) => {
                done.notes.extend(found.notes());
                done.loop_bound = found.loop_bound;
            }
            Ok(None) => {}
            Err(error) if done.outcome == Outcome::Passed => {
                done.outcome = Outcome::Errored(Failure::new(error.to_string(), None));
            }
            Err(error) => done.notes.push(error.to_string()),
        }
        if !self.keeps_connections {
            self.look_for_tasks(event_loop, &mut done);
        }
        done.output = details(ended.as_ref(), &stage.output.since(begun));
        if let Some(failure) = failure_of(&mut done.outcome) {
            failure.details = std::mem::take(&mut done.output);
            // What could not be reached is most often why the rest went wrong.
            let astray: String = strays.attempts.iter().map(|stray| format!("{}\n", astray(stray))).collect();
            failure.details.insert_str(0, &astray);
        }
        done.notes.extend(strays.attempts.iter().map(astray));
        done
    }

    /// What is alive on an event loop that is about to end, ends with it. Whoever counts on it finds out.
    fn look_for_tasks(&self, event_loop: &mut EventLoop, done: &mut Verdictless) {
        if !self.waits_for_tasks {
            done.retained = event_loop.tasks.alive();
            return;
        }
        let bound = event_loop.settle().into_iter().map(|task| LoopBound {
            kind: task.kind.to_string(),
            class: "task".to_owned(),
            created: task.place.into_iter().collect(),
            held_by: None,
            event_loop: Some("of its case".to_owned()),
            reuse: None,
        });
        done.loop_bound.extend(bound);
    }

    fn judge(&self, result: Result<(), Problem>, player: &Player<'_>, ended: Option<&TrialCalls>) -> Verdictless {
        let mut problems = Vec::new();
        let (mut timed_out, mut errored) = (false, false);
        if let Err(problem) = result {
            (timed_out, errored) = (problem.timed_out, problem.errored);
            problems.push((problem.place, problem.text));
        }
        let untold = untold(self.case, self.system);
        let mut notes = Vec::new();
        if !untold.is_empty() {
            notes.push(format!("not measured, since the system file does not bind it: {}", untold.join(", ")));
        }
        let mut late = Vec::new();
        if let Some(ended) = ended {
            let (uncovered, doubted) = unscripted(self.case, ended);
            problems.extend(uncovered);
            notes.extend(doubted);
            problems.extend(carried_over(self.case, ended));
            problems.extend(held(self.case, ended));
            problems
                .extend(player.played.borrow().iter().filter_map(|played: &Played| check_truth(played, &ended.calls)));
            problems.extend(player.spoken.borrow().iter().filter_map(|spoken| check_speech(spoken, &ended.calls)));
            if problems.is_empty() {
                let (wrong, doubted) = self.check_calls(ended, player);
                problems.extend(wrong);
                notes.extend(doubted);
            }
            notes.extend(ended.unused.iter().map(describe_unused));
            late.extend(ended.late.iter().filter_map(blame_late));
        }
        let Some((place, _)) = problems.first() else {
            return Verdictless { notes, late, ..Verdictless::of(Outcome::Passed) };
        };
        let text: Vec<String> = problems.iter().map(|(_, text)| text.clone()).collect();
        let failure = Failure::new(text.join("\n"), Some(place.clone()));
        let outcome = if timed_out {
            Outcome::TimedOut(failure)
        } else if errored {
            Outcome::Errored(failure)
        } else {
            Outcome::Failed(failure)
        };
        Verdictless { notes, late, ..Verdictless::of(outcome) }
    }
}

impl CaseRun<'_> {
    /// What is wrong with the calls of the case. Calls of which nobody knows whose they are count or don't,
    /// whichever is right.
    fn check_calls(&self, ended: &TrialCalls, player: &Player<'_>) -> (Vec<(Place, String)>, Option<String>) {
        let check = |calls: &[Call]| check_calls(&self.case.calls, calls, self.system, &player.variables());
        let wrong = check(&ended.calls);
        let sure: Vec<Call> = ended.calls.iter().filter(|call| !call.doubtful).cloned().collect();
        if wrong.is_empty() || sure.len() == ended.calls.len() || !check(&sure).is_empty() {
            return (wrong, None);
        }
        let doubtful = ended.calls.iter().find(|call| call.doubtful).map(doubt);
        (Vec::new(), doubtful)
    }
}

/// A call that can be this case's or an earlier one's.
fn doubt(call: &Call) -> String {
    format!("nothing tells for sure which case this call belongs to, so nobody is blamed for it: {}", describe(call))
}

/// An attempt to reach what can't be reached. One before the first case came while the system was starting.
fn astray(stray: &Stray) -> String {
    match stray.trial {
        Some(_) => stray.to_string(),
        None => format!("before the case: {stray}"),
    }
}

fn describe_unused(unused: &UnusedAnswer) -> String {
    let provider = unused.provider.as_ref().map_or("any", |provider| provider.as_str());
    let left = unused.left.map(|left| format!(", {left} times")).unwrap_or_default();
    format!("{provider}: the answer scripted in line {} ({}{left}) was never asked for", unused.line, unused.what)
}

/// Waits until nothing of the case is in flight: hanging answers are reset, then handlers end, then what they still
/// asked of providers is answered.
async fn fall_quiet(stage: &ReadySystem, player: &Player<'_>) {
    let Some(providers) = &stage.providers else { return };
    providers.quiet(QUIET).await;
    let handlers = async {
        let mut serving = player.serving.take();
        while serving.join_next().await.is_some() {}
    };
    // Handlers that don't end are ended with their event loop.
    let _ = tokio::time::timeout(QUIET, handlers).await;
    providers.quiet(QUIET).await;
}

fn failure_of(outcome: &mut Outcome) -> Option<&mut Failure> {
    match outcome {
        Outcome::Failed(failure)
        | Outcome::Errored(failure)
        | Outcome::TimedOut(failure)
        | Outcome::Crashed(failure) => Some(failure),
        Outcome::Passed | Outcome::Skipped { .. } => None,
    }
}

/// Calls that nothing in the scenario covers; and notes of those among them that may be another case's.
fn unscripted(case: &Case, ended: &TrialCalls) -> (Vec<(Place, String)>, Vec<String>) {
    let calls = ended.calls.iter().filter(|call| ended.unscripted.contains(&call.seq));
    let (doubted, calls): (Vec<&Call>, Vec<&Call>) = calls.partition(|call| call.doubtful);
    let covered = covered(&case.script);
    let wrong = calls
        .into_iter()
        .map(|call| {
            let text = match &call.remark {
                Some(remark) => format!("{remark}: {}", describe(call)),
                None => format!("a call that no script covers: {}; scripted: {covered}", describe(call)),
            };
            (case.place.clone(), text)
        })
        .collect();
    (wrong, doubted.into_iter().map(doubt).collect())
}

/// An answer that was held for calls that never came: the race that the case is about did not take place.
fn held(case: &Case, ended: &TrialCalls) -> Option<(Place, String)> {
    let call = ended.calls.iter().find(|call| call.ended == Ended::Held)?;
    let arrived = ended.calls.iter().filter(|call| call.asks_a_model()).count();
    let text = format!("hold_until: only {arrived} calls arrived, so this one was never answered: {}", describe(call));
    Some((case.place.clone(), text))
}

/// Calls that tell a model what another case was told: what one case said turns up in another's request.
fn carried_over(case: &Case, ended: &TrialCalls) -> Option<(Place, String)> {
    let call = ended.calls.iter().find(|call| !call.carries.is_empty())?;
    let text = format!("a call carries the answer of another case, so state was carried over: {}", describe(call));
    Some((case.place.clone(), text))
}

fn covered(script: &Script) -> String {
    let mut names: Vec<String> = script.providers.keys().map(ToString::to_string).collect();
    names.extend(script.any.is_some().then(|| "any".to_owned()));
    if names.is_empty() { "no provider".to_owned() } else { names.join(", ") }
}

/// A request that came after the end of its case: no script answers it any more, and it spent money that the case
/// did not see.
fn blame_late(call: &Call) -> Option<(TrialKey, Failure)> {
    let text = format!("a call came after the case had ended, and no script covers it: {}", describe(call));
    Some((call.trial?, Failure::new(text, None)))
}

fn details(ended: Option<&TrialCalls>, output: &str) -> String {
    let mut text = String::new();
    if let Some(ended) = ended {
        text.push_str(&describe_calls(&ended.calls));
    }
    let output = output.trim_end();
    if !output.is_empty() {
        let mut from = output.len().saturating_sub(OUTPUT_SHOWN);
        while !output.is_char_boundary(from) {
            from += 1;
        }
        text.push_str("the system wrote:\n");
        text.push_str(&output[from..]);
    }
    text
}
