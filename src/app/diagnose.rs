//! From suspects to conclusions. Suspects that fail alike are one cluster: its first one is minimised, each other one
//! is verified with what was found. `docs/minimising.md` tells how an order is shrunk.

use crate::adapter::{Explain, Start, SuiteSpec};
use crate::app::AppError;
use crate::app::probe::Prober;
use crate::app::repro::{Expected, ReproFile};
use crate::app::run::Setting;
use crate::app::session::{Deadlines, Session};
use crate::app::suite_check::{is_one_process, passes_in_plain_pytest, pytest_line, suite_of};
use crate::app::suspects::{Suspect, problem, suspects};
use crate::engine::{Engine, Stopped};
use crate::event::{Conclusion, Diagnosis, Event, Header, Note, Rate};
use crate::minimise::{
    self, Limits, Minimised, Phase, Question, Reply, Role, Search, Step, Verification, Verified, clusters,
};
use crate::model::OutcomeKind;
use crate::model::statistics::Tally;
use crate::record::Record;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How many suspects are minimised. What is beyond is tried with what was found for these, and else judged by
/// observation, which is said.
const SEARCHES: u32 = 25;

/// The most time that a search takes where nobody says.
const SEARCH_TIME: Duration = Duration::from_secs(120);

/// How many cases that were minimised are tried as the explanation of the next suspect.
const EXPLANATIONS: usize = 5;

/// From how many cases on an order is walked rather than halved.
const WALKED: usize = 16;

/// How many members of a sequence are watched for what they change.
const WATCHED: usize = 3;

/// How often an explanation of a case that fails otherwise is tried again, with the polluters and without: a toss of a
/// coin agrees with it once in a thousand.
const AGAIN: usize = 4;

/// How often a case is tried twice in a row before it is its own polluter.
const TWICE: usize = 3;

/// Diagnoses the suspects of the run, as far as the deadline allows.
pub(super) fn diagnose(
    engine: &mut Engine,
    setting: &Setting<'_>,
    header: &Header,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<Stopped, AppError> {
    let record = session.record();
    let suspects = suspects(&record);
    if suspects.is_empty() {
        return Ok(Stopped::Not);
    }
    let prober = Prober::new(engine, session, &record, deadlines, setting.case_timeout);
    let mut doctor = Doctor {
        prober,
        record: &record,
        header,
        setting,
        limits: limits(deadlines),
        width: setting.jobs,
        found: Vec::new(),
        told: None,
        searches: 0,
        left_out: 0,
    };
    let alike = clusters(suspects.iter().map(|(case, suspect)| (*case, suspect.fingerprint.clone())));
    for cluster in &alike {
        let members: Vec<&Suspect> = cluster.suspects.iter().filter_map(|case| suspects.get(case)).collect();
        doctor.cluster(&members)?;
    }
    if doctor.left_out > 0 {
        let text = format!(
            "{SEARCHES} suspects were minimised, and {} more are judged by observation alone: mend the first ones and run again",
            doctor.left_out
        );
        doctor.prober.session.emit(Event::Noted(Note { case: None, text })).map_err(AppError::io(setting.folder))?;
    }
    Ok(doctor.prober.stopped)
}

/// Diagnoses one case once more, with what the journal has of earlier probes and with other limits.
pub(super) fn diagnose_again(
    engine: &mut Engine,
    setting: &Setting<'_>,
    header: &Header,
    case: u32,
    limits: Limits,
    session: &mut Session<'_>,
) -> Result<Stopped, AppError> {
    let record = session.record();
    let suspects = suspects(&record);
    let deadlines = Deadlines { rounds: None, diagnosis: Some(Instant::now() + limits.time) };
    let prober = Prober::new(engine, session, &record, deadlines, setting.case_timeout);
    let mut doctor = Doctor {
        prober,
        record: &record,
        header,
        setting,
        limits,
        width: setting.jobs,
        found: Vec::new(),
        told: None,
        searches: 0,
        left_out: 0,
    };
    if let Some(suspect) = suspects.get(&case) {
        doctor.cluster(&[suspect])?;
    }
    Ok(doctor.prober.stopped)
}

/// What a search may spend: the usual, and no more than is left.
fn limits(deadlines: Deadlines) -> Limits {
    let usual = Limits { time: SEARCH_TIME, ..Limits::default() };
    let left = deadlines.diagnosis.map(|until| until.saturating_duration_since(Instant::now()));
    Limits { time: left.map_or(usual.time, |left| left.min(usual.time)), ..usual }
}

/// Diagnoses cluster by cluster.
struct Doctor<'a, 's, 'w> {
    prober: Prober<'a, 's, 'w>,
    record: &'a Record,
    header: &'a Header,
    setting: &'a Setting<'a>,
    limits: Limits,
    width: usize,
    /// What was found so far, suspect by suspect: the first hypotheses for whatever comes next.
    found: Vec<(u32, Minimised)>,
    /// What was told of an order of the suite last.
    told: Option<(Vec<u32>, Vec<String>)>,
    /// Suspects that were minimised.
    searches: u32,
    /// Suspects that were left to observation.
    left_out: u32,
}

impl Doctor<'_, '_, '_> {
    /// Explains each suspect by what was found for others, first of all for one that fails alike; minimises it if
    /// nothing of that holds.
    fn cluster(&mut self, members: &[&Suspect]) -> Result<(), AppError> {
        for suspect in members {
            if self.prober.stopped != Stopped::Not {
                return Ok(());
            }
            self.prober.begin(suspect);
            if self.is_of_the_hash_seed(suspect)?
                || self.is_explained(suspect, members)?
                || self.is_its_own_polluter(suspect)?
            {
                continue;
            }
            if self.searches >= SEARCHES {
                self.left_out += 1;
                continue;
            }
            self.searches += 1;
            let Some(found) = self.search(suspect)? else { return Ok(()) };
            self.conclude(suspect, &found)?;
            if !found.sequences().is_empty() {
                self.found.push((suspect.case, found));
            }
        }
        Ok(())
    }

    /// Tries what was found last on this suspect: a probe of a few cases each. Only a case that passes alone can be a
    /// victim of what makes others one.
    fn is_explained(&mut self, suspect: &Suspect, alike: &[&Suspect]) -> Result<bool, AppError> {
        let candidates: Vec<(u32, Minimised)> = self.found.iter().rev().take(EXPLANATIONS).cloned().collect();
        for (leader, found) in candidates {
            if role(&found) == Some(Role::Victim) && !self.passes_alone(suspect)? {
                continue;
            }
            if let Some(failures) = self.verified(&found, suspect.case)? {
                if !alike.iter().any(|other| other.case == leader) && !self.holds_again(&found, suspect)? {
                    continue;
                }
                self.conclude_follower(suspect, leader, &found, failures)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what was found for a case that fails otherwise holds for this one every time. One probe is enough among
    /// cases that fail alike; of others, one that fails by chance agrees with it now and then.
    fn holds_again(&mut self, found: &Minimised, suspect: &Suspect) -> Result<bool, AppError> {
        let Some(sequence) = found.sequences().iter().find(|sequence| !sequence.members.contains(&suspect.case)) else {
            return Ok(false);
        };
        let after: Vec<u32> = sequence.members.iter().copied().chain([suspect.case]).collect();
        let mut orders = vec![after; AGAIN];
        orders.extend(vec![vec![suspect.case]; AGAIN]);
        let mut replies = self.prober.ask(&orders)?.into_iter().map(|reply| reply.answer);
        let (after, alone): (Vec<_>, Vec<_>) = (replies.by_ref().take(AGAIN).collect(), replies.collect());
        let (failing, passing) = match role(found) {
            Some(Role::Brittle) => (alone, after),
            Some(Role::Victim) | None => (after, alone),
        };
        Ok(failing.iter().all(|answer| *answer == minimise::Answer::Fails)
            && passing.iter().all(|answer| *answer == minimise::Answer::Passes))
    }

    /// Whether it passes alone, as the plan saw it or as a probe shows.
    fn passes_alone(&mut self, suspect: &Suspect) -> Result<bool, AppError> {
        if suspect.alone.trials > 0 {
            return Ok(suspect.alone.failures == 0);
        }
        let replies = self.prober.ask(&[vec![suspect.case]])?;
        Ok(replies.iter().all(|reply| reply.answer == minimise::Answer::Passes))
    }

    /// Runs the search to its end; nothing if the engine was stopped.
    fn search(&mut self, suspect: &Suspect) -> Result<Option<Minimised>, AppError> {
        let sequences = self.found.iter().flat_map(|(_, found)| found.sequences());
        let hypotheses: Vec<Vec<u32>> = sequences.map(|sequence| sequence.members.clone()).collect();
        let mut problem = problem(self.record, suspect, &hypotheses);
        problem.walks_from = self.walks_from(suspect);
        let mut search = Search::new(problem, self.limits);
        for (order, answer) in suspect.known_probes(self.record) {
            search.record(order, Reply::new(answer, Duration::ZERO));
        }
        // Whoever watches need not wait until all is known, and a run that ends early keeps what it has.
        let mut told = false;
        loop {
            match search.step(self.width) {
                Step::Done(found) => return Ok(Some(found)),
                Step::Ask(questions) => {
                    let is_beyond =
                        |question: &Question| matches!(question.phase, Phase::Alternatives | Phase::Cleaners);
                    if !told && questions.first().is_some_and(is_beyond) {
                        told = true;
                        if let Some(found) = search.found() {
                            self.conclude(suspect, &found)?;
                        }
                    }
                    let replies = self.prober.put(&questions)?;
                    for (question, reply) in questions.into_iter().zip(replies) {
                        search.learn(question, reply);
                    }
                    if self.prober.stopped != Stopped::Not {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// From how many cases on an order is walked. A suspect that ends its process, or does not end, can't be tried in a
    /// fork on the way.
    fn walks_from(&self, suspect: &Suspect) -> Option<usize> {
        let forks = suite_of(self.header).is_some_and(|suite| suite.start == Start::Fork);
        let fails = matches!(suspect.failure.outcome.kind(), OutcomeKind::Failed | OutcomeKind::Errored);
        (forks && fails).then_some(WALKED)
    }

    /// Whether what was found for another case holds for this one: its failures then.
    fn verified(&mut self, found: &Minimised, case: u32) -> Result<Option<Tally>, AppError> {
        let Some(mut verification) = Verification::new(found, case) else { return Ok(None) };
        while let Some(question) = verification.question() {
            for reply in self.prober.ask(&[question.order])? {
                verification.learn(&reply.answer);
            }
            if self.prober.stopped != Stopped::Not {
                return Ok(None);
            }
        }
        match verification.verdict() {
            Verified::Shows(failures) => Ok(Some(failures)),
            Verified::NotShown(_) | Verified::Open => Ok(None),
        }
    }

    /// Passes the first time and fails the second time in one round: the one polluter that a search among the other
    /// cases can't find.
    fn is_its_own_polluter(&mut self, suspect: &Suspect) -> Result<bool, AppError> {
        if !suspect.ran_before_itself {
            return Ok(false);
        }
        let case = suspect.case;
        let mut orders = vec![vec![case, case]; TWICE];
        orders.extend(vec![vec![case]; TWICE]);
        let mut replies = self.prober.ask(&orders)?.into_iter().map(|reply| reply.answer);
        let twice: Vec<_> = replies.by_ref().take(TWICE).collect();
        let fails = |answer: &minimise::Answer| *answer == minimise::Answer::Fails;
        if !twice.iter().all(fails) || !replies.all(|answer| answer == minimise::Answer::Passes) {
            return Ok(false);
        }
        let tries = u32::try_from(TWICE).unwrap_or(u32::MAX);
        let conclusion = Conclusion::Victim { polluters: vec![vec![case]], cleaners: Vec::new(), complete: false };
        let (alone, in_order) = (Rate { failures: 0, trials: tries }, Rate { failures: tries, trials: tries });
        let repro = self.write_repro(suspect, &[case, case], in_order)?;
        let remark = "it passes the first time and fails the second time in one round".to_owned();
        self.emit(Diagnosis {
            case,
            cluster: None,
            conclusion,
            alone,
            in_order,
            probes: self.prober.probes,
            repro: Some(repro),
            remarks: vec![remark],
        })?;
        Ok(true)
    }

    /// Whether the hash seed decides: every trial under some seeds failed, every one under the others passed, and the
    /// case alone does the same.
    fn is_of_the_hash_seed(&mut self, suspect: &Suspect) -> Result<bool, AppError> {
        let Some(failing) = suspect.hash_seed else { return Ok(false) };
        let Some(passing) = passing_hash_seed(self.record, suspect.case, failing) else { return Ok(false) };
        let alone = vec![vec![suspect.case]; TWICE];
        let under_failing = self.prober.ask(&alone)?;
        self.prober.hash_seed = Some(passing);
        let under_passing = self.prober.ask(&alone);
        self.prober.hash_seed = Some(failing);
        let all = |replies: &[Reply], wanted: &minimise::Answer| replies.iter().all(|reply| reply.answer == *wanted);
        if !all(&under_failing, &minimise::Answer::Fails) || !all(&under_passing?, &minimise::Answer::Passes) {
            return Ok(false);
        }
        let tries = u32::try_from(TWICE).unwrap_or(u32::MAX);
        let failed = Rate { failures: tries, trials: tries };
        let repro = self.write_repro(suspect, &[suspect.case], failed)?;
        let conclusion = Conclusion::Intermittent;
        let mut remarks = vec![match self.far_zone(suspect, failing) {
            Some(zone) => format!("the time zone decides: it fails with TZ={zone} and passes with this machine's own"),
            None => format!(
                "the hash seed decides: it fails with PYTHONHASHSEED={failing} and passes with PYTHONHASHSEED={passing}"
            ),
        }];
        remarks.extend(self.of_the_suite(suspect, &conclusion, &[suspect.case])?);
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: None,
            conclusion,
            alone: failed,
            in_order: failed,
            probes: self.prober.probes,
            repro: Some(repro),
            remarks,
        })?;
        Ok(true)
    }

    /// The time zone that goes with the failing hash seed, if the case passes with that hash seed and the machine's own
    /// zone: then it is the zone that decides.
    fn far_zone(&self, suspect: &Suspect, failing: u32) -> Option<String> {
        let spec = suite_of(self.header)?;
        let zone = spec.time_zone(Some(failing))?.to_owned();
        let at_home = SuiteSpec { time_zones: Vec::new(), ..spec };
        passes_in_plain_pytest(&at_home, self.record, suspect.case, failing, self.setting.case_timeout).then_some(zone)
    }

    /// What can be told of a suite's test besides: what its polluter changes, and the line for plain pytest.
    fn of_the_suite(
        &mut self,
        suspect: &Suspect,
        conclusion: &Conclusion,
        order: &[u32],
    ) -> Result<Vec<String>, AppError> {
        let Some(spec) = suite_of(self.header) else { return Ok(Vec::new()) };
        if let Some((known, told)) = &self.told
            && known == order
        {
            return Ok(told.clone());
        }
        let mut told = Vec::new();
        let (sequences, most) = match (conclusion, spec.explain) {
            (Conclusion::Victim { polluters, .. }, Explain::Repro) => (polluters.get(..1).unwrap_or_default(), WATCHED),
            (Conclusion::Victim { polluters, .. }, Explain::All) => (polluters.as_slice(), usize::MAX),
            (Conclusion::Brittle { state_setters, .. }, Explain::Repro) => {
                (state_setters.get(..1).unwrap_or_default(), WATCHED)
            }
            (Conclusion::Brittle { state_setters, .. }, Explain::All) => (state_setters.as_slice(), usize::MAX),
            _ => (&[][..], 0),
        };
        for sequence in sequences {
            let order: Vec<u32> = sequence.iter().copied().chain([suspect.case]).collect();
            for (place, culprit) in (0_u32..).zip(sequence).take(most) {
                let changes = self.prober.changes(&order, place)?;
                let name = self.record.case(*culprit).map_or("", |info| info.id.as_str());
                told.extend(changes.iter().map(|change| format!("{name} {change}")));
            }
        }
        if !matches!(conclusion, Conclusion::DoesNotReproduce | Conclusion::NotMinimised { .. }) {
            let (seed, deadline) = (suspect.hash_seed, self.setting.case_timeout);
            told.extend(pytest_line(&spec, self.record, order, &suspect.fingerprint, seed, deadline));
        }
        if spec.explain == Explain::Repro {
            self.told = Some((order.to_vec(), told.clone()));
        }
        Ok(told)
    }

    fn conclude_follower(
        &mut self,
        suspect: &Suspect,
        leader: u32,
        found: &Minimised,
        failures: Tally,
    ) -> Result<(), AppError> {
        let Some(sequence) = found.sequences().iter().find(|sequence| !sequence.members.contains(&suspect.case)) else {
            return Ok(());
        };
        let members = sequence.members.clone();
        let (conclusion, order) = match role(found) {
            Some(Role::Brittle) => {
                (Conclusion::Brittle { state_setters: vec![members], complete: false }, vec![suspect.case])
            }
            Some(Role::Victim) | None => {
                let order = members.iter().copied().chain([suspect.case]).collect();
                (Conclusion::Victim { polluters: vec![members], cleaners: Vec::new(), complete: false }, order)
            }
        };
        let in_order = rate(failures);
        let repro = self.write_repro(suspect, &order, in_order)?;
        let told = self.of_the_suite(suspect, &conclusion, &order)?;
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: Some(leader),
            conclusion,
            alone: suspect.alone,
            in_order,
            probes: self.prober.probes,
            repro: Some(repro),
            remarks: under_stress(suspect).into_iter().chain(told).collect(),
        })
    }

    /// The cleaners that are run in one process with what they hide: else the new process may be what hides it.
    fn real_cleaners(&self, polluters: &[Vec<u32>], cleaners: &[u32], case: u32) -> Vec<u32> {
        let first = polluters.first().map_or(&[][..], Vec::as_slice);
        let order = |cleaner: u32| first.iter().copied().chain([cleaner, case]).collect::<Vec<u32>>();
        cleaners.iter().copied().filter(|cleaner| is_one_process(self.header, &order(*cleaner))).collect()
    }

    fn conclude(&mut self, suspect: &Suspect, found: &Minimised) -> Result<(), AppError> {
        let case = suspect.case;
        let mut in_order = found.in_order;
        let mut remarks = Vec::new();
        let ending_with = |before: &[u32]| -> Vec<u32> { before.iter().copied().chain([case]).collect() };
        let (conclusion, order) = match &found.conclusion {
            minimise::Conclusion::Confirmed { role: Role::Victim, sequences, complete, cleaners } => {
                let polluters: Vec<Vec<u32>> = sequences.iter().map(|sequence| sequence.members.clone()).collect();
                in_order = sequences.first().map_or(in_order, |sequence| sequence.with_all);
                let order = ending_with(polluters.first().map_or(&[], Vec::as_slice));
                remarks.extend(self.polluters_that_fail(&polluters));
                match self.who_brought_it_down(&polluters) {
                    Some(of) => (Conclusion::Collateral { of }, order),
                    None => {
                        let cleaners = self.real_cleaners(&polluters, cleaners, case);
                        (Conclusion::Victim { polluters, cleaners, complete: *complete }, order)
                    }
                }
            }
            minimise::Conclusion::Confirmed { role: Role::Brittle, sequences, complete, .. } => {
                let state_setters = sequences.iter().map(|sequence| sequence.members.clone()).collect();
                in_order = sequences.first().map_or(in_order, |sequence| sequence.with_all);
                (Conclusion::Brittle { state_setters, complete: *complete }, vec![case])
            }
            minimise::Conclusion::FailsAlways => (Conclusion::Broken, vec![case]),
            minimise::Conclusion::Intermittent => (Conclusion::Intermittent, suspect.order()),
            minimise::Conclusion::DoesNotReproduce => {
                remarks.push(format!(
                    "it failed in {} trials of the run, and in none of {} more of that order",
                    suspect.seen,
                    found.in_order.trials()
                ));
                remarks.extend(self.may_be_on_disk());
                (Conclusion::DoesNotReproduce, suspect.order())
            }
            minimise::Conclusion::Unexplained { best, .. } => {
                remarks.push("no smaller order was confirmed: several causes may hide each other".to_owned());
                let order = ending_with(best);
                (Conclusion::NotMinimised { order: order.clone() }, order)
            }
            minimise::Conclusion::Exhausted { by, best } => {
                remarks.push(format!(
                    "the search ended at {by}: `steadfast minimise {} {}` goes on",
                    self.header.run,
                    self.record.case(case).map_or("", |info| info.id.as_str())
                ));
                let order = best.as_ref().map_or_else(|| suspect.order(), |best| ending_with(best));
                (Conclusion::NotMinimised { order: order.clone() }, order)
            }
        };
        // What is brittle shows alone: the order that it is compared with is the one that heals it.
        let shows = if role(found) == Some(Role::Brittle) { found.alone } else { in_order };
        let repro = self.write_repro(suspect, &order, rate(shows))?;
        remarks.extend(self.of_the_suite(suspect, &conclusion, &order)?);
        self.emit(Diagnosis {
            case,
            cluster: None,
            conclusion,
            alone: rate(found.alone),
            in_order: rate(in_order),
            probes: self.prober.probes,
            repro: Some(repro),
            remarks: under_stress(suspect).into_iter().chain(remarks).collect(),
        })
    }

    /// What may bring a failure back that does not reproduce: a started system can leave state outside its process.
    fn may_be_on_disk(&self) -> Option<String> {
        let text =
            "state may be left on disk: --sandbox full gives each round a fresh HOME and a fresh copy of the project";
        if let Some(suite) = suite_of(self.header) {
            return suite.copied.is_none().then(|| text.to_owned());
        }
        let spec = &self.header.subject.spec;
        let is = |field: &str, value: &str| spec.get(field).and_then(serde_json::Value::as_str) == Some(value);
        (!is("system", "embedded") && is("sandbox", "tmp")).then(|| text.to_owned())
    }

    /// Polluters that fail themselves: mending these may mend all.
    fn polluters_that_fail(&self, polluters: &[Vec<u32>]) -> Vec<String> {
        let failing = polluters.iter().flatten().filter(|case| self.record.failures.contains_key(case));
        let told = failing
            .filter_map(|case| self.record.case(*case))
            .map(|info| format!("its polluter {} fails itself", info.id));
        told.collect()
    }

    /// The polluter that crashed or hung in the last probe, which no later case is to blame for.
    fn who_brought_it_down(&self, polluters: &[Vec<u32>]) -> Option<u32> {
        let brought_down = |outcome: &OutcomeKind| matches!(outcome, OutcomeKind::Crashed | OutcomeKind::TimedOut);
        let first = polluters.first()?;
        first.iter().copied().find(|case| self.prober.last_seen.get(case).is_some_and(brought_down))
    }

    fn emit(&mut self, diagnosis: Diagnosis) -> Result<(), AppError> {
        self.prober.session.emit(Event::Diagnosed(diagnosis)).map_err(AppError::io(self.setting.folder))
    }

    fn write_repro(&self, suspect: &Suspect, order: &[u32], rate: Rate) -> Result<String, AppError> {
        let ids = order.iter().filter_map(|case| self.record.case(*case)).map(|info| info.id.clone());
        let failure = suspect.failure.outcome.failure();
        let file = ReproFile {
            version: ReproFile::VERSION,
            run: self.header.run.clone(),
            subject: self.header.subject.clone(),
            seed: self.header.seed,
            event_loop: suspect.event_loop,
            hash_seed: suspect.hash_seed,
            order: ids.collect(),
            expected: Expected {
                outcome: suspect.failure.outcome.kind(),
                fingerprint: suspect.fingerprint.clone(),
                message: failure.map(|failure| failure.message.clone()).unwrap_or_default(),
            },
            rate,
            case_deadline_ms: u64::try_from(self.setting.case_timeout.as_millis()).unwrap_or(u64::MAX),
        };
        let folder = self.setting.folder.join("repros");
        let name = file.file_name();
        let path = folder.join(&name);
        let text = serde_json::to_string_pretty(&file).map_err(std::io::Error::from);
        let written = std::fs::create_dir_all(&folder).and(text).and_then(|text| std::fs::write(&path, text));
        written.map_err(AppError::io(&path))?;
        Ok(format!("repros/{name}"))
    }
}

/// Another hash seed than `failing`, if every planned trial under `failing` failed and all under the other passed.
fn passing_hash_seed(record: &Record, case: u32, failing: u32) -> Option<u32> {
    let mut by_seed: BTreeMap<u32, Rate> = BTreeMap::new();
    for round in record.rounds.iter().filter(|round| round.is_planned()) {
        let Some(seed) = round.hash_seed else { continue };
        for outcome in round.slots.iter().filter(|slot| slot.case == case).filter_map(|slot| slot.outcome) {
            by_seed.entry(seed).or_default().count(crate::record::is_failure(outcome));
        }
    }
    let is_clear = by_seed.values().all(|rate| rate.failures == 0 || rate.failures == rate.trials);
    let fails = by_seed.get(&failing).is_some_and(|rate| rate.failures > 0);
    let passing = by_seed.iter().find(|(_, rate)| rate.failures == 0).map(|(seed, _)| *seed);
    passing.filter(|_| is_clear && fails)
}

/// What a reader should know of a finding that was made under stress.
fn under_stress(suspect: &Suspect) -> Option<String> {
    let stress = suspect.stress?;
    Some(format!("seen under --stress {stress}; the counts alone and in the order are without"))
}

fn role(found: &Minimised) -> Option<Role> {
    match &found.conclusion {
        minimise::Conclusion::Confirmed { role, .. } => Some(*role),
        _ => None,
    }
}

fn rate(tally: Tally) -> Rate {
    Rate { failures: tally.failures(), trials: tally.trials() }
}

/// What was seen of cases in the last probe.
pub(super) type LastSeen = BTreeMap<u32, OutcomeKind>;
