//! Examines the suspects of a run: breadth first, and to the end where there is time.
//!
//! Each suspect gets an even share of what is left of the time before any gets more. So one that takes long (a case that
//! fails by chance, an order with many causes) never takes what others need. Cases that fail alike are one cluster: its
//! first is examined, and the others are tried with what was found for it.

use crate::adapter::RunnerAlone;
use crate::diagnose::DiagnoseError;
use crate::diagnose::Setting;
use crate::diagnose::probe::Prober;
use crate::diagnose::suite_details::SuiteDetails;
use crate::diagnose::suspects::{Suspect, late_suspects, suspects};
use crate::diagnose::{Deadlines, RunLog};
use crate::engine::{Rounds, Stopped};
use crate::event::{Event, Note};
use crate::minimise::{Answer, Cluster, Conclusion, Limits, Minimised, Search, clusters};
use crate::model::CaseIndex;
use crate::record::Record;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

/// How many suspects are minimised in any case.
const SEARCHES: u32 = 25;

/// For so long, further ones are minimised as well. What is beyond both is tried with what was found for these, and
/// is undiagnosed else.
const SEARCHING: Duration = Duration::from_secs(600);

/// How often it is looked whether probes made a case fail that had not failed before.
const LOOKS: usize = 3;

/// How often the open suspects share what is left of the time.
const PASSES: usize = 3;

/// Diagnoses the suspects of the run, as far as the deadline allows: first those that failed in a planned round, then
/// those that failed in a probe of others only.
///
/// # Errors
/// If rounds can't be run, or a fact can't be kept.
pub fn diagnose(
    rounds: &mut dyn Rounds,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let mut chart = Chart::new(log.now());
    let mut record = log.record();
    let is_asked = |case: &CaseIndex| setting.header.question.as_ref().is_none_or(|question| question.case == *case);
    let mut suspects = suspects(&record);
    for _ in 0..LOOKS {
        suspects.retain(|case, _| is_asked(case));
        if suspects.is_empty() {
            break;
        }
        let prober = Prober::new(rounds, log, &record, deadlines, setting.case_timeout);
        let mut examiner = Examiner { prober, record: &record, setting, deadlines, limits: None, chart: &mut chart };
        examiner.examine(&suspects)?;
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
            "{} suspects were examined, and {} more are undiagnosed: mend the first ones and run again",
            chart.searches, chart.left_out
        );
        log.fact(Event::Noted(Note::of_run(text))).map_err(DiagnoseError::io(setting.folder))?;
    }
    Ok(Stopped::Not)
}

/// Diagnoses one case once more, with what the journal has of earlier probes and with other limits.
///
/// # Errors
/// If rounds can't be run, or a fact can't be kept.
pub fn diagnose_again(
    rounds: &mut dyn Rounds,
    setting: &Setting<'_>,
    case: CaseIndex,
    limits: Limits,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let record = log.record();
    let suspect = suspects(&record).remove(&case).or_else(|| late_suspects(&record, &BTreeSet::new()).remove(&case));
    let mut chart = Chart::new(log.now());
    let until = Some(log.now() + limits.time);
    let deadlines = Deadlines { rounds: None, diagnosis: until, all: until };
    let prober = Prober::new(rounds, log, &record, deadlines, setting.case_timeout);
    let limits = Some(limits);
    let mut examiner = Examiner { prober, record: &record, setting, deadlines, limits, chart: &mut chart };
    if let Some(suspect) = suspect {
        examiner.examine(&BTreeMap::from([(case, suspect)]))?;
    }
    Ok(examiner.prober.stopped)
}

/// What is known so far.
#[derive(Debug)]
pub(super) struct Chart {
    begun: Instant,
    /// Suspects that were looked at.
    seen: BTreeSet<CaseIndex>,
    /// What was found so far, suspect by suspect: the first hypotheses for whatever comes next.
    pub found: Vec<(CaseIndex, Minimised)>,
    /// Ways of failing that cases have which are broken.
    pub broken: BTreeSet<String>,
    /// The fingerprints of those that fail when they run again in one process.
    pub once: BTreeSet<String>,
    /// What was told last of the state that a suspect's sequences leave.
    pub states: Option<(CaseIndex, Vec<Vec<CaseIndex>>, SuiteDetails)>,
    /// What the suite's own runner made of an order last.
    pub own_line: Option<(Vec<CaseIndex>, Option<RunnerAlone>)>,
    /// Searches that a limit ended, and that may go on.
    pub open: BTreeMap<CaseIndex, (Search, Duration)>,
    /// Suspects of which a first sequence was told.
    pub told_of: BTreeSet<CaseIndex>,
    /// Suspects that were minimised.
    searches: u32,
    /// Suspects that nobody examined.
    left_out: u32,
}

impl Chart {
    fn new(begun: Instant) -> Self {
        Self {
            begun,
            seen: BTreeSet::new(),
            found: Vec::new(),
            broken: BTreeSet::new(),
            once: BTreeSet::new(),
            states: None,
            own_line: None,
            open: BTreeMap::new(),
            told_of: BTreeSet::new(),
            searches: 0,
            left_out: 0,
        }
    }
}

/// Whether a suspect was examined to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Examined {
    ToTheEnd,
    /// Not yet: a limit ended what was tried.
    NotYet,
    /// There is no room for one more.
    LeftOut,
}

/// How far a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// To the first sequence that is confirmed.
    First,
    /// To its end: whether there are others, and what hides them.
    Whole,
}

/// Examines suspect by suspect.
pub(super) struct Examiner<'a> {
    pub prober: Prober<'a>,
    pub record: &'a Record,
    pub setting: &'a Setting<'a>,
    pub deadlines: Deadlines,
    /// What each search may spend, where somebody said.
    pub limits: Option<Limits>,
    pub chart: &'a mut Chart,
}

/// A suspect, and the others that fail like it.
struct Queued<'s> {
    suspect: &'s Suspect,
    /// The first of its cluster, where it is not this one.
    leader: Option<CaseIndex>,
}

impl Examiner<'_> {
    /// Examines all suspects, the first of each cluster before the others, what hangs last.
    fn examine(&mut self, suspects: &BTreeMap<CaseIndex, Suspect>) -> Result<(), DiagnoseError> {
        let mut waiting = queue(suspects);
        for pass in 0..PASSES {
            let mut open = VecDeque::new();
            while let Some(queued) = waiting.pop_front() {
                let examined = self.examine_one(&queued, waiting.len() + open.len() + 1, pass)?;
                match examined {
                    Examined::ToTheEnd => {}
                    Examined::NotYet => open.push_back(queued),
                    Examined::LeftOut => self.chart.left_out += 1,
                }
            }
            // Of what is explained already, only whether there is more is open: the others come first.
            open.make_contiguous().sort_by_key(|queued| self.chart.told_of.contains(&queued.suspect.case));
            waiting = open;
            if waiting.is_empty() || self.prober.stopped != Stopped::Not {
                break;
            }
        }
        for queued in waiting {
            self.leave_open(queued.suspect)?;
        }
        Ok(())
    }

    /// Explains a suspect by what was found for others, first of all for one that fails alike; minimises it if nothing
    /// of that holds.
    fn examine_one(&mut self, queued: &Queued<'_>, waiting: usize, pass: usize) -> Result<Examined, DiagnoseError> {
        let suspect = queued.suspect;
        if self.prober.stopped != Stopped::Not {
            return Ok(Examined::NotYet);
        }
        let leader_is_open = queued.leader.is_some_and(|leader| self.chart.open.contains_key(&leader));
        if leader_is_open && pass == 0 {
            return Ok(Examined::NotYet);
        }
        let limits = self.share(waiting, pass);
        self.prober.begin(suspect);
        if !self.chart.open.contains_key(&suspect.case) {
            if self.is_of_a_port(suspect)?
                || self.is_broken(suspect)?
                || self.is_of_the_hash_seed(suspect)?
                || self.is_of_the_outside(suspect)?
                || self.is_of_chance(suspect)?
                || self.is_explained(suspect, queued.leader)?
                || self.is_its_own_polluter(suspect)?
            {
                return Ok(Examined::ToTheEnd);
            }
            if self.chart.searches >= SEARCHES && self.elapsed() > SEARCHING {
                return Ok(Examined::LeftOut);
            }
            self.chart.searches += 1;
        }
        // Where it fails alone, the riddle is the order in which it passed.
        let brittle = if self.fails_alone(suspect) { self.as_brittle(suspect) } else { None };
        let suspect = brittle.as_ref().unwrap_or(suspect);
        // While others wait for their first turn, the first sequence that is confirmed is enough.
        let is_enough_once_found = pass == 0 && waiting > 1 && self.deadlines.diagnosis.is_some();
        let depth = if is_enough_once_found { Depth::First } else { Depth::Whole };
        let Some(found) = self.search(suspect, limits, depth)? else { return Ok(Examined::NotYet) };
        let is_exhausted = matches!(found.conclusion, Conclusion::Exhausted { .. });
        if is_exhausted && pass + 1 < PASSES && self.limits.is_none() {
            return Ok(Examined::NotYet);
        }
        if is_enough_once_found && !found.sequences().is_empty() {
            self.keep_found(suspect.case, found);
            return Ok(Examined::NotYet);
        }
        self.chart.open.remove(&suspect.case);
        let found = self.with_every_failure(suspect, found, waiting, pass)?;
        let others = self.marking_polluters(suspect, &found)?;
        self.conclude(suspect, &found, &others)?;
        self.keep_found(suspect.case, found);
        Ok(Examined::ToTheEnd)
    }

    /// Keeps what was found for a suspect, in place of what was found for it before.
    fn keep_found(&mut self, case: CaseIndex, found: Minimised) {
        self.chart.found.retain(|(known, _)| *known != case);
        if !found.sequences().is_empty() {
            self.chart.found.push((case, found));
        }
    }

    /// The same case with an order in which it passed, in the run or in a probe.
    fn as_brittle(&self, suspect: &Suspect) -> Option<Suspect> {
        let asked = self.prober.asked.iter().filter(|(order, reply)| {
            order.len() > 1 && order.last() == Some(&suspect.case) && reply.answer == Answer::Passes
        });
        let asked = asked.map(|(order, _)| order[..order.len() - 1].to_vec()).min_by_key(Vec::len);
        suspect.as_brittle(self.record).or_else(|| Some(suspect.passing_after(asked?)))
    }

    /// Whether it failed whenever it ran alone, as far as is known.
    fn fails_alone(&self, suspect: &Suspect) -> bool {
        let alone = self.prober.asked.iter().filter(|(order, _)| order.len() == 1);
        let mut alone: Vec<bool> = alone.map(|(_, reply)| reply.answer == Answer::Fails).collect();
        alone.extend((suspect.alone.trials() > 0).then_some(suspect.alone.all_failed()));
        !alone.is_empty() && alone.iter().all(|failed| *failed)
    }

    fn elapsed(&self) -> Duration {
        self.prober.log.now().saturating_duration_since(self.chart.begun)
    }

    /// Says how far the examination of a suspect came, if it began.
    fn leave_open(&mut self, suspect: &Suspect) -> Result<(), DiagnoseError> {
        let Some((search, _)) = self.chart.open.remove(&suspect.case) else { return Ok(()) };
        if self.chart.told_of.contains(&suspect.case) {
            return Ok(());
        }
        self.prober.begin(suspect);
        self.conclude(suspect, &search.so_far(), &[])
    }
}

/// The suspects in the order in which they are examined.
fn queue(suspects: &BTreeMap<CaseIndex, Suspect>) -> VecDeque<Queued<'_>> {
    let clusters = clusters(suspects.iter().map(|(case, suspect)| (*case, suspect.fingerprint.clone())));
    let members = |cluster: &Cluster| -> Vec<&Suspect> {
        cluster.suspects.iter().filter_map(|case| suspects.get(case)).collect()
    };
    let mut clusters: Vec<Vec<&Suspect>> = clusters.iter().map(members).collect();
    // A probe of what hangs takes its whole deadline: everything else is told before. Then what is cheap: few cases
    // before it.
    clusters.sort_by_key(|members| {
        (members.iter().any(|suspect| suspect.hangs()), members.first().map_or(0, |suspect| suspect.before.len()))
    });
    let leaders = clusters.iter().filter_map(|members| members.first().map(|suspect| Queued { suspect, leader: None }));
    let others = clusters.iter().flat_map(|members| {
        let leader = members.first().map(|suspect| suspect.case);
        members.iter().skip(1).map(move |suspect| Queued { suspect, leader })
    });
    leaders.chain(others).collect()
}
