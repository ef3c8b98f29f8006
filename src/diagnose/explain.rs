//! What may explain a suspect without a search: what was found for another one, the hash seed, or itself.

use super::conclude::role;
use super::examine::Examiner;
use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::Suspect;
use crate::engine::Stopped;
use crate::event::{Conclusion, Diagnosis};
use crate::minimise::{Answer, Minimised, Reply, Role, Verification, Verified};
use crate::model::statistics::Tally;
use crate::record::Record;
use std::collections::BTreeMap;

/// How many cases that were minimised are tried as the explanation of the next suspect.
const EXPLANATIONS: usize = 5;

/// How often an explanation of a case that fails otherwise is tried again, with the polluters and without: a toss of a
/// coin agrees with it once in eight thousand.
const AGAIN: usize = 6;

/// How often a case that has not passed yet is tried alone before it is called broken, and how often one that does not
/// end, which takes its deadline each time.
const TRIES_ALONE: (usize, usize) = (6, 3);

/// How often a case is tried in either way before a difference is claimed: a toss of a coin agrees once in four thousand.
const TRIES: usize = 6;

impl Examiner<'_> {
    /// Tries what was found last on this suspect: a probe of a few cases each. Only a case that passes alone can be a
    /// victim of what makes others one.
    pub(super) fn is_explained(&mut self, suspect: &Suspect, alike: &[&Suspect]) -> Result<bool, DiagnoseError> {
        let candidates: Vec<(u32, Minimised)> = self.chart.found.iter().rev().take(EXPLANATIONS).cloned().collect();
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
    fn holds_again(&mut self, found: &Minimised, suspect: &Suspect) -> Result<bool, DiagnoseError> {
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
        Ok(failing.iter().all(|answer| *answer == Answer::Fails)
            && passing.iter().all(|answer| *answer == Answer::Passes))
    }

    /// Whether it passes alone, as the plan saw it or as a probe shows.
    fn passes_alone(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if suspect.alone.trials() > 0 {
            return Ok(suspect.alone.failures() == 0);
        }
        let replies = self.prober.ask(&[vec![suspect.case]])?;
        Ok(replies.iter().all(|reply| reply.answer == Answer::Passes))
    }

    /// Whether what was found for another case holds for this one: its failures then.
    fn verified(&mut self, found: &Minimised, case: u32) -> Result<Option<Tally>, DiagnoseError> {
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
    pub(super) fn is_its_own_polluter(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if !suspect.ran_before_itself {
            return Ok(false);
        }
        let case = suspect.case;
        let mut orders = vec![vec![case, case]; TRIES];
        orders.extend(vec![vec![case]; TRIES]);
        let mut replies = self.prober.ask(&orders)?.into_iter().map(|reply| reply.answer);
        let twice: Vec<_> = replies.by_ref().take(TRIES).collect();
        let fails = |answer: &Answer| *answer == Answer::Fails;
        if !twice.iter().all(fails) || !replies.all(|answer| answer == Answer::Passes) {
            return Ok(false);
        }
        let tries = u32::try_from(TRIES).unwrap_or(u32::MAX);
        let conclusion = Conclusion::Victim { polluters: vec![vec![case]], cleaners: Vec::new(), complete: false };
        let (alone, in_order) = (Tally::new(0, tries), Tally::new(tries, tries));
        let repro = self.write_repro(suspect, &[case, case], in_order)?;
        let mut remarks = vec!["it passes the first time and fails the second time in one round".to_owned()];
        let told = self.of_the_suite(suspect, &conclusion, &[case, case])?;
        remarks.extend(told.remarks);
        self.emit(Diagnosis {
            case,
            cluster: None,
            conclusion,
            alone,
            in_order,
            probes: self.prober.probes,
            repro: Some(repro),
            causes: told.causes,
            remarks,
        })?;
        Ok(true)
    }

    /// Whether it fails always: in every trial of the plan, and alone again and again. No order can be the cause.
    pub(super) fn is_broken(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if suspect.seen.failures() < suspect.seen.trials() {
            return Ok(false);
        }
        let order = [suspect.case];
        let tries = if suspect.hangs() { TRIES_ALONE.1 } else { TRIES_ALONE.0 };
        let mut alone = suspect.alone;
        // Most that are not broken pass the first time: the others wait for that.
        for tries in [1, tries - 1] {
            let replies = self.prober.ask(&vec![order.to_vec(); tries])?;
            if !replies.iter().all(|reply| reply.answer == Answer::Fails) {
                return Ok(false);
            }
            replies.iter().for_each(|_| alone.count(true));
        }
        let repro = self.write_repro(suspect, &order, alone)?;
        let conclusion = Conclusion::Broken;
        let told = self.of_the_suite(suspect, &conclusion, &order)?;
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: None,
            conclusion,
            alone,
            in_order: suspect.seen,
            probes: self.prober.probes,
            repro: Some(repro),
            causes: told.causes,
            remarks: told.remarks,
        })?;
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
        let conclusion = Conclusion::Intermittent;
        let mut remarks = vec![match self.far_zone(suspect, failing) {
            Some(zone) => format!("the time zone decides: it fails with TZ={zone} and passes with this machine's own"),
            None => format!(
                "the hash seed decides: it fails with PYTHONHASHSEED={failing} and passes with PYTHONHASHSEED={passing}"
            ),
        }];
        let told = self.of_the_suite(suspect, &conclusion, &[suspect.case])?;
        remarks.extend(told.remarks);
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: None,
            conclusion,
            alone: failed,
            in_order: failed,
            probes: self.prober.probes,
            repro: Some(repro),
            causes: told.causes,
            remarks,
        })?;
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
fn passing_hash_seed(record: &Record, case: u32, failing: u32) -> Option<u32> {
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
