//! The facts of a journal, one a line.

use crate::event::dirt::Dirt;
use crate::event::header::Header;
use crate::event::machine::Machine;
use crate::event::note::Note;
use crate::event::runner_line::RunnerLine;
use crate::model::statistics::Tally;
use crate::model::{
    Aftermath, CaseIndex, EventLoop, Excerpt, LoopBound, Outcome, Position, Retained, RoundId, RoundKind, Seed,
    StateMark, Stress,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A fact with its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the run began (a resumed run goes on counting from its last fact).
    pub at: u64,
    /// What was observed.
    pub event: Event,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    RunStarted(Box<Header>),
    /// The run goes on after it was interrupted or killed.
    RunResumed,
    /// A host takes part.
    HostSeen {
        /// Its name, where it is not the one that keeps the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// What is known of it.
        machine: Machine,
    },
    /// A round began.
    RoundStarted {
        /// The round that begins.
        round: RoundId,
        /// From 0; one more each time the round had to be begun or gone on with anew.
        attempt: u32,
        /// Why it has its order.
        kind: RoundKind,
        /// The seed of its order and of all that is random in it.
        seed: Seed,
        /// How long an event loop lives in it.
        event_loop: EventLoop,
        /// The noise around it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stress: Option<Stress>,
        /// The hash seed of the subject's Python, where it has one: what a process decides once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash_seed: Option<u32>,
        /// In an aftermath: which of its cases run first, and which of them share a fork.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        aftermath: Option<Aftermath>,
        /// Whether it is no part of the plan that the header counts: it was added while there was time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        added: bool,
        /// The host that ran it, where that was not the one that keeps the journal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// The cases to run, by their place in the header.
        order: Vec<CaseIndex>,
    },
    /// A trial began.
    TrialStarted {
        /// The round that the trial belongs to.
        round: RoundId,
        /// The place in the round's order.
        position: Position,
        /// The index of the case in the header.
        case: CaseIndex,
    },
    /// A trial ended.
    TrialFinished {
        /// The round that the trial belongs to.
        round: RoundId,
        /// The place in the round's order.
        position: Position,
        /// The index of the case in the header.
        case: CaseIndex,
        /// How, and how long it took.
        #[serde(flatten)]
        report: TrialReport,
    },
    /// A round ended.
    RoundFinished {
        /// The round that ended.
        round: RoundId,
        /// Which attempt at it.
        attempt: u32,
        /// How the round ended.
        end: RoundEnd,
        /// How long it took.
        millis: u64,
    },
    /// What the rounds seen so far let expect.
    Forecast {
        /// What one round costs.
        round_millis: u64,
        /// What the whole run takes: the diagnosis, as far as failures are known, and the look for leaks included.
        plan_millis: u64,
        /// The rounds of the plan.
        rounds: u32,
    },
    /// Something that a reader should know and that is no finding.
    Noted(Note),
    /// What the diagnosis of a suspect came to.
    Diagnosed(Diagnosis),
    /// The run ended.
    RunFinished {
        /// How the run ended.
        end: RunEnd,
    },
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialReport {
    /// How the trial ended.
    pub outcome: Outcome,
    /// Its duration in microseconds.
    pub micros: u64,
    /// What a trial that passed wrote, as far as it was captured. A journal has it of few passes, all of cases that failed
    /// as well: `None` where it was not kept, empty where the trial wrote nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// The source around the place where it failed, where the failure's details do not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
    /// Things noted by the way: scripted answers never asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it left that outlives its event loop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loop_bound: Vec<LoopBound>,
    /// What appeared during it and is still held: at its end in rounds of the plan, at the round's end in rounds that
    /// keep a ledger. Suspicious, and no finding by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retained: Vec<Retained>,
    /// What it changed of the process's state and did not put back, as far as a cheap look can tell.
    #[serde(default, skip_serializing_if = "Dirt::is_empty")]
    pub dirt: Dirt,
    /// What it left changed, compared part by part: looked at when it runs alone, and when a probe watches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<StateMark>,
    /// Whether memory began anew with it, within its round: a process did, or a file's modules. What earlier cases left in
    /// memory is gone then, what they left on disk is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
    /// In a walk: after how many cases of the round's order the suspect was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Where two runs of it were followed: the first line at which their paths part, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

impl TrialReport {
    /// A report of nothing but an outcome.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            micros: 0,
            output: None,
            excerpt: None,
            notes: Vec::new(),
            loop_bound: Vec::new(),
            retained: Vec::new(),
            dirt: Dirt::default(),
            marks: Vec::new(),
            fresh: false,
            after: None,
            difference: None,
        }
    }

    /// The same with what the trial wrote, if it passed: a failure has its own details. The middle of a long text goes.
    #[must_use]
    pub fn with_output(self, text: &str) -> Self {
        let output = (self.outcome == Outcome::Passed).then(|| ends_of(text));
        Self { output, ..self }
    }
}

/// How much is kept of what a passing trial wrote, in bytes.
const OUTPUT_KEPT: usize = 8 * 1024;

/// The beginning and the end of a long text.
fn ends_of(text: &str) -> String {
    if text.len() <= OUTPUT_KEPT {
        return text.to_owned();
    }
    let (mut head, mut tail) = (OUTPUT_KEPT / 2, text.len() - OUTPUT_KEPT / 2);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    format!("{}\n[{} bytes left out]\n{}", &text[..head], tail - head, &text[tail..])
}

/// How a round ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundEnd {
    /// Every trial was reported.
    Completed,
    /// The subject died or hung; the rest of the round goes on as another attempt.
    Died {
        /// What is known of it.
        reason: String,
    },
    /// The subject could not be started.
    NotStarted {
        /// Why it was not measured.
        reason: String,
    },
    /// The run was stopped before the round's end.
    Interrupted,
}

/// What the diagnosis of a suspect came to. A later one about the same case replaces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The index of the suspect in the header.
    pub case: CaseIndex,
    /// The case of the same cluster that was minimised, if this one was only verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<CaseIndex>,
    /// What was found.
    pub conclusion: Conclusion,
    /// How often it failed alone.
    pub alone: Tally,
    /// How often it failed in the order that is accused (or that was tried again).
    pub in_order: Tally,
    /// The probes that were run for it.
    pub probes: u32,
    /// Its repro file, relative to the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repro: Option<String>,
    /// The state that decides: parts that a polluter or a state-setter leaves changed, each put back and tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<StateCause>,
    /// What a reader should know besides: a polluter that fails itself, an earlier crash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// The line with which the suite's own runner was seen to show it. Earlier journals have it as the last remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_line: Option<RunnerLine>,
    /// The hash seeds that decide, where they do. Earlier journals tell of them in a remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_seeds: Option<HashSeeds>,
}

/// Hash seeds (`PYTHONHASHSEED`) that decide how a case ends, alone and from a fresh start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashSeeds {
    /// Under this one it fails every time.
    pub fails: u32,
    /// Under this one it passes every time.
    pub passes: u32,
}

impl fmt::Display for HashSeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fails, passes } = self;
        write!(f, "the hash seed decides: it fails with PYTHONHASHSEED={fails} and passes with PYTHONHASHSEED={passes}")
    }
}

impl Diagnosis {
    /// A conclusion that no probe was run for.
    pub fn without_probes(case: CaseIndex, conclusion: Conclusion) -> Self {
        Self {
            case,
            cluster: None,
            conclusion,
            alone: Tally::default(),
            in_order: Tally::default(),
            probes: 0,
            repro: None,
            causes: Vec::new(),
            remarks: Vec::new(),
            runner_line: None,
            hash_seeds: None,
        }
    }

    /// The same with the line of the suite's own runner in its field, also where an earlier version wrote it as a remark.
    #[must_use]
    pub fn with_runner_line(mut self) -> Self {
        let told = self.remarks.iter().enumerate().find_map(|(at, text)| Some((at, RunnerLine::of_remark(text)?)));
        if let (None, Some((at, line))) = (&self.runner_line, told) {
            self.remarks.remove(at);
            self.runner_line = Some(line);
        }
        self
    }
}

/// A part of the state that decides how a suspect ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCause {
    /// The case that leaves it changed.
    pub case: CaseIndex,
    /// The part, with the values before and after.
    pub mark: StateMark,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Fails alone, every time.
    Broken,
    /// Fails after others and passes alone.
    Victim {
        /// Minimal sequences after which it fails.
        polluters: Vec<Vec<CaseIndex>>,
        /// Cases which, between the first sequence and the victim, hide it.
        cleaners: Vec<CaseIndex>,
        /// Whether there can be no more sequences.
        complete: bool,
    },
    /// Fails alone and passes after others.
    Brittle {
        /// Minimal sequences after which it passes.
        state_setters: Vec<Vec<CaseIndex>>,
        /// Whether there can be no more.
        complete: bool,
    },
    /// Depends on the order, and no smaller order was found within the limits.
    NotMinimised {
        /// The smallest order that showed it, the victim last.
        order: Vec<CaseIndex>,
    },
    /// Fails sometimes, and in order and alone alike.
    Intermittent,
    /// Was seen to fail and could not be made to fail again.
    DoesNotReproduce,
    /// Was not examined to the end.
    Undiagnosed {
        /// What is missing, as a clause: `time was up before the search ended`.
        missing: String,
        /// The smallest order that showed it so far, the case last; empty where none did again.
        order: Vec<CaseIndex>,
    },
    /// Passes the first time and fails when it, or another case, runs a second time in one process.
    NonIdempotent {
        /// The cases that run twice before it fails; the case itself where it is its own second run that fails.
        repeated: Vec<CaseIndex>,
    },
    /// Something outside the process decides.
    EnvironmentDependent {
        /// What it is, as a clause: `it fails since file out/state.txt was left behind`.
        what: String,
    },
    /// The suite's own runner comes to another result.
    Disagrees {
        /// What it says.
        plain: String,
    },
    /// Fails only because an earlier case crashed, hung or exhausted the system.
    Collateral {
        /// The index of the case that explains it.
        of: CaseIndex,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Everything that was planned has run.
    Completed,
    /// Time was up before that.
    TimeLimit,
    /// It was to end at its first failure, and did.
    FirstFailure,
    /// The user stopped it.
    Interrupted,
    /// The subject could not be started, or died and could not be started again.
    SubjectFailed {
        /// Why the search gave up.
        reason: String,
    },
}
