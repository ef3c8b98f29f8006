//! Goes from cluster to cluster, and searches where nothing explains a suspect.

use crate::diagnose::DiagnoseError;
use crate::diagnose::Setting;
use crate::diagnose::conclude::OfTheSuite;
use crate::diagnose::probe::Prober;
use crate::diagnose::suspects::{Suspect, late_suspects, problem, suspects};
use crate::diagnose::{Deadlines, RunLog};
use crate::engine::{Rounds, Stopped};
use crate::event::{Event, Note};
use crate::minimise::{Cluster, Limits, Minimised, Phase, Question, Reply, Search, Step, clusters};
use crate::model::OutcomeKind;
use crate::record::Record;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How many suspects are minimised in any case.
const SEARCHES: u32 = 25;

/// For so long, further ones are minimised as well. What is beyond both is tried with what was found for these, and else
/// judged by observation, which is said.
const SEARCHING: Duration = Duration::from_secs(600);

/// The most time that a search takes where nobody says.
const SEARCH_TIME: Duration = Duration::from_secs(120);

/// From how many cases on an order is walked rather than halved.
const WALKED: usize = 16;

/// How often it is looked whether probes made a case fail that had not failed before.
const LOOKS: usize = 3;

/// Diagnoses the suspects of the run, as far as the deadline allows: first those that failed in a planned round, then
/// those that failed in a probe of others only.
pub fn diagnose(
    rounds: &mut dyn Rounds,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let mut chart = Chart::new();
    let mut record = log.record();
    let mut suspects = suspects(&record);
    for _ in 0..LOOKS {
        if suspects.is_empty() {
            break;
        }
        let prober = Prober::new(rounds, log, &record, deadlines, setting.case_timeout);
        let limits = limits(deadlines);
        let mut examiner = Examiner { prober, record: &record, setting, limits, chart: &mut chart };
        let clusters = clusters(suspects.iter().map(|(case, suspect)| (*case, suspect.fingerprint.clone())));
        let members = |cluster: &Cluster| cluster.suspects.iter().filter_map(|case| suspects.get(case)).collect();
        let mut clusters: Vec<Vec<&Suspect>> = clusters.iter().map(members).collect();
        // A probe of what hangs takes its whole deadline: everything else is told before.
        clusters.sort_by_key(|members| members.iter().any(|suspect| suspect.hangs()));
        for members in &clusters {
            examiner.cluster(members)?;
        }
        let stopped = examiner.prober.stopped;
        if stopped != Stopped::Not {
            return Ok(stopped);
        }
        chart.seen.extend(suspects.keys());
        record = log.record();
        suspects = late_suspects(&record, &chart.seen);
    }
    if chart.left_out > 0 {
        let text = format!(
            "{} suspects were minimised, and {} more are judged by observation alone: mend the first ones and run again",
            chart.searches, chart.left_out
        );
        log.fact(Event::Noted(Note { case: None, text })).map_err(DiagnoseError::io(setting.folder))?;
    }
    Ok(Stopped::Not)
}

/// Diagnoses one case once more, with what the journal has of earlier probes and with other limits.
pub fn diagnose_again(
    rounds: &mut dyn Rounds,
    setting: &Setting<'_>,
    case: u32,
    limits: Limits,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let record = log.record();
    let suspect = suspects(&record).remove(&case).or_else(|| late_suspects(&record, &BTreeSet::new()).remove(&case));
    let until = Some(Instant::now() + limits.time);
    let deadlines = Deadlines { rounds: None, diagnosis: until, all: until };
    let prober = Prober::new(rounds, log, &record, deadlines, setting.case_timeout);
    let mut chart = Chart::new();
    let mut examiner = Examiner { prober, record: &record, setting, limits, chart: &mut chart };
    if let Some(suspect) = &suspect {
        examiner.cluster(&[suspect])?;
    }
    Ok(examiner.prober.stopped)
}

/// What a search may spend: the usual, and no more than is left.
fn limits(deadlines: Deadlines) -> Limits {
    let usual = Limits { time: SEARCH_TIME, ..Limits::default() };
    let left = deadlines.diagnosis.map(|until| until.saturating_duration_since(Instant::now()));
    Limits { time: left.map_or(usual.time, |left| left.min(usual.time)), ..usual }
}

/// What is known so far.
#[derive(Debug)]
pub(super) struct Chart {
    begun: Instant,
    /// Suspects that were looked at.
    seen: BTreeSet<u32>,
    /// What was found so far, suspect by suspect: the first hypotheses for whatever comes next.
    pub found: Vec<(u32, Minimised)>,
    /// What was told of an order of the suite last.
    pub told: Option<(Vec<u32>, OfTheSuite)>,
    /// Suspects that were minimised.
    searches: u32,
    /// Suspects that were left to observation.
    left_out: u32,
}

impl Chart {
    fn new() -> Self {
        Self { begun: Instant::now(), seen: BTreeSet::new(), found: Vec::new(), told: None, searches: 0, left_out: 0 }
    }

    /// Whether one more suspect can be minimised.
    fn has_room(&self) -> bool {
        self.searches < SEARCHES || self.begun.elapsed() < SEARCHING
    }
}

/// Diagnoses cluster by cluster.
pub(super) struct Examiner<'a> {
    pub prober: Prober<'a>,
    pub record: &'a Record,
    pub setting: &'a Setting<'a>,
    limits: Limits,
    pub chart: &'a mut Chart,
}

impl Examiner<'_> {
    /// Explains each suspect by what was found for others, first of all for one that fails alike; minimises it if
    /// nothing of that holds.
    fn cluster(&mut self, members: &[&Suspect]) -> Result<(), DiagnoseError> {
        for suspect in members {
            if self.prober.stopped != Stopped::Not {
                return Ok(());
            }
            self.prober.begin(suspect);
            if self.is_broken(suspect)?
                || self.is_of_the_hash_seed(suspect)?
                || self.is_explained(suspect, members)?
                || self.is_its_own_polluter(suspect)?
            {
                continue;
            }
            if !self.chart.has_room() {
                self.chart.left_out += 1;
                continue;
            }
            self.chart.searches += 1;
            let Some(found) = self.search(suspect)? else { return Ok(()) };
            self.conclude(suspect, &found)?;
            if !found.sequences().is_empty() {
                self.chart.found.push((suspect.case, found));
            }
        }
        Ok(())
    }

    /// Runs the search to its end; nothing if the engine was stopped.
    fn search(&mut self, suspect: &Suspect) -> Result<Option<Minimised>, DiagnoseError> {
        let sequences = self.chart.found.iter().flat_map(|(_, found)| found.sequences());
        let hypotheses: Vec<Vec<u32>> = sequences.map(|sequence| sequence.members.clone()).collect();
        let mut problem = problem(self.record, suspect, &hypotheses);
        problem.walks_from = self.walks_from(suspect);
        let mut search = Search::new(problem, self.limits);
        for (order, answer) in suspect.known_probes(self.record) {
            search.record(order, Reply::new(answer, Duration::ZERO));
        }
        // What was asked to explain it is evidence as well: that it failed alone then is not forgotten.
        for (order, reply) in self.prober.asked.drain(..) {
            search.record(order, reply);
        }
        // Whoever watches need not wait until all is known, and a run that ends early keeps what it has.
        let mut told = false;
        loop {
            match search.step(self.setting.jobs) {
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
        let fails = matches!(suspect.failure.outcome.kind(), OutcomeKind::Failed | OutcomeKind::Errored);
        (self.setting.subject.forks() && fails).then_some(WALKED)
    }
}
