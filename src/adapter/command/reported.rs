//! What the runner reported of the cases of one process.

use crate::adapter::command::profile::Word;
use crate::adapter::command::results::Told;
use crate::engine::Reports;
use crate::event::TrialReport;
use crate::model::{Failure, Outcome, Position, StateMark};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How many ids a note names.
const NAMED: usize = 3;

/// Why a case was skipped that the runner was asked for and says nothing of.
const PASSED_OVER: &str = "the runner ended well and reported others, not this one";

/// What the runner reported of the cases that one process was given.
#[derive(Debug, Clone)]
pub(super) struct Reported {
    /// Places of the order, in the sequence in which they were asked for.
    asked: Vec<Position>,
    /// Where each case stands that was asked for, by its name; more than once where one process runs it again.
    places: BTreeMap<String, Vec<Position>>,
    /// How long the engine may wait for one.
    allowed: Duration,
    ended: BTreeMap<Position, TrialReport>,
    /// The sequence in which they ended, as far as it was told.
    sequence: Vec<Position>,
    /// Those of which the runner told how they ended.
    known: BTreeSet<Position>,
    /// Whether what is told now is told after the fact, in no order.
    is_late: bool,
    /// Told to the engine.
    told: BTreeSet<Position>,
    /// Told to the engine as begun.
    begun: BTreeSet<Position>,
    /// Said by the runner to be under way.
    running: BTreeMap<Position, Instant>,
    /// Since when the next one may be under way.
    since: Instant,
    unasked: BTreeSet<String>,
    /// Passed over by the runner, which says so in the words that it has for cases it was not asked for.
    passed_over: BTreeSet<Position>,
    /// Whether anything was said of a case that was not asked for.
    has_others: bool,
    again: BTreeSet<String>,
    /// What a driver wants to be known.
    remarks: BTreeSet<String>,
    /// What cases left changed, as far as that was looked at.
    marks: BTreeMap<Position, Vec<StateMark>>,
    /// What could not be read.
    pub problem: Option<String>,
    /// Whether a case counts only once all that were asked for before it have ended: its runner may have shuffled otherwise.
    awaits_order: bool,
    /// The furthest place of which anything was told.
    furthest: Option<Position>,
    /// Whether a case began after one that was asked for later.
    is_out_of_order: bool,
}

impl Reported {
    /// Nothing, as yet.
    pub fn new(asked: &[Position], names: Vec<String>, allowed: Duration) -> Self {
        let mut places: BTreeMap<String, Vec<Position>> = BTreeMap::new();
        for (name, position) in names.into_iter().zip(asked.iter().copied()) {
            places.entry(name).or_default().push(position);
        }
        Self {
            asked: asked.to_vec(),
            places,
            allowed,
            ended: BTreeMap::new(),
            sequence: Vec::new(),
            known: BTreeSet::new(),
            is_late: false,
            told: BTreeSet::new(),
            begun: BTreeSet::new(),
            running: BTreeMap::new(),
            since: Instant::now(),
            unasked: BTreeSet::new(),
            passed_over: BTreeSet::new(),
            has_others: false,
            again: BTreeSet::new(),
            remarks: BTreeSet::new(),
            marks: BTreeMap::new(),
            problem: None,
            awaits_order: false,
            furthest: None,
            is_out_of_order: false,
        }
    }

    /// The same of a runner that shuffles: what it tells is believed in the order asked for, and none but that.
    pub fn in_order_only(self) -> Self {
        Self { awaits_order: true, ..self }
    }

    /// The same of one place only.
    pub fn only(mut self, position: Position) -> Self {
        self.asked = vec![position];
        self.ended.retain(|place, _| *place == position);
        self.running.retain(|place, _| *place == position);
        self
    }

    /// Takes in what the runner says.
    pub fn hear(&mut self, told: Told) {
        if told.word == Word::Note {
            self.remarks.insert(told.message);
            return;
        }
        if told.word == Word::AllPassed {
            for (position, began) in std::mem::take(&mut self.running) {
                self.known.insert(position);
                self.ended.entry(position).or_insert_with(|| report(Told::plain("", Word::Passed), began));
            }
            return;
        }
        let Some(position) = self.place(&told) else {
            self.has_others = true;
            if told.word != Word::Unasked {
                self.unasked.insert(told.id);
            }
            return;
        };
        if told.word == Word::Marks {
            self.marks.insert(position, told.marks);
            return;
        }
        if told.word == Word::Unasked {
            self.passed_over.insert(position);
            return;
        }
        if told.word != Word::Skipped {
            self.is_out_of_order |= !self.is_late && self.furthest.is_some_and(|furthest| position < furthest);
            self.furthest = self.furthest.max(Some(position));
        }
        if told.word == Word::Started {
            self.running.insert(position, Instant::now());
            return;
        }
        let began = self.running.remove(&position).unwrap_or(self.since);
        self.since = Instant::now();
        let id = told.id.clone();
        let report = report(told, began);
        match self.ended.get_mut(&position) {
            None => {
                self.known.insert(position);
                // What was skipped did not run, whenever it is told.
                if !self.is_late && !matches!(report.outcome, Outcome::Skipped { .. }) {
                    self.sequence.push(position);
                }
                self.ended.insert(position, report);
            }
            Some(known) => {
                // Runners that try again say it twice; what failed once has failed.
                self.again.insert(id);
                if report.outcome.is_failure() && !known.outcome.is_failure() && !self.told.contains(&position) {
                    *known = report;
                }
            }
        }
    }

    /// Which place of the order is meant: of a case that runs again the one that is under way, else the first that has not
    /// ended, else the last. What a case leaves is told of the first.
    fn place(&self, told: &Told) -> Option<Position> {
        let places = self.places.get(&told.id)?;
        if told.word == Word::Marks {
            return places.first().copied();
        }
        let is_under_way = |place: &&Position| self.running.contains_key(place);
        let is_left = |place: &&Position| !self.ended.contains_key(place);
        let next = match told.word {
            Word::Started => places.iter().find(|place| is_left(place) && !is_under_way(place)),
            _ => places.iter().find(is_under_way).or_else(|| places.iter().find(is_left)),
        };
        next.or(places.last()).copied()
    }

    fn name(&self, position: Position) -> Option<&str> {
        self.places.iter().find(|(_, places)| places.contains(&position)).map(|(name, _)| name.as_str())
    }

    /// The process has ended, and all is read. What was asked for and has no outcome was skipped if the runner says so,
    /// or (`is_sound`: it ended well, and all that it says is there) if it speaks of others only.
    pub fn settle(&mut self, is_sound: bool) {
        let told = std::mem::take(&mut self.passed_over);
        let rest = if is_sound && self.has_others { self.missing() } else { Vec::new() };
        let with_reason = told.into_iter().map(|position| (position, "the runner skips it"));
        for (position, reason) in with_reason.chain(rest.into_iter().map(|position| (position, PASSED_OVER))) {
            let outcome = Outcome::Skipped { reason: reason.to_owned() };
            self.ended.entry(position).or_insert_with(|| TrialReport::of(outcome));
        }
    }

    /// The one case of this process ended as its process did, which wrote this last.
    pub fn exit(&mut self, outcome: Outcome, tail: &str) {
        let Some(position) = self.asked.first().copied() else { return };
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.sequence.push(position);
        self.ended.insert(position, TrialReport { micros, ..TrialReport::of(outcome) }.with_output(tail));
    }

    /// Tells the engine what it has not been told.
    pub fn tell(&mut self, reports: &mut dyn Reports) {
        let until = self.awaited();
        let is_due = |position: &Position| until.is_none_or(|until| *position < until);
        for (position, report) in self.ended.iter().filter(|(position, _)| is_due(position)) {
            if self.told.insert(*position) {
                if self.begun.insert(*position) {
                    reports.started(*position, self.allowed);
                }
                reports.finished(*position, report.clone());
            }
        }
        for position in self.running.keys() {
            if self.begun.insert(*position) {
                reports.started(*position, self.allowed);
            }
        }
    }

    /// The case whose end others wait for; `None` where none has to wait.
    fn awaited(&self) -> Option<Position> {
        if !self.awaits_order {
            return None;
        }
        self.missing().first().copied()
    }

    /// The process has played its cases in the order asked for, as far as it has: a case that it passed over keeps none
    /// waiting any more.
    pub fn has_kept_order(&mut self) {
        self.awaits_order = false;
    }

    /// Whether the process is known to have played its cases in another order than the one asked for.
    pub fn is_out_of_order(&self) -> bool {
        self.is_out_of_order
    }

    /// Places of which the engine was not told how they ended.
    pub fn untold(&self) -> Vec<Position> {
        self.asked.iter().copied().filter(|position| !self.told.contains(position)).collect()
    }

    /// Tells the engine that the next case is under way, as far as that can be known.
    pub fn begin_next(&mut self, reports: &mut dyn Reports) {
        let is_one_told = self.begun.iter().any(|position| !self.ended.contains_key(position));
        let next = self.asked.iter().find(|position| !self.ended.contains_key(position)).copied();
        if let (false, Some(next)) = (is_one_told, next) {
            self.begun.insert(next);
            reports.started(next, self.allowed);
        }
    }

    /// Whether these tell of every case that the runner has not reported yet.
    pub fn would_be_complete(&self, told: &[Told]) -> bool {
        self.places.iter().all(|(id, places)| {
            let missing = places.iter().filter(|place| !self.ended.contains_key(place)).count();
            missing == 0 || told.iter().filter(|told| told.id == *id).count() >= missing
        })
    }

    /// Whether the runner reported all cases.
    pub fn is_complete(&self) -> bool {
        self.ended.len() >= self.asked.len()
    }

    /// Whether the runner reported no case, not even that it began.
    pub fn is_silent(&self) -> bool {
        self.ended.is_empty() && self.running.is_empty() && self.passed_over.is_empty()
    }

    pub fn has_failures(&self) -> bool {
        self.ended.values().any(|report| report.outcome.is_failure())
    }

    /// What a case left changed.
    pub fn marks(&self, position: Position) -> Vec<StateMark> {
        self.marks.get(&position).cloned().unwrap_or_default()
    }

    /// Whether a case failed; `None` where it did not end, or was skipped.
    pub fn has_failed(&self, position: Position) -> Option<bool> {
        match &self.ended.get(&position)?.outcome {
            Outcome::Skipped { .. } => None,
            outcome => Some(outcome.is_failure()),
        }
    }

    /// The case that began and did not end.
    pub fn running(&self) -> Option<Position> {
        self.running.keys().next().copied()
    }

    /// Nothing of the kind was run: the runner ended well and said nothing at all.
    pub fn ran_nothing(&mut self, tail: &str) {
        let last = tail.lines().rev().find(|line| !line.trim().is_empty());
        let wrote = last.map_or_else(|| "nothing".to_owned(), |line| format!("`{}`", line.trim()));
        let reason = format!("the runner ran nothing of that name; it last wrote {wrote}");
        for position in self.missing() {
            self.ended.insert(position, TrialReport::of(Outcome::Skipped { reason: reason.clone() }));
        }
    }

    /// Places of which the runner itself told how they ended.
    pub fn told_of(&self) -> impl Iterator<Item = Position> {
        self.known.iter().copied()
    }

    /// From now on, what is told is gathered after the fact: its sequence says nothing.
    pub fn hear_late(&mut self) {
        self.is_late = true;
    }

    pub fn is_running(&self, position: Position) -> bool {
        self.running.contains_key(&position)
    }

    /// The last place that the runner reported.
    pub fn last(&self) -> Option<Position> {
        self.ended.keys().next_back().copied()
    }

    /// Places that were asked for and not reported.
    pub fn missing(&self) -> Vec<Position> {
        self.asked.iter().copied().filter(|position| !self.ended.contains_key(position)).collect()
    }

    /// Things to know, by kind.
    pub fn notes(&self) -> Vec<(String, String)> {
        let mut notes: Vec<(String, String)> = self.remarks.iter().map(|text| (text.clone(), text.clone())).collect();
        if !self.unasked.is_empty() {
            notes.push((
                "unasked".to_owned(),
                format!(
                    "the runner reported {} cases that it was not asked for: {}",
                    self.unasked.len(),
                    named(&self.unasked)
                ),
            ));
        }
        if !self.again.is_empty() {
            notes.push((
                "again".to_owned(),
                format!("the runner reported cases more than once ({}); one failure is a failure", named(&self.again)),
            ));
        }
        let mut places = self.sequence.windows(2).filter(|pair| pair[0] > pair[1]);
        if let Some(pair) = places.next() {
            let id = |position: Position| self.name(position).unwrap_or_default();
            notes.push((
                "order".to_owned(),
                format!(
                    "the runner does not run cases in the order in which it was asked ({} came before {}): what is said of \
                     orders may be wrong. `run.order: as_listed`, or one process per case, keeps to it",
                    id(pair[0]),
                    id(pair[1])
                ),
            ));
        }
        notes
    }
}

fn named(ids: &BTreeSet<String>) -> String {
    let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
    let more = if ids.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}

fn report(told: Told, began: Instant) -> TrialReport {
    let micros = told.micros.unwrap_or_else(|| u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    let failure = || {
        let message =
            if told.message.is_empty() { "the runner says no more than that it failed" } else { &told.message };
        Failure::new(message, told.place.clone()).with_details(told.details.clone())
    };
    let outcome = match told.word {
        Word::Passed | Word::Started | Word::Output | Word::Unasked | Word::AllPassed | Word::Note | Word::Marks => {
            Outcome::Passed
        }
        Word::Failed => Outcome::Failed(failure()),
        Word::Errored => Outcome::Errored(failure()),
        Word::Skipped => {
            let reason = if told.message.is_empty() { "the runner skips it" } else { &told.message };
            Outcome::Skipped { reason: reason.to_owned() }
        }
    };
    let report = TrialReport { micros, ..TrialReport::of(outcome) };
    // Most runners say nothing of what a passing case wrote: that it wrote nothing is not known.
    if told.details.is_empty() { report } else { report.with_output(&told.details) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(told: &[(&str, Word)], is_sound: bool) -> Reported {
        let names = ["a", "b"].map(str::to_owned).to_vec();
        let mut reported = Reported::new(&[Position(4), Position(7)], names, Duration::ZERO);
        told.iter().for_each(|(id, word)| reported.hear(Told::plain((*id).to_owned(), *word)));
        reported.settle(is_sound);
        reported
    }

    #[test]
    fn what_was_asked_for_and_passed_over_is_skipped() {
        let said = reported(&[("a", Word::Passed), ("b", Word::Unasked), ("c", Word::Unasked)], false);
        assert!(matches!(said.ended[&Position(7)].outcome, Outcome::Skipped { .. }), "{said:?}");
        assert!(said.notes().is_empty(), "what is not asked for may be told as such");
        let ran = reported(&[("a", Word::Unasked), ("a", Word::Failed)], false);
        assert!(ran.ended[&Position(4)].outcome.is_failure(), "{ran:?}");
    }

    #[test]
    fn a_case_that_one_process_runs_again_has_an_outcome_for_each_time() {
        let names = ["a", "b", "a"].map(str::to_owned).to_vec();
        let mut reported = Reported::new(&[Position(0), Position(1), Position(2)], names, Duration::ZERO);
        for (id, word) in [("a", Word::Started), ("a", Word::Passed), ("b", Word::Passed), ("a", Word::Started)] {
            reported.hear(Told::plain(id, word));
        }
        assert_eq!(reported.running(), Some(Position(2)));
        reported.hear(Told::plain("a", Word::Failed));
        assert_eq!([0, 1, 2].map(|place| reported.has_failed(Position(place))), [Some(false), Some(false), Some(true)]);
        assert!(reported.is_complete() && reported.notes().is_empty(), "{reported:?}");
        reported.hear(Told::plain("a", Word::Failed));
        assert_eq!(reported.notes().len(), 1, "a third time was not asked for: {reported:?}");
    }

    #[test]
    fn silence_about_a_case_is_no_fault_of_its_where_the_runner_ended_well_and_speaks_of_others() {
        assert_eq!(reported(&[("c", Word::Unasked)], true).missing(), []);
        assert_eq!(reported(&[("c", Word::Unasked)], false).missing(), [Position(4), Position(7)], "it may have died");
        assert_eq!(reported(&[], true).missing(), [Position(4), Position(7)], "it said nothing at all");
    }
}
