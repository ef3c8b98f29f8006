//! The course of a run that is asked about one case.

use crate::app::marks::marks_left;
use crate::app::session::{Session, Watched};
use crate::app::why::Asked;
use crate::app::why::steps::Stage;
use crate::app::{AppError, Effort};
use crate::diagnose::RunLog;
use crate::engine::{RoundUnit, Rounds, Stop, Stopped};
use crate::model::RoundKind;
use crate::plan::{AftermathOrder, MarkingOrders, MarksLeft};
use crate::record::Record;
use std::time::{Duration, Instant};

/// The share of the effort that a case which always fails is worth, to find one before which it passes.
const FOR_THE_FAILING: f64 = 0.25;

/// How often the case is tried alone in each turn of what is added while there is time.
const ALONE_IN_A_TURN: u32 = 8;

/// Tries one case until it has failed and passed, or nothing is left that promises much.
pub(in crate::app) struct Inquiry<'a> {
    pub asked: &'a Asked,
    /// How long rounds are added where it has not failed.
    pub effort: Effort,
}

impl Inquiry<'_> {
    /// Runs the planned rounds up to the answer; then, where the case has not failed, more while the effort lasts.
    ///
    /// # Errors
    /// If rounds can't be run.
    pub fn run(
        &self,
        engine: &mut dyn Rounds,
        until: Option<Instant>,
        session: &mut Session<'_>,
    ) -> Result<Stopped, AppError> {
        let begun = Instant::now();
        let seen = session.watch(self.asked.case);
        for stage in &self.asked.stages {
            if seen.is_both() {
                return Ok(Stopped::Not);
            }
            if seen.failed() > 0 && !self.is_for_the_failing(stage, &session.record()) {
                continue;
            }
            let units = self.units(stage, session);
            match engine.run(&mut units.into_iter().take_while(|_| !seen.is_both()), until, session)? {
                Stopped::Not => {}
                stopped => return Ok(stopped),
            }
        }
        if seen.failed() > 0 { Ok(Stopped::Not) } else { self.add(engine, begun, until, session, &seen) }
    }

    /// Whether a case that failed in every round so far is tried in these rounds. They can show a case without which it
    /// fails; most such cases are plainly broken, so that they must not take long.
    fn is_for_the_failing(&self, stage: &Stage, record: &Record) -> bool {
        if stage.kind != RoundKind::Pairs {
            return !stage.is_for_the_passing;
        }
        let takes =
            cost(record, |kind| kind == RoundKind::Alone) * u32::try_from(stage.orders.len()).unwrap_or(u32::MAX);
        takes <= self.effort.budget(cost(record, is_whole)).mul_f64(FOR_THE_FAILING)
    }

    fn units(&self, stage: &Stage, session: &Session<'_>) -> Vec<RoundUnit> {
        let numbered = (stage.first..).zip(0_u32..);
        if stage.kind != RoundKind::Aftermath {
            let units = numbered.zip(&stage.orders);
            // Declared and reverse are stages of one round each.
            let turn = if stage.kind == RoundKind::Reverse { 1 } else { 0 };
            return units
                .map(|((number, at), order)| self.asked.unit(number, stage.kind, turn + at, order.clone()))
                .collect();
        }
        let marks = self.marks(&session.record());
        let mut marking = self.marking(&marks);
        if marking.marking() == 0 {
            return Vec::new();
        }
        numbered.take(stage.orders.len()).map(|(number, _)| self.aftermath(number, &mut marking)).collect()
    }

    /// What the other cases leave when they run alone.
    fn marks(&self, record: &Record) -> MarksLeft {
        let mut marks = marks_left(record);
        marks.remove(&self.asked.case);
        marks
    }

    fn marking<'m>(&'m self, marks: &'m MarksLeft) -> MarkingOrders<'m> {
        MarkingOrders::new(marks, &self.asked.ids, self.asked.seed())
    }

    fn aftermath(&self, number: u32, marking: &mut MarkingOrders<'_>) -> RoundUnit {
        let AftermathOrder { order, shape } = AftermathOrder::new(marking.next_order(), [self.asked.case], None);
        RoundUnit { aftermath: Some(shape), ..self.asked.unit(number, RoundKind::Aftermath, 0, order) }
    }

    /// Turn by turn: the case alone again and again, a shuffle, and what marks other cases leave in another order.
    fn add(
        &self,
        engine: &mut dyn Rounds,
        begun: Instant,
        until: Option<Instant>,
        session: &mut Session<'_>,
        seen: &Watched,
    ) -> Result<Stopped, AppError> {
        if !self.effort.adds() {
            return Ok(Stopped::Not);
        }
        let record = session.record();
        let whole = cost(&record, is_whole);
        let alone = cost(&record, |kind| kind == RoundKind::Alone);
        let end = begun + self.effort.budget(whole);
        let end = until.map_or(end, |until| until.min(end));
        let marks = self.marks(&record);
        let mut marking = self.marking(&marks);
        (0..2).for_each(|_| drop(marking.next_order()));
        let mut number = self.asked.rounds();
        for turn in 0_u32.. {
            let left = end.saturating_duration_since(Instant::now());
            let mut units = Vec::new();
            let times = if self.asked.starts_cheaply { ALONE_IN_A_TURN } else { 1 };
            if alone * times <= left {
                let case = vec![self.asked.case];
                units.extend((0..times).map(|_| (RoundKind::Alone, case.clone())));
            }
            if whole <= left && self.asked.cases.len() > 1 {
                units.push((RoundKind::Shuffle, self.asked.shuffled(number + turn)));
            }
            let mut batch: Vec<RoundUnit> = (number..)
                .zip(units)
                .map(|(number, (kind, order))| self.asked.unit(number, kind, turn, order))
                .collect();
            if marking.marking() > 1 && whole <= left {
                batch.push(self.aftermath(number + batch.len() as u32, &mut marking));
            }
            if batch.is_empty() {
                break;
            }
            number += u32::try_from(batch.len()).unwrap_or(u32::MAX);
            let units = batch.into_iter().map(|unit| RoundUnit { added: true, ..unit });
            match engine.run(&mut units.take_while(|_| seen.failed() == 0), until, session)? {
                Stopped::Not if seen.failed() > 0 => break,
                Stopped::Not => {}
                Stopped::Asked(Stop::TimeLimit) => break,
                stopped => return Ok(stopped),
            }
        }
        Ok(Stopped::Not)
    }
}

/// Whether all cases run in such a round.
fn is_whole(kind: RoundKind) -> bool {
    matches!(kind, RoundKind::Declared | RoundKind::Reverse | RoundKind::Shuffle)
}

/// What a round of some kinds costs; never nothing.
fn cost(record: &Record, wanted: impl Fn(RoundKind) -> bool) -> Duration {
    let rounds = record.rounds.iter().filter(|round| round.is_complete() && wanted(round.kind));
    let (sum, number) = rounds.fold((0, 0), |(sum, number), round| (sum + round.millis, number + 1));
    Duration::from_millis(u64::max(1, sum / u64::max(1, number)))
}
