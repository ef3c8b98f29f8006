//! Synthetic runs, told as facts and folded as a real journal is.

use std::collections::{BTreeMap, BTreeSet};
use steadfast::event::{
    CaseInfo, Conclusion, Diagnosis, Event, Header, JOURNAL_VERSION, Note, PlanPolicy, Policy, RoundEnd, RunEnd,
    SubjectInfo, TrialReport,
};
use steadfast::model::statistics::Tally;
use steadfast::model::{
    CaseIndex, ContentHash, EventLoop, Failure, FindingKind, Measured, Outcome, Place, Position, RoundId, RoundKind,
    Seed, Verdict,
};
use steadfast::record::{Fold, Record};
use steadfast::report::Context;
use steadfast::verdict::{Cause, Judgement, judge};

/// Tells a run fact by fact.
pub struct Teller {
    header: Header,
    events: Vec<Event>,
    rounds: u32,
}

impl Teller {
    pub fn new(ids: &[&str]) -> Self {
        let cases: Vec<CaseInfo> = ids.iter().enumerate().map(|(at, id)| case(at, id)).collect();
        let arguments = vec!["scenarios".to_owned(), "--system".to_owned(), "embedded".to_owned()];
        let measured = BTreeMap::from([
            ("descriptors".to_owned(), Measured::Yes),
            ("threads".to_owned(), Measured::not("not measured on this platform")),
        ]);
        let subject = SubjectInfo {
            name: "scenarios on embedded".to_owned(),
            arguments,
            spec: serde_json::Value::Null,
            hash: ContentHash::of(["subject"]),
            measured,
            round: "the cases in one order, on one system that lives on from case to case".to_owned(),
        };
        let policy = Policy {
            leaks: Vec::new(),
            fail_on: BTreeSet::from([
                FindingKind::Broken,
                FindingKind::OrderDependent,
                FindingKind::Intermittent,
                FindingKind::LoopBound,
            ]),
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
        };
        let header = Header {
            question: None,
            version: JOURNAL_VERSION,
            program: "0.1.0".to_owned(),
            run: "20260801-101112-c0ffee".to_owned(),
            started: "2026-08-01T10:11:12Z".parse().unwrap(),
            seed: Seed::new(0x00c0_ffee_00c0_ffee),
            subject,
            policy,
            plan: ContentHash::of(["plan"]),
            identity: None,
            shard: None,
            planned: BTreeMap::new(),
            background: Default::default(),
            cases,
        };
        Self { header, events: Vec::new(), rounds: 0 }
    }

    pub fn header(&mut self) -> &mut Header {
        &mut self.header
    }

    /// A completed round; the closure is told the case and what ran before it. `None` is a trial that was never reported.
    pub fn round(
        &mut self,
        kind: RoundKind,
        order: &[u32],
        mut outcome: impl FnMut(u32, &[u32]) -> Option<Outcome>,
    ) -> &mut Self {
        let round = RoundId(self.rounds);
        self.rounds += 1;
        if kind != RoundKind::Probe {
            *self.header.planned.entry(kind.as_str().to_owned()).or_default() += 1;
        }
        let seed = self.header.seed.derive(&format!("round {round}"));
        let order = order.to_vec();
        self.events.push(Event::RoundStarted {
            round,
            attempt: 0,
            kind,
            seed,
            event_loop: EventLoop::Case,
            stress: None,
            hash_seed: None,
            aftermath: None,
            added: false,
            host: None,
            order: CaseIndex::list(order.iter().copied()),
        });
        for (position, case) in order.iter().enumerate() {
            let Some(outcome) = outcome(*case, &order[..position]) else { continue };
            let micros = 400 + 37 * u64::from(*case) + if outcome.is_failure() { 90_000 } else { 0 };
            let report = TrialReport { micros, ..TrialReport::of(outcome) };
            self.events.push(Event::TrialFinished {
                round,
                position: Position::at(position),
                case: CaseIndex(*case),
                report,
            });
        }
        let millis = 40 + order.len() as u64;
        self.events.push(Event::RoundFinished { round, attempt: 0, end: RoundEnd::Completed, millis });
        self
    }

    pub fn fact(&mut self, event: Event) -> &mut Self {
        self.events.push(event);
        self
    }

    pub fn note(&mut self, case: Option<u32>, text: &str) -> &mut Self {
        self.fact(Event::Noted(Note { case: case.map(CaseIndex), ..Note::of_run(text) }))
    }

    pub fn diagnosed(
        &mut self,
        case: u32,
        conclusion: Conclusion,
        alone: (u32, u32),
        in_order: (u32, u32),
    ) -> &mut Self {
        let rate = |(failures, trials)| Tally::new(failures, trials);
        self.fact(Event::Diagnosed(Diagnosis {
            case: CaseIndex(case),
            cluster: None,
            conclusion,
            alone: rate(alone),
            in_order: rate(in_order),
            probes: 12,
            repro: Some(format!("repros/{case}.json")),
            causes: Vec::new(),
            remarks: Vec::new(),
            runner_line: None,
            hash_seeds: None,
        }))
    }

    pub fn record(&self, end: Option<RunEnd>) -> Record {
        let mut fold = Fold::new(self.header.clone());
        for event in &self.events {
            fold.fact(event.clone()).unwrap();
        }
        if let Some(end) = end {
            fold.fact(Event::RunFinished { end }).unwrap();
        }
        let mut record = fold.finish();
        record.millis = record.rounds.iter().map(|round| round.millis).sum();
        record
    }
}

fn case(at: usize, id: &str) -> CaseInfo {
    let file = id.split('[').next().unwrap_or(id);
    CaseInfo {
        leaks: Vec::new(),
        id: id.into(),
        title: format!("what {} promises holds", file.rsplit('/').next().unwrap_or(file)),
        file: format!("scenarios/{file}"),
        line: at as u32 + 1,
        module: String::new(),
        tags: BTreeSet::new(),
        hash: ContentHash::of([id]),
        skip: None,
    }
}

/// A failed expectation in the given file.
pub fn failed(message: &str, file: &str, line: u32) -> Outcome {
    let place = Place { file: file.to_owned(), line, column: 7 };
    Outcome::Failed(
        Failure::new(message, Some(place)).with_details("call 1: POST /chat -> 200\ncall 2: GET /budget -> 200"),
    )
}

pub fn context() -> Context {
    Context::new("steadfast", "reports/runs/20260801-101112-c0ffee")
}

pub const SPEND: u32 = 0;
pub const ALERT_HIGH: u32 = 1;
pub const ALERT_LOW: u32 = 2;
pub const LOGIN: u32 = 3;
pub const SLOW: u32 = 4;
pub const RESUME: u32 = 5;
pub const CREATE: u32 = 6;
pub const SPEECH: u32 = 7;
pub const LATE: u32 = 8;
pub const MODELS: u32 = 9;
pub const EXPORT: u32 = 10;
pub const SOCKETS: u32 = 11;
pub const CACHE: u32 = 12;

pub const IDS: [&str; 13] = [
    "budget/spend.yaml",
    "budget/alerts.yaml[language=fr,level=HIGH]",
    "budget/alerts.yaml[language=fr,level=LOW]",
    "auth/login.yaml",
    "streaming/slow.yaml",
    "conversations/resume.yaml",
    "conversations/create.yaml",
    "speech/service.yaml",
    "faults/late.yaml",
    "models/list.yaml",
    "e2e/export.yaml",
    "providers/sockets.yaml",
    "providers/cache.yaml",
];

/// What every format must say of each case of [`findings`].
pub const VERDICTS: [(u32, Verdict); 13] = [
    (SPEND, Verdict::Stable),
    (ALERT_HIGH, Verdict::OrderDependent),
    (ALERT_LOW, Verdict::OrderDependent),
    (LOGIN, Verdict::Broken),
    (SLOW, Verdict::Intermittent),
    (RESUME, Verdict::OrderDependent),
    (CREATE, Verdict::Stable),
    (SPEECH, Verdict::Skipped),
    (LATE, Verdict::Unproven),
    (MODELS, Verdict::Undiagnosed),
    (EXPORT, Verdict::Stable),
    (SOCKETS, Verdict::Leaky),
    (CACHE, Verdict::Leaky),
];

fn outcome(case: u32, before: &[u32], round: usize) -> Option<Outcome> {
    let after = |other: u32| before.contains(&other);
    let failure = match case {
        ALERT_HIGH if after(SPEND) => {
            failed("alert_level: expected HIGH, was CRITICAL", "scenarios/budget/alerts.yaml", 12)
        }
        ALERT_LOW if after(SPEND) => {
            failed("alert_level: expected LOW, was CRITICAL", "scenarios/budget/alerts.yaml", 12)
        }
        LOGIN => failed("status: expected 200, was 401", "scenarios/auth/login.yaml", 9),
        SLOW if round % 2 == 1 => Outcome::TimedOut(Failure::new("no event within 2 s\nlast event: ping", None)),
        RESUME if !after(CREATE) => Outcome::Errored(Failure::new("conversation of `create` not found", None)),
        MODELS if before.len() > 8 => failed("models: expected 2, was 3", "scenarios/models/list.yaml", 4),
        SPEECH => Outcome::Skipped { reason: "speech is not covered".to_owned() },
        EXPORT if before.is_empty() => Outcome::Skipped { reason: "nothing to export".to_owned() },
        LATE if round == 2 => return None,
        _ => Outcome::Passed,
    };
    Some(failure)
}

/// The facts of a run with a finding of every kind.
pub fn findings() -> Teller {
    let mut teller = Teller::new(&IDS);
    let declared: Vec<u32> = (0..IDS.len() as u32).collect();
    let mut orders = vec![(RoundKind::Declared, declared.clone())];
    orders.push((RoundKind::Reverse, declared.iter().rev().copied().collect()));
    for shift in [EXPORT, 3, 7] {
        let mut order = declared.clone();
        order.rotate_left(shift as usize);
        orders.push((RoundKind::Shuffle, order));
    }
    for (number, (kind, order)) in orders.into_iter().enumerate() {
        teller.round(kind, &order, |case, before| outcome(case, before, number));
    }
    teller.round(RoundKind::Probe, &[SPEND, ALERT_HIGH], |case, before| outcome(case, before, 0));
    let victim = Conclusion::Victim {
        polluters: vec![CaseIndex::list([SPEND]), CaseIndex::list([CREATE, LOGIN])],
        cleaners: CaseIndex::list([CACHE]),
        complete: true,
    };
    teller.diagnosed(ALERT_HIGH, victim.clone(), (0, 5), (5, 5));
    teller.fact(Event::Diagnosed(Diagnosis {
        case: CaseIndex(ALERT_LOW),
        cluster: Some(CaseIndex(ALERT_HIGH)),
        conclusion: victim,
        alone: Tally::new(0, 1),
        in_order: Tally::new(1, 1),
        probes: 2,
        repro: Some("repros/2.json".to_owned()),
        causes: Vec::new(),
        remarks: vec!["verified by one probe each way".to_owned()],
        runner_line: None,
        hash_seeds: None,
    }));
    teller.diagnosed(LOGIN, Conclusion::Broken, (5, 5), (5, 5));
    teller.diagnosed(SLOW, Conclusion::Intermittent, (3, 10), (4, 10));
    teller.diagnosed(
        RESUME,
        Conclusion::Brittle { state_setters: vec![CaseIndex::list([CREATE])], complete: false },
        (5, 5),
        (0, 5),
    );
    let missing =
        "the search ended at the time before its end, with 7 cases before it in the smallest order that showed it";
    let order = CaseIndex::list([0, 1, 2, 3, 4, 5, 6, MODELS]);
    teller.diagnosed(MODELS, Conclusion::Undiagnosed { missing: missing.to_owned(), order }, (0, 5), (2, 5));
    teller.note(Some(CREATE), "a scripted answer was never asked for");
    teller.note(None, "rounds ran one at a time");
    teller.note(None, "the clock was set back once");
    teller.fact(Event::Forecast { round_millis: 53, plan_millis: 265, rounds: 5 });
    teller
}

/// The run of [`findings`], judged. Two leaks are added to the judgement, one that fails the gate and one that warns.
pub fn judged_findings() -> (Record, Judgement) {
    let record = findings().record(Some(RunEnd::Completed));
    let mut judgement = judged(&record);
    for (case, kind) in [(SOCKETS, FindingKind::LoopBound), (CACHE, FindingKind::Leak)] {
        let judged = &mut judgement.cases[case as usize];
        judged.findings = vec![kind];
        judged.verdict = kind.verdict();
        judged.remarks = vec!["2 sockets to claude stay open after each trial".to_owned()];
        judgement.causes.push(Cause { verdict: kind.verdict(), cases: vec![CaseIndex(case)] });
    }
    (record, judgement)
}

/// A judgement with shares of pairs that are known: how they are counted is no matter of a report.
pub fn judged(record: &Record) -> Judgement {
    let mut judgement = judge(record);
    judgement.pairs_before = 1.0;
    judgement.pairs_adjacent = 0.25;
    judgement
}

/// A run in which nothing was found.
pub fn clean() -> Record {
    let mut teller = Teller::new(&IDS[..3]);
    teller.round(RoundKind::Declared, &[0, 1, 2], |_, _| Some(Outcome::Passed));
    teller.round(RoundKind::Reverse, &[2, 1, 0], |_, _| Some(Outcome::Passed));
    for order in [[1, 0, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1], [0, 1, 2]] {
        teller.round(RoundKind::Shuffle, &order, |_, _| Some(Outcome::Passed));
    }
    teller.record(Some(RunEnd::Completed))
}

/// A run with one case that fails with `message`.
pub fn one_failure(message: &str) -> Record {
    let mut teller = Teller::new(&["a/b.yaml[x=1]"]);
    let failure = Failure::new(message, None).with_details(message);
    teller.round(RoundKind::Declared, &[0], |_, _| Some(Outcome::Failed(failure.clone())));
    teller.header().cases[0].title = message.to_owned();
    teller.record(Some(RunEnd::Completed))
}
