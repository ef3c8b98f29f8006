//! Rounds that a run had before it was resumed: asked for again, they are answered from the journal.

use crate::engine::outlook::{EngineError, Outlook, RoundResult, Standing};
use crate::engine::{RoundUnit, Rounds, StopHandle, Stopped};
use crate::event::{Event, RoundEnd};
use crate::model::RoundId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Instant;

/// The facts of rounds that stand in the journal and that nobody has asked for yet, round by round.
///
/// A run that is resumed examines its suspects from the beginning. It sees what it saw then, asks what it asked then, and
/// hears the same, until it asks something new: so it comes to what it would have come to without the interruption.
#[derive(Debug, Clone, Default)]
pub struct Earlier(Rc<RefCell<BTreeMap<RoundId, Vec<Event>>>>);

impl Earlier {
    /// Keeps a fact if it is of a round beyond the plan. Returns it otherwise.
    pub fn keep(&self, event: Event) -> Option<Event> {
        let mut rounds = self.0.borrow_mut();
        let round = match &event {
            Event::RoundStarted { round, kind, .. } if !kind.is_planned() => *round,
            Event::TrialStarted { round, .. }
            | Event::TrialFinished { round, .. }
            | Event::RoundFinished { round, .. }
                if rounds.contains_key(round) =>
            {
                *round
            }
            _ => return Some(event),
        };
        rounds.entry(round).or_default().push(event);
        None
    }

    /// Takes out everything that is left.
    pub fn rest(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.borrow_mut()).into_values().flatten().collect()
    }

    fn take(&self, round: RoundId) -> Option<Vec<Event>> {
        self.0.borrow_mut().remove(&round)
    }

    fn last(&self) -> Option<RoundId> {
        self.0.borrow().keys().next_back().copied()
    }

    fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Whether the facts of the round with this number are those of another one.
    fn contradicts(&self, unit: &RoundUnit) -> bool {
        let rounds = self.0.borrow();
        rounds.get(&unit.round).and_then(|facts| facts.first()).is_some_and(|begun| !is_of(begun, unit))
    }
}

/// Whether a round that began so is the one that is meant.
fn is_of(begun: &Event, unit: &RoundUnit) -> bool {
    let now = unit.begins();
    let without_attempt = |event: &Event| {
        let mut event = event.clone();
        if let Event::RoundStarted { attempt, host, .. } = &mut event {
            (*attempt, *host) = (0, None);
        }
        event
    };
    without_attempt(begun) == without_attempt(&now)
}

/// An engine that runs only what the journal has no answer to.
pub struct Resumed {
    engine: Box<dyn Rounds>,
    earlier: Earlier,
    /// Once something else is asked than was asked then, rounds get numbers that are this much higher.
    shift: u32,
}

impl std::fmt::Debug for Resumed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resumed").field("earlier", &self.earlier).field("shift", &self.shift).finish_non_exhaustive()
    }
}

impl Resumed {
    /// The same engine for a run that had these rounds before.
    pub fn new(engine: Box<dyn Rounds>, earlier: Earlier) -> Self {
        Self { engine, earlier, shift: 0 }
    }

    /// Answers from the journal what it can, and returns what is to be run, each with the number that was asked for.
    fn answer(&mut self, units: Vec<RoundUnit>, outlook: &mut dyn Outlook) -> io::Result<Vec<(RoundUnit, RoundId)>> {
        let mut open = Vec::new();
        for unit in units {
            if self.earlier.contradicts(&unit) {
                let beyond = self.earlier.last().map_or(0, |last| last.0 + 1);
                self.shift = beyond.saturating_sub(unit.round.0);
                outlook.earlier(self.earlier.rest())?;
            }
            let Some(facts) = self.earlier.take(unit.round) else {
                let (asked, number) = (unit.round, RoundId(unit.round.0 + self.shift));
                open.push((RoundUnit { round: number, ..unit }, asked));
                continue;
            };
            let is_complete = matches!(facts.last(), Some(Event::RoundFinished { end: RoundEnd::Completed, .. }));
            let begun = facts.iter().filter(|fact| matches!(fact, Event::RoundStarted { .. })).count();
            let result = is_complete.then(|| RoundResult::of_facts(unit.clone(), &facts));
            outlook.earlier(facts)?;
            match result {
                Some(result) => outlook.round(result),
                None => {
                    let (attempt, asked) = (u32::try_from(begun).unwrap_or(u32::MAX), unit.round);
                    open.push((RoundUnit { attempt, ..unit }, asked));
                }
            }
        }
        Ok(open)
    }
}

impl Rounds for Resumed {
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        if self.earlier.is_empty() && self.shift == 0 {
            return self.engine.run(units, until, outlook);
        }
        let mut units = units.peekable();
        // The rounds of the plan are known by their numbers, and are asked for one by one.
        if units.peek().is_some_and(|unit| unit.kind.is_planned()) {
            return self.engine.run(&mut units, until, outlook);
        }
        let open = self.answer(units.collect(), outlook).map_err(EngineError::Journal)?;
        let asked = open.iter().map(|(unit, asked)| (unit.round, *asked)).collect();
        let mut open = open.into_iter().map(|(unit, _)| unit);
        self.engine.run(&mut open, until, &mut Renumbered { outlook, asked })
    }

    fn stop_handle(&self) -> StopHandle {
        self.engine.stop_handle()
    }

    fn shut_down(self: Box<Self>) {
        self.engine.shut_down();
    }
}

/// Tells results by the numbers that were asked for.
struct Renumbered<'a> {
    outlook: &'a mut dyn Outlook,
    asked: BTreeMap<RoundId, RoundId>,
}

impl Outlook for Renumbered<'_> {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.outlook.fact(event)
    }

    fn facts(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.outlook.facts(events)
    }

    fn earlier(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.outlook.earlier(events)
    }

    fn remark(&mut self, line: &str) {
        self.outlook.remark(line);
    }

    fn standing(&mut self, standing: &Standing) {
        self.outlook.standing(standing);
    }

    fn wants_more(&self) -> bool {
        self.outlook.wants_more()
    }

    fn round(&mut self, mut result: RoundResult) {
        if let Some(asked) = self.asked.get(&result.unit.round) {
            result.unit.round = *asked;
        }
        self.outlook.round(result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TrialReport;
    use crate::model::{CaseIndex, Outcome, Position, RoundKind, Seed};
    use std::time::Duration;

    fn unit(number: u32, seed: u64) -> RoundUnit {
        RoundUnit::new(
            RoundId(number),
            RoundKind::Probe,
            Seed::new(seed),
            vec![CaseIndex::at(0)],
            Duration::from_secs(1),
        )
    }

    /// The facts of a round, up to its end or without one.
    fn facts(unit: &RoundUnit, end: Option<RoundEnd>) -> Vec<Event> {
        let report = TrialReport::of(Outcome::Passed);
        let trial = Event::TrialFinished { round: unit.round, position: Position(0), case: CaseIndex::at(0), report };
        let end = end.map(|end| Event::RoundFinished { round: unit.round, attempt: unit.attempt, end, millis: 5 });
        [unit.begins(), trial].into_iter().chain(end).collect()
    }

    /// Runs nothing and notes what it was asked for.
    #[derive(Debug)]
    struct Asked(Rc<RefCell<Vec<(u32, u32)>>>);

    impl Rounds for Asked {
        fn run(
            &mut self,
            units: &mut dyn Iterator<Item = RoundUnit>,
            _: Option<Instant>,
            outlook: &mut dyn Outlook,
        ) -> Result<Stopped, EngineError> {
            for unit in units {
                self.0.borrow_mut().push((unit.round.0, unit.attempt));
                let facts = facts(&unit, Some(RoundEnd::Completed));
                outlook.round(RoundResult::of_facts(unit, &facts));
            }
            Ok(Stopped::Not)
        }

        fn stop_handle(&self) -> StopHandle {
            StopHandle::waking(|| {})
        }

        fn shut_down(self: Box<Self>) {}
    }

    #[derive(Default)]
    struct Seen {
        results: Vec<u32>,
        earlier: usize,
    }

    impl Outlook for Seen {
        fn fact(&mut self, _: Event) -> io::Result<()> {
            Ok(())
        }

        fn earlier(&mut self, events: Vec<Event>) -> io::Result<()> {
            self.earlier += events.len();
            Ok(())
        }

        fn round(&mut self, result: RoundResult) {
            self.results.push(result.unit.round.0);
        }
    }

    /// What is run, as number and attempt, when `units` are asked for of a run that had `earlier`.
    fn check(earlier: Vec<Event>, units: Vec<RoundUnit>, runs: &[(u32, u32)], folded: usize) {
        let (asked, kept) = (Rc::default(), Earlier::default());
        for event in earlier {
            assert_eq!(kept.keep(event), None);
        }
        let mut resumed = Resumed::new(Box::new(Asked(Rc::clone(&asked))), kept);
        let mut seen = Seen::default();
        let numbers: Vec<u32> = units.iter().map(|unit| unit.round.0).collect();
        resumed.run(&mut units.into_iter(), None, &mut seen).expect("nothing can fail");
        assert_eq!(*asked.borrow(), runs);
        assert_eq!(seen.earlier, folded);
        seen.results.sort_unstable();
        assert_eq!(seen.results, numbers);
    }

    #[test]
    fn what_ran_to_its_end_is_not_run_again() {
        let known = [facts(&unit(7, 1), Some(RoundEnd::Completed)), facts(&unit(8, 2), Some(RoundEnd::Completed))];
        check(known.concat(), vec![unit(7, 1), unit(8, 2), unit(9, 3)], &[(9, 0)], 6);
    }

    #[test]
    fn what_was_torn_is_run_as_the_next_attempt() {
        check(facts(&unit(7, 1), None), vec![unit(7, 1)], &[(7, 1)], 2);
        check(facts(&unit(7, 1), Some(RoundEnd::Interrupted)), vec![unit(7, 1)], &[(7, 1)], 3);
    }

    #[test]
    fn another_question_gets_a_number_of_its_own() {
        let known = [facts(&unit(7, 1), Some(RoundEnd::Completed)), facts(&unit(8, 2), Some(RoundEnd::Completed))];
        check(known.concat(), vec![unit(7, 5), unit(8, 2)], &[(9, 0), (10, 0)], 6);
    }

    #[test]
    fn facts_of_the_plan_are_not_kept_back() {
        let planned = RoundUnit { kind: RoundKind::Shuffle, ..unit(1, 1) };
        let kept = Earlier::default();
        for event in facts(&planned, Some(RoundEnd::Completed)) {
            assert_eq!(kept.keep(event.clone()), Some(event));
        }
        assert!(kept.is_empty());
    }
}
