//! What explains a suspect without the cases before it: it is broken, fails by chance or by its hash seed, is its own
//! polluter, or something outside its process has changed.

use super::conclude::Ending;
use super::examine::Examiner;
use crate::diagnose::DiagnoseError;
use crate::diagnose::marking::changing_of;
use crate::diagnose::outside::Taken;
use crate::diagnose::suspects::{Suspect, leads};
use crate::event::{Conclusion, HashSeeds};
use crate::minimise::{Answer, Reply};
use crate::model::CaseIndex;
use crate::model::statistics::{Tally, fisher_one_sided};
use crate::record::Record;
use std::collections::BTreeMap;

/// How many failures in all, at least, there are to be of a case that is called broken: one that fails by chance half of
/// the time agrees once in a million.
const FAILURES_OF_BROKEN: u32 = 20;

/// The same where it fails like another case that is broken: few that fail by chance do.
const FAILURES_OF_ALIKE: u32 = 17;

/// How often a case that has not passed yet is tried alone before it is called broken, and how often one that does not
/// end, which takes its deadline each time.
const TRIES_ALONE: (usize, usize) = (6, 3);

/// How often a case is tried in either way before a difference is claimed: a toss of a coin agrees once in 260,000.
const TRIES: usize = 9;

/// The same, after itself and alone, where another one that fails in the same way does so when it runs again, and the rounds in
/// which this one ran once and passed make up for the rest.
const TRIES_OF_ALIKE: (usize, usize) = (5, 1);

/// What systems say where a port is taken.
const ADDRESS_IN_USE: [&str; 3] = ["Address already in use", "address already in use", "EADDRINUSE"];

/// How often a case is tried alone to see whether it both passes and fails then, and how often once it did.
const TRIES_OF_CHANCE: (usize, usize) = (4, 12);

/// How likely two rates that differ so much, or more, may be if they are one, for the order to be suspected.
const DIFFERS: f64 = 0.05;

/// How often the order of a round in which cases ran twice is run again.
const TRIES_TWICE: usize = 4;

impl Examiner<'_> {
    /// Passes the first time and fails the second time in one process: no order in which each case runs once shows it.
    pub(super) fn is_its_own_polluter(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if !suspect.ran_before_itself {
            return Ok(false);
        }
        let case = suspect.case;
        let passes = suspect.seen.passes() as usize + TRIES_OF_ALIKE.1;
        let is_alike = self.chart.once.contains(&suspect.fingerprint) && passes >= TRIES;
        let (after_itself, alone) = if is_alike { TRIES_OF_ALIKE } else { (TRIES, TRIES) };
        let mut orders = vec![vec![case, case]; after_itself];
        orders.extend(vec![vec![case]; alone]);
        let mut replies = self.prober.ask(&orders)?.into_iter().map(|reply| reply.answer);
        let twice: Vec<_> = replies.by_ref().take(after_itself).collect();
        let fails = |answer: &Answer| *answer == Answer::Fails;
        if !twice.iter().all(fails) || !replies.all(|answer| answer == Answer::Passes) {
            return Ok(false);
        }
        self.chart.once.insert(suspect.fingerprint.clone());
        let number = |tries: usize| u32::try_from(tries).unwrap_or(u32::MAX);
        let failed = Tally::new(number(after_itself), number(after_itself));
        self.non_idempotent(suspect, &[case, case], failed, Tally::new(0, number(alone)))?;
        Ok(true)
    }

    /// Whether it fails in the very order of a round in which cases ran twice, every time.
    pub(super) fn fails_where_cases_run_twice(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        let Some(order) = &suspect.only_twice else { return Ok(false) };
        let replies = self.prober.ask(&vec![order.clone(); TRIES_TWICE])?;
        if !replies.iter().all(|reply| reply.answer == Answer::Fails) {
            return Ok(false);
        }
        let tries = u32::try_from(TRIES_TWICE).unwrap_or(u32::MAX);
        self.non_idempotent(suspect, order, Tally::new(tries, tries), suspect.alone)?;
        Ok(true)
    }

    fn non_idempotent(
        &mut self,
        suspect: &Suspect,
        order: &[CaseIndex],
        in_order: Tally,
        alone: Tally,
    ) -> Result<(), DiagnoseError> {
        let case = suspect.case;
        let mut repeated: Vec<CaseIndex> = order.to_vec();
        repeated.sort_unstable();
        repeated.dedup();
        let repeated: Vec<CaseIndex> =
            repeated.into_iter().filter(|one| order.iter().filter(|other| *other == one).count() > 1).collect();
        let place = if self.setting.subject.runs_through(order) { "process" } else { "round, in a process of its own" };
        let remarks = vec![if repeated.contains(&case) && order.len() == 2 {
            format!("it passes the first time and fails the second time in one {place}")
        } else {
            format!("it fails only after cases that ran twice in one {place}, {} of them before it", repeated.len())
        }];
        let conclusion = Conclusion::NonIdempotent { repeated };
        let repro = self.write_repro(suspect, order, in_order)?;
        self.tell(suspect, order, Ending { conclusion, alone, in_order, repro, remarks, hash_seeds: None })
    }

    /// So many failures alone; `None` once a try comes to something else.
    fn failures_alone(&mut self, suspect: &Suspect, tries: usize) -> Result<Option<Tally>, DiagnoseError> {
        let mut alone = Tally::default();
        // Most that pass at all pass the first time: the others wait for that.
        for tries in [1, tries - 1] {
            let replies = self.prober.ask(&vec![vec![suspect.case]; tries])?;
            if !replies.iter().all(|reply| reply.answer == Answer::Fails) {
                return Ok(None);
            }
            replies.iter().for_each(|_| alone.count(true));
        }
        Ok(Some(alone))
    }

    /// Whether it fails always: in every trial of the plan, alone again and again, and after whatever never ran before
    /// it. No order can be the cause.
    pub(super) fn is_broken(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if suspect.seen.failures() < suspect.seen.trials() || self.record.passed.contains(&suspect.case) {
            return Ok(false);
        }
        let order = [suspect.case];
        let seen = suspect.seen.failures();
        let missing = |failures: u32| failures.saturating_sub(seen) as usize;
        let tries = match (suspect.hangs(), self.chart.broken.contains(&suspect.fingerprint)) {
            (true, _) => TRIES_ALONE.1,
            (false, true) => missing(FAILURES_OF_ALIKE).max(1),
            (false, false) => missing(FAILURES_OF_BROKEN).max(TRIES_ALONE.0),
        };
        let Some(failed) = self.failures_alone(suspect, tries)? else { return Ok(false) };
        let alone = suspect.alone + failed;
        let never_before = suspect.never_before(self.record);
        // A few that are seen to set something first: if one of them is what it needs, that spares the long order.
        let changing = changing_of(&never_before, self.record);
        for before in [changing, never_before] {
            if before.is_empty() {
                continue;
            }
            let order = before.into_iter().chain([suspect.case]).collect();
            if !self.prober.ask(&[order])?.iter().all(|reply| reply.answer == Answer::Fails) {
                return Ok(false);
            }
        }
        // Alone from a fresh start nothing of the tests' own can hold a port.
        let last = self.prober.failures.get(&order[..]).and_then(|(_, failure)| Taken::of(failure));
        if let Some(taken) = last {
            self.conclude_outside(suspect, taken.what(), alone, suspect.seen)?;
            return Ok(true);
        }
        self.chart.broken.insert(suspect.fingerprint.clone());
        let repro = self.write_repro(suspect, &order, alone)?;
        let conclusion = Conclusion::Broken;
        let mut remarks = self.other_failures(suspect);
        if self.record.passed_again.contains(&suspect.case) {
            remarks.push(
                "it fails the first time that it runs in a process, and passes there when it runs again: nothing but itself \
                 makes it pass"
                    .to_owned(),
            );
        }
        self.tell(
            suspect,
            &order,
            Ending { conclusion, alone, in_order: suspect.seen, repro, remarks, hash_seeds: None },
        )?;
        Ok(true)
    }

    /// Whether it fails for good since a round of the run in which it passed: alone again and again, and in the very order
    /// in which it passed. Nothing in a process can be the cause.
    pub(super) fn is_of_the_outside(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        let Some(before) = suspect.failing_since(self.record) else { return Ok(false) };
        let tries = TRIES_ALONE.0.max(FAILURES_OF_BROKEN.saturating_sub(suspect.seen.failures()) as usize);
        let Some(alone) = self.failures_alone(suspect, tries)? else { return Ok(false) };
        let Some(passed) = suspect.clone().or_brittle(self.record) else { return Ok(false) };
        let order = passed.order();
        // What a few cases heal is no matter of the outside, and costs less to see than the whole order.
        let leads = leads(self.record, &passed);
        if !leads.is_empty() {
            let healed = leads.into_iter().chain([suspect.case]).collect();
            if self.prober.ask(&[healed])?.iter().any(|reply| reply.answer == Answer::Passes) {
                return Ok(false);
            }
        }
        if !self.prober.ask(std::slice::from_ref(&order))?.iter().all(|reply| reply.answer == Answer::Fails) {
            return Ok(false);
        }
        let what = format!(
            "it passed in the first {before} rounds and has failed since, alone ({alone} times) and in an order in which \
             it passed: something outside its process was left behind"
        );
        let message = suspect.failure.outcome.failure().map(|failure| failure.message.as_str()).unwrap_or_default();
        let what = match ADDRESS_IN_USE.iter().any(|words| message.contains(words)) {
            true => format!("{what}: a port that is taken, or in TIME_WAIT. Wait 60 s before the next try"),
            false => what,
        };
        let conclusion = Conclusion::EnvironmentDependent { what };
        let repro = self.write_repro(suspect, &[suspect.case], alone)?;
        self.tell(
            suspect,
            &[suspect.case],
            Ending { conclusion, alone, in_order: Tally::new(1, 1), repro, remarks: Vec::new(), hash_seeds: None },
        )?;
        Ok(true)
    }

    /// Whether it fails sometimes where nothing runs before it, and no less often then than in the rounds of the run: no
    /// order can be the cause of that.
    pub(super) fn is_of_chance(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        let order = [suspect.case];
        let mut alone = suspect.alone;
        for tries in [TRIES_OF_CHANCE.0, TRIES_OF_CHANCE.1] {
            for reply in self.prober.ask(&vec![order.to_vec(); tries])? {
                match reply.answer {
                    Answer::Fails => alone.count(true),
                    Answer::Passes => alone.count(false),
                    Answer::Unsure(_) => return Ok(false),
                }
            }
            if alone.failures() == 0 || alone.passes() == 0 {
                return Ok(false);
            }
        }
        let together = suspect.together(self.record);
        let differs = fisher_one_sided(alone, together).min(fisher_one_sided(together, alone)) <= DIFFERS;
        if differs || alone.failures() < 2 || alone.passes() < 2 {
            return Ok(false);
        }
        let conclusion = Conclusion::Intermittent;
        let repro = self.write_repro(suspect, &order, alone)?;
        let remarks = self.other_failures(suspect);
        self.tell(suspect, &order, Ending { conclusion, alone, in_order: together, repro, remarks, hash_seeds: None })?;
        Ok(true)
    }

    /// Whether the hash seed decides: every trial under some seeds failed, every one under the others passed, and the
    /// case alone does the same.
    pub(super) fn is_of_the_hash_seed(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        let Some(failing) = suspect.hash_seed else { return Ok(false) };
        let Some(passing) = passing_hash_seed(self.record, suspect.case, failing) else { return Ok(false) };
        let alone = vec![vec![suspect.case]; TRIES];
        let under_failing = self.prober.ask(&alone)?;
        let under_passing = self.prober.ask_under(passing, &alone)?;
        let all = |replies: &[Reply], wanted: &Answer| replies.iter().all(|reply| reply.answer == *wanted);
        if !all(&under_failing, &Answer::Fails) || !all(&under_passing, &Answer::Passes) {
            return Ok(false);
        }
        let tries = u32::try_from(TRIES).unwrap_or(u32::MAX);
        let failed = Tally::new(tries, tries);
        let repro = self.write_repro(suspect, &[suspect.case], failed)?;
        let (conclusion, hash_seeds) = match self.far_zone(suspect, failing) {
            Some(zone) => {
                let what = format!("the time zone decides: it fails with TZ={zone} and passes with this machine's own");
                (Conclusion::EnvironmentDependent { what }, None)
            }
            None => (Conclusion::Intermittent, Some(HashSeeds { fails: failing, passes: passing })),
        };
        let remarks = Vec::new();
        self.tell(
            suspect,
            &[suspect.case],
            Ending { conclusion, alone: failed, in_order: failed, repro, remarks, hash_seeds },
        )?;
        Ok(true)
    }

    /// The time zone that goes with the failing hash seed, if the case passes with that hash seed and the machine's own
    /// zone: then it is the zone that decides.
    fn far_zone(&self, suspect: &Suspect, failing: u32) -> Option<String> {
        let info = self.record.case(suspect.case)?;
        self.setting.subject.deciding_time_zone(info, failing, self.setting.case_timeout)
    }
}

/// Another hash seed than `failing`, if every planned trial under `failing` failed and all under the other passed.
fn passing_hash_seed(record: &Record, case: CaseIndex, failing: u32) -> Option<u32> {
    let mut by_seed: BTreeMap<u32, Tally> = BTreeMap::new();
    for round in record.rounds.iter().filter(|round| round.is_planned()) {
        let Some(seed) = round.hash_seed else { continue };
        for outcome in round.slots.iter().filter(|slot| slot.case == case).filter_map(|slot| slot.outcome) {
            by_seed.entry(seed).or_default().count(crate::record::is_failure(outcome));
        }
    }
    let is_clear = by_seed.values().all(|rate| rate.failures() == 0 || rate.all_failed());
    let fails = by_seed.get(&failing).is_some_and(|rate| rate.failures() > 0);
    let passing = by_seed.iter().find(|(_, rate)| rate.failures() == 0).map(|(seed, _)| *seed);
    passing.filter(|_| is_clear && fails)
}
