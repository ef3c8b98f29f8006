//! The whole way from rounds to verdicts, over subjects whose truth is written down, on a clock that nobody waits for.
//!
//! Ten thousand runs, each with a suite of its own under a time limit of its own: no verdict may contradict the truth,
//! and little may stay undiagnosed where there is time.

#![allow(clippy::print_stdout, reason = "what was simulated, and with which seed, is of interest to whoever runs it")]

use crate::adapter::LoadedSubject;
use crate::diagnose::{Deadlines, DiagnoseError, ReproFile, RunLog, Setting, diagnose};
use crate::engine::{EngineError, Outlook, RoundResult, RoundUnit, Rounds, Stop, StopHandle, Stopped};
use crate::event::{
    Background, CaseInfo, Dirt, Event, Header, JOURNAL_VERSION, PlanPolicy, Policy, RoundEnd, RunEnd, StatePart,
    SubjectInfo, TrialReport,
};
use crate::model::statistics::{Confidence, Tally as Counted, lower_bound};
use crate::model::{
    CaseId, CaseIndex, ContentHash, EventLoop, Failure, FindingKind, Measured, Outcome, Position, RoundId, RoundKind,
    Seed, Verdict,
};
use crate::record::{Fold, Record};
use crate::verdict::{CaseJudgement, Order, judge};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Why a case behaves as it does.
#[derive(Debug, Clone, PartialEq)]
enum Nature {
    Healthy,
    Broken,
    /// Fails by chance, at this rate.
    Chance(f64),
    /// Fails after any of these chains, unless a cleaner runs in between.
    Victim(Vec<Vec<CaseIndex>>),
    /// Fails unless one of these chains ran before.
    Brittle(Vec<Vec<CaseIndex>>),
    /// Fails for good once this case ran anywhere, whatever the process.
    Outside(CaseIndex),
    /// Fails when it runs a second time in one process.
    Once,
}

/// Numbers from a seed.
struct Draws {
    seed: Seed,
    drawn: u64,
}

impl Draws {
    fn share(&mut self) -> f64 {
        self.drawn += 1;
        (self.seed.hash(&self.drawn.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.share() * f64::from(limit)) as u32
    }

    fn shuffled(&mut self, mut cases: Vec<CaseIndex>) -> Vec<CaseIndex> {
        for at in (1..cases.len()).rev() {
            let other = self.below(at as u32 + 1) as usize;
            cases.swap(at, other);
        }
        cases
    }
}

/// A suite whose truth is known.
struct Suite {
    natures: Vec<Nature>,
    cleaners: BTreeSet<CaseIndex>,
    /// Which text a case fails with: cases may share one.
    texts: Vec<u32>,
    costs: Vec<Duration>,
    overhead: Duration,
    /// Whether a case can be tried in a fork in the middle of an order.
    forks: bool,
    /// Cases of which it is seen that they leave something in the process: what pollutes or sets state, and some
    /// that do neither.
    marking: BTreeSet<CaseIndex>,
}

impl Suite {
    /// `coins` makes most of what fails a matter of chance, and alike.
    fn draw(draws: &mut Draws, (least, most): (u32, u32), coins: bool) -> Self {
        let size = least + draws.below(most - least);
        let mut free = draws.shuffled(CaseIndex::list(0..size));
        let mut natures = vec![Nature::Healthy; size as usize];
        let cleaners: BTreeSet<CaseIndex> = free.split_off(free.len() - draws.below(3) as usize).into_iter().collect();
        for _ in 0..1 + draws.below(3) {
            let Some(case) = free.pop() else { break };
            // Others do it; who is accused may be in more than one chain.
            let chain = |draws: &mut Draws, length: u32| -> Vec<CaseIndex> {
                let others = draws.shuffled(
                    CaseIndex::first(size as usize)
                        .filter(|other| *other != case && !cleaners.contains(other))
                        .collect(),
                );
                others.into_iter().take(length as usize).collect()
            };
            let kind = if coins && draws.share() < 0.75 { 6 } else { draws.below(10) };
            let chains = match kind {
                0..=2 => vec![chain(draws, 1)],
                3 => vec![chain(draws, 2)],
                _ => vec![chain(draws, 1), chain(draws, 1)],
            };
            let mut distinct = chains;
            distinct.dedup();
            natures[case.index()] = match kind {
                0..=4 => Nature::Victim(distinct),
                5 => Nature::Brittle(distinct.into_iter().take(1).collect()),
                6 => Nature::Chance(0.05 + 0.45 * draws.share()),
                7 => Nature::Broken,
                8 if case.0 + 1 < size => Nature::Outside(CaseIndex(case.0 + 1 + draws.below(size - case.0 - 1))),
                _ => Nature::Once,
            };
        }
        let harmless: Vec<CaseIndex> = CaseIndex::first(size as usize).filter(|_| draws.share() < 0.05).collect();
        let chains = natures.iter().filter_map(|nature| match nature {
            Nature::Victim(chains) | Nature::Brittle(chains) => Some(chains.iter().flatten().copied()),
            _ => None,
        });
        let marking = chains.flatten().chain(harmless).filter(|case| !cleaners.contains(case)).collect();
        let costs = (0..size).map(|_| Duration::from_millis(u64::from(5 + draws.below(200)))).collect();
        let texts =
            (0..size).map(|case| if draws.share() < if coins { 0.9 } else { 0.3 } { 0 } else { 1 + case }).collect();
        Self {
            natures,
            cleaners,
            texts,
            costs,
            overhead: Duration::from_millis(u64::from(2 + draws.below(30))),
            forks: draws.share() < 0.75,
            marking,
        }
    }

    /// What it is seen to change of the process's state.
    fn dirt(&self, case: CaseIndex, before: &[CaseIndex]) -> Dirt {
        if !self.forks {
            return Dirt::default();
        }
        let name = |case: &CaseIndex| StatePart::Named(format!("state {case}"));
        let since = before.iter().rposition(|other| self.cleaners.contains(other)).map_or(0, |place| place + 1);
        let dirty = before[since..].iter().filter(|case| self.marking.contains(case));
        if self.cleaners.contains(&case) {
            return Dirt { made: Vec::new(), cleaned: dirty.map(name).collect() };
        }
        let is_new = self.marking.contains(&case) && !before[since..].contains(&case);
        Dirt { made: is_new.then(|| name(&case)).into_iter().collect(), cleaned: Vec::new() }
    }

    fn round_time(&self) -> Duration {
        self.costs.iter().sum::<Duration>() + self.overhead
    }
}

/// The suite being run: what is outside of its processes, and the time.
struct World<'s> {
    suite: &'s Suite,
    draws: Draws,
    left_outside: BTreeSet<CaseIndex>,
    clock: Clock,
}

/// A time that only moves when something is run.
#[derive(Clone)]
struct Clock {
    begun: Instant,
    passed: Rc<Cell<Duration>>,
}

impl Clock {
    fn now(&self) -> Instant {
        self.begun + self.passed.get()
    }

    fn spend(&self, time: Duration) {
        self.passed.set(self.passed.get() + time);
    }
}

/// What the run writes down.
struct Log {
    fold: Fold,
    clock: Clock,
}

impl Outlook for Log {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.fold.fact(event).map_err(io::Error::other)
    }

    fn round(&mut self, _result: RoundResult) {}
}

impl RunLog for Log {
    fn record(&self) -> Record {
        self.fold.clone().finish()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn keep(&mut self, _folder: &Path, repro: &ReproFile) -> Result<String, DiagnoseError> {
        Ok(format!("repros/{}", repro.order.len()))
    }
}

/// What the diagnosis is told of the suite.
#[derive(Debug)]
struct Subject {
    cases: Vec<CaseInfo>,
    forks: bool,
}

impl LoadedSubject for Subject {
    fn round(&self) -> &'static str {
        "the cases in one order"
    }

    fn cases(&self) -> &[CaseInfo] {
        &self.cases
    }

    fn notes(&self) -> &[String] {
        &[]
    }

    fn name(&self) -> String {
        "simulated".to_owned()
    }

    fn hash(&self) -> ContentHash {
        ContentHash::of(["subject"])
    }

    fn surroundings(&self) -> ContentHash {
        ContentHash::of(["subject"])
    }

    fn measured(&self) -> BTreeMap<String, Measured> {
        BTreeMap::new()
    }

    fn forks(&self) -> bool {
        self.forks
    }
}

impl World<'_> {
    /// How a case ends after what ran in its process.
    fn outcome(&mut self, case: CaseIndex, before: &[CaseIndex]) -> Outcome {
        let since = before.iter().rposition(|other| self.suite.cleaners.contains(other)).map_or(0, |place| place + 1);
        let acts = |chains: &[Vec<CaseIndex>], order: &[CaseIndex]| chains.iter().any(|chain| acts_in(chain, order));
        let fails = match &self.suite.natures[case.index()] {
            Nature::Healthy => false,
            Nature::Broken => true,
            Nature::Chance(rate) => {
                let rate = *rate;
                self.draws.share() < rate
            }
            Nature::Victim(chains) => acts(chains, &before[since..]),
            Nature::Brittle(chains) => !acts(chains, before),
            Nature::Outside(by) => self.left_outside.contains(by),
            Nature::Once => before.contains(&case),
        };
        self.left_outside.insert(case);
        if !fails {
            return Outcome::Passed;
        }
        // A value that is another one each time.
        let words = ["left over", "not empty", "no such thing", "wrong state", "taken"];
        let text = self.suite.texts[case.index()];
        let word = words[text as usize % words.len()];
        let name: String = "abcdefghijklmnopqrstuvwxyz".chars().skip(text as usize).take(1).collect();
        Outcome::Failed(Failure::new(format!("{name} {word}: {} != 0", self.draws.below(1_000)), None))
    }

    /// Plays one round; nothing if time is up before its end.
    fn play(&mut self, unit: RoundUnit, until: Option<Instant>, outlook: &mut dyn Outlook) -> io::Result<bool> {
        let (round, kind, order) = (unit.round, unit.kind, unit.order.clone());
        outlook.fact(Event::RoundStarted {
            round,
            attempt: 0,
            kind,
            seed: unit.seed,
            event_loop: unit.event_loop,
            stress: None,
            hash_seed: None,
            aftermath: None,
            added: false,
            host: None,
            order: order.clone(),
        })?;
        let begun = self.clock.passed.get();
        self.clock.spend(self.suite.overhead);
        let mut outcomes: Vec<Option<Outcome>> = vec![None; order.len()];
        let mut after = None;
        let end = |clock: &Clock, end: RoundEnd| {
            let millis = (clock.passed.get() - begun).as_millis() as u64;
            Event::RoundFinished { round, attempt: 0, end, millis }
        };
        for (place, case) in order.iter().enumerate() {
            self.clock.spend(self.suite.costs[case.index()]);
            if until.is_some_and(|until| self.clock.now() >= until) {
                outlook.fact(end(&self.clock, RoundEnd::Interrupted))?;
                return Ok(false);
            }
            let outcome = self.outcome(*case, &order[..place]);
            // A walk tries the suspect in a fork after each case, and ends where it fails.
            if unit.walk.is_some_and(|cases| place < cases as usize) {
                let suspect = order[order.len() - 1];
                let mut before = order[..=place].to_vec();
                before.extend(&order[unit.walk.unwrap_or(0) as usize..order.len() - 1]);
                self.clock.spend(self.suite.costs[suspect.index()] / 25);
                let tried = self.outcome(suspect, &before);
                if tried.is_failure() {
                    after = Some(place as u32 + 1);
                    let last = order.len() - 1;
                    let report = TrialReport { after, ..TrialReport::of(tried.clone()) };
                    outlook.fact(Event::TrialFinished {
                        round,
                        position: Position::at(last),
                        case: suspect,
                        report,
                    })?;
                    outcomes[last] = Some(tried);
                    break;
                }
            }
            let micros = self.suite.costs[case.index()].as_micros() as u64;
            let dirt = self.suite.dirt(*case, &order[..place]);
            let report = TrialReport { micros, dirt, ..TrialReport::of(outcome.clone()) };
            outlook.fact(Event::TrialFinished { round, position: Position::at(place), case: *case, report })?;
            outcomes[place] = Some(outcome);
        }
        outlook.fact(end(&self.clock, RoundEnd::Completed))?;
        let duration = self.clock.passed.get() - begun;
        outlook.round(RoundResult { unit, outcomes, watched: Vec::new(), difference: None, after, duration });
        Ok(true)
    }
}

impl Rounds for World<'_> {
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        for unit in units {
            let is_late = until.is_some_and(|until| self.clock.now() >= until);
            if is_late || !self.play(unit, until, outlook).expect("the facts of a simulation agree") {
                return Ok(Stopped::Asked(Stop::TimeLimit));
            }
        }
        Ok(Stopped::Not)
    }

    fn stop_handle(&self) -> StopHandle {
        unreachable!("nobody stops a simulation")
    }

    fn shut_down(self: Box<Self>) {}
}

fn acts_in(chain: &[CaseIndex], order: &[CaseIndex]) -> bool {
    let mut left = order.iter();
    chain.iter().all(|member| left.any(|case| case == member))
}

fn header(size: usize, planned: BTreeMap<String, u32>, seed: Seed) -> Header {
    let case = |at: usize| CaseInfo {
        id: CaseId::new(format!("case {at}")),
        title: format!("case {at}"),
        file: "suite".to_owned(),
        module: Default::default(),
        line: 1,
        tags: BTreeSet::new(),
        hash: ContentHash::of(["case"]),
        skip: None,
        leaks: Vec::new(),
    };
    Header {
        question: None,
        version: JOURNAL_VERSION,
        program: "simulated".to_owned(),
        run: "simulated".to_owned(),
        started: jiff::Timestamp::UNIX_EPOCH,
        seed,
        subject: SubjectInfo {
            name: "simulated".to_owned(),
            arguments: Vec::new(),
            spec: serde_json::Value::Null,
            hash: ContentHash::of(["subject"]),
            measured: BTreeMap::new(),
            round: String::new(),
        },
        policy: Policy {
            leaks: Vec::new(),
            fail_on: FindingKind::ALL.into(),
            confidence: 0.95,
            max_flake_rate: None,
            event_loops: vec![EventLoop::Case],
            jobs: 1,
            plan: PlanPolicy {
                since: None,
                strategy: "mixed".into(),
                group: "none".into(),
                rounds: None,
                order: None,
                stress: None,
                alone: true,
            },
        },
        identity: None,
        shard: None,
        plan: ContentHash::of(["plan"]),
        planned,
        background: Background::default(),
        cases: (0..size).map(case).collect(),
    }
}

/// The default plan: declared, reverse, three shuffles, each case twice, each case alone.
fn plan(size: u32, draws: &mut Draws) -> Vec<(RoundKind, Vec<CaseIndex>)> {
    let declared = CaseIndex::list(0..size);
    let mut plan = vec![(RoundKind::Declared, declared.clone())];
    plan.push((RoundKind::Reverse, declared.iter().rev().copied().collect()));
    for _ in 0..3 {
        plan.push((RoundKind::Shuffle, draws.shuffled(declared.clone())));
    }
    plan.push((RoundKind::Twice, draws.shuffled(declared.clone()).into_iter().flat_map(|case| [case, case]).collect()));
    plan.extend(declared.into_iter().map(|case| (RoundKind::Alone, vec![case])));
    plan
}

/// A run of a suite of its own; `limit` in times of one round.
fn run(seed: Seed, sizes: (u32, u32), limit: Option<f64>) -> (Suite, Record) {
    let mut draws = Draws { seed, drawn: 0 };
    let suite = Suite::draw(&mut draws, sizes, std::env::var_os("STEADFAST_SIMULATED_COINS").is_some());
    let size = suite.natures.len();
    let plan = plan(size as u32, &mut draws);
    let mut planned: BTreeMap<String, u32> = BTreeMap::new();
    plan.iter().for_each(|(kind, _)| *planned.entry(kind.as_str().to_owned()).or_default() += 1);
    let header = header(size, planned, seed);
    let begun = Instant::now();
    let clock = Clock { begun, passed: Rc::default() };
    let mut log = Log { fold: Fold::new(header.clone()), clock: clock.clone() };
    let chance = Draws { seed: seed.derive("chance"), drawn: 0 };
    let mut world = World { suite: &suite, draws: chance, left_outside: BTreeSet::new(), clock };
    let all = limit.map(|limit| begun + suite.round_time().mul_f64(limit));
    let rounds = limit.map(|limit| begun + suite.round_time().mul_f64(limit * 0.6));
    let case_timeout = Duration::from_secs(30);
    let mut units = (0..).zip(plan).map(|(number, (kind, order))| {
        RoundUnit::new(RoundId(number), kind, seed.derive(&format!("round {number}")), order, case_timeout)
    });
    let stopped = world.run(&mut units, rounds, &mut log).expect("a simulation can't fail");
    let deadlines = Deadlines { rounds, diagnosis: all, all };
    let subject = Subject { cases: Vec::new(), forks: suite.forks };
    let setting = Setting { header: &header, subject: &subject, jobs: 1, case_timeout, folder: Path::new("") };
    let examined = diagnose(&mut world, &setting, deadlines, &mut log).expect("a simulation can't fail");
    let end = if stopped == Stopped::Not && examined == Stopped::Not { RunEnd::Completed } else { RunEnd::TimeLimit };
    log.fact(Event::RunFinished { end }).expect("the facts of a simulation agree");
    let record = log.fold.finish();
    (suite, record)
}

/// What is wrong with a verdict, if the truth contradicts it.
fn contradiction(suite: &Suite, record: &Record, judged: &CaseJudgement) -> Option<String> {
    let nature = &suite.natures[judged.case.index()];
    let sequences = match &judged.order {
        Some(Order::Victim { polluters, .. }) => polluters.clone(),
        Some(Order::Brittle { state_setters, .. }) => state_setters.clone(),
        Some(Order::NotMinimised { .. }) | None => Vec::new(),
    };
    let is_true = match (nature, judged.verdict) {
        (_, Verdict::Undiagnosed) => *nature != Nature::Healthy,
        (_, Verdict::Stable | Verdict::Unproven | Verdict::Skipped) => judged.rate.failures() == 0,
        (Nature::Broken, Verdict::Broken)
        | (Nature::Chance(_), Verdict::Intermittent)
        | (Nature::Outside(_), Verdict::EnvironmentDependent)
        | (Nature::Once, Verdict::NonIdempotent) => true,
        (Nature::Victim(chains), Verdict::OrderDependent) => {
            !matches!(judged.order, Some(Order::Brittle { .. })) && sequences.iter().all(|found| chains.contains(found))
        }
        (Nature::Brittle(chains), Verdict::OrderDependent) => {
            !matches!(judged.order, Some(Order::Victim { .. })) && sequences.iter().all(|found| chains.contains(found))
        }
        _ => false,
    };
    let complete = match &judged.order {
        Some(Order::Victim { complete, .. } | Order::Brittle { complete, .. }) => *complete,
        _ => false,
    };
    let is_explained = |position: Position, order: &[CaseIndex]| {
        sequences.iter().any(|found| acts_in(found, &order[..position.index()]))
    };
    let mut all_explained = true;
    if let (true, Some(Order::Victim { .. })) = (complete, &judged.order) {
        for round in record.rounds.iter().filter(|round| round.is_planned() && round.kind != RoundKind::Twice) {
            let order: Vec<CaseIndex> = round.order().collect();
            let failed = round
                .slots
                .iter()
                .position(|slot| slot.case == judged.case && slot.outcome.is_some_and(crate::record::is_failure));
            all_explained &= failed.is_none_or(|place| is_explained(Position::at(place), &order));
        }
    }
    if is_true && all_explained {
        return None;
    }
    Some(format!(
        "case {} is {nature:?}, and the verdict is {} {:?} ({} planned, compared {:?}, {:?}){}",
        judged.case,
        judged.verdict,
        judged.order,
        judged.rate,
        judged.compared,
        judged.reason,
        if all_explained { "" } else { ": said to be complete, and a failure is not explained" }
    ))
}

/// What many runs came to.
#[derive(Debug, Default)]
struct Tally {
    failed: u32,
    undiagnosed: u32,
    contradictions: Vec<String>,
    /// By nature, for whoever looks into it.
    open: BTreeMap<String, u32>,
}

fn many(root: Seed, runs: u32, sizes: (u32, u32), limit: impl Fn(&mut Draws) -> Option<f64> + Sync) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u32).min(8);
    let some = |first: u32| {
        let mut tally = Tally::default();
        for number in (first..runs).step_by(threads as usize) {
            let seed = root.derive(&format!("simulated {number}"));
            let limit = limit(&mut Draws { seed: seed.derive("limit"), drawn: 0 });
            let (suite, record) = run(seed, sizes, limit);
            let judgement = judge(&record);
            for judged in &judgement.cases {
                let wrong = contradiction(&suite, &record, judged);
                tally.contradictions.extend(wrong.map(|wrong| format!("run {number}, limit {limit:?}: {wrong}")));
                if judged.verdict.is_finding() {
                    tally.failed += 1;
                    if judged.verdict == Verdict::Undiagnosed {
                        tally.undiagnosed += 1;
                        let nature = format!("{:?}", suite.natures[judged.case.index()]);
                        let nature = nature.split('(').next().unwrap_or_default();
                        let why = judged.reason.clone().unwrap_or_default();
                        let why = why.split_inclusive(' ').take(8).collect::<String>();
                        *tally.open.entry(format!("{nature}: {why}")).or_default() += 1;
                    }
                }
            }
        }
        tally
    };
    std::thread::scope(|scope| {
        let some = &some;
        let threads: Vec<_> = (0..threads).map(|first| scope.spawn(move || some(first))).collect();
        let mut all = Tally::default();
        for thread in threads {
            let one = thread.join().expect("no simulation panics");
            all.failed += one.failed;
            all.undiagnosed += one.undiagnosed;
            all.contradictions.extend(one.contradictions);
            one.open.into_iter().for_each(|(why, count)| *all.open.entry(why).or_default() += count);
        }
        all
    })
}

fn root() -> (Seed, u32) {
    let named = |name: &str| std::env::var(name).ok();
    let seed = named("STEADFAST_SIMULATED_SEED").map_or(Seed::new(14), |text| Seed::new(0).derive(&text));
    let runs = named("STEADFAST_SIMULATED_RUNS").and_then(|runs| runs.parse().ok()).unwrap_or(600);
    println!("simulated: seed {seed}, {runs} runs");
    (seed, runs)
}

fn check(what: &str, tally: &Tally, most: f64) {
    let share = f64::from(tally.undiagnosed) / f64::from(tally.failed.max(1));
    println!("{what}: {} failed, {} undiagnosed ({:.1} %)", tally.failed, tally.undiagnosed, share * 100.0);
    println!("{:#?}", tally.open);
    assert!(tally.failed > 0);
    let wrong = &tally.contradictions;
    assert!(wrong.is_empty(), "{what}: {} contradictions:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    // So few suites can have more by chance.
    let at_least =
        lower_bound(Counted::new(tally.undiagnosed, tally.failed), Confidence::new(0.999_9).expect("a share"));
    assert!(at_least <= most, "{what}: {share} is undiagnosed");
}

#[test]
fn no_verdict_contradicts_the_truth_under_any_time_limit() {
    let (seed, runs) = root();
    let tally = many(seed.derive("limits"), runs / 2, (6, 40), |draws| Some(0.5 + 12.0 * draws.share()));
    check("under any limit", &tally, 1.0);
}

#[test]
fn without_a_limit_next_to_nothing_stays_undiagnosed() {
    let (seed, runs) = root();
    check("without a limit", &many(seed.derive("none"), runs / 4, (6, 40), |_| None), 0.01);
}

#[test]
fn three_suite_times_are_enough_for_most_of_what_fails() {
    let (seed, runs) = root();
    check("three suite times", &many(seed.derive("three"), runs / 4, (150, 400), |_| Some(3.0)), 0.25);
}
