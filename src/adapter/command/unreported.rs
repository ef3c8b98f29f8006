//! What is said of cases that the runner did not report: which of them ended its process, and which it passed over.

use crate::adapter::command::process::{in_words, is_killed};
use crate::adapter::command::results::Reader;
use crate::adapter::command::round::{AROUND, End, Played, Round, Telling};
use crate::engine::{Reports, RoundUnit};
use crate::event::{RoundEnd, TrialReport};
use crate::model::{CaseIndex, Failure, Outcome, Position};
use std::time::Duration;

/// How many other cases are tried before a runner that says nothing is called silent.
const OTHERS: usize = 2;

impl Round<'_> {
    /// A process said nothing of its cases: finds the shortest beginning of the stretch that has this effect. Its last
    /// case is to blame; how those before it ended is learned on the way.
    pub(super) fn narrow(&mut self, stretch: &[Position], lost: Played, reports: &mut dyn Reports) -> RoundEnd {
        let (mut good, mut bad) = (0, stretch.len());
        let (mut kept, mut lost): (Option<Played>, Played) = (None, lost);
        while bad - good > 1 {
            // The first one alone: where the runner is told something wrong, that is soon seen.
            let middle = if good == 0 && bad == stretch.len() { 1 } else { usize::midpoint(good, bad) };
            let played = match self.play(&stretch[..middle], Telling::Kept, reports) {
                Ok(played) => played,
                Err(error) => return RoundEnd::NotStarted { reason: error.to_string() },
            };
            if played.end == End::Stopped {
                return RoundEnd::Interrupted;
            }
            if played.reported.is_silent() {
                (bad, lost) = (middle, played);
            } else {
                (good, kept) = (middle, Some(played));
            }
        }
        if let Some(mut kept) = kept {
            self.notes(&stretch[..good], &mut kept, reports);
            kept.reported.tell(reports);
            self.fill_gaps(&stretch[..good], &kept, reports);
        }
        let culprit = stretch.get(bad - 1).copied().unwrap_or_default();
        let single = Played { reported: lost.reported.only(culprit), ..lost };
        self.conclude(&[culprit], &single, reports).unwrap_or_else(|| RoundEnd::Died {
            reason: "the runner said nothing of the cases that it ran together".to_owned(),
        })
    }

    /// What is to be said of cases that the runner did not report.
    pub(super) fn conclude(
        &mut self,
        stretch: &[Position],
        played: &Played,
        reports: &mut dyn Reports,
    ) -> Option<RoundEnd> {
        let reported = &played.reported;
        if reported.is_complete() {
            return None;
        }
        let (how, deadline) = (self.how(played), Duration::from_millis(self.unit.case_deadline_ms));
        let missing = reported.missing();
        let after_the_last =
            missing.iter().copied().find(|position| reported.last().is_none_or(|last| *position > last));
        let is_live = matches!(Reader::of(&self.profile.results), Ok(reader) if reader.is_live());
        let is_certain = played.end == End::Overdue || matches!(played.end, End::Exited(status) if is_killed(status));
        let culprit = reported.running().or(match after_the_last {
            // The runner reported others and stopped by itself: it may be told to stop after a failure.
            Some(first) if reported.is_silent() || is_live && is_certain => Some(first),
            Some(_) | None => None,
        });
        let Some(culprit) = culprit else {
            self.fill_gaps(stretch, played, reports);
            let stopped = after_the_last?;
            let next = self.case(stopped).map(|case| case.id.clone()).unwrap_or_default();
            return Some(RoundEnd::Died {
                reason: format!("the runner ended before {next} ({how}): the rest is run anew"),
            });
        };
        let wrote = if played.tail.is_empty() { "nothing" } else { &played.tail };
        if !self.memory.has_spoken && reported.running().is_none() && !self.speaks_of_others(culprit, reports) {
            let reason = format!("the runner ended ({how}) and said of no case how it ended; it wrote: {wrote}");
            return Some(RoundEnd::NotStarted { reason });
        }
        let is_refusal = matches!(played.end, End::Exited(status) if !is_killed(status));
        if reported.is_silent()
            && reported.running().is_none()
            && is_refusal
            && let Some(other) = self.knows_no_more(culprit, reports)
        {
            let reason = format!(
                "the runner ended ({how}) and says nothing of any case any more, nor of {other}, of which it told before; it \
                 wrote: {wrote}"
            );
            return Some(RoundEnd::NotStarted { reason });
        }
        self.fill_gaps(stretch, played, reports);
        let failure = |text: String| Failure::new(text, None).with_details(played.tail.clone());
        let outcome = match played.end {
            End::Overdue => {
                Outcome::TimedOut(failure(format!("the case did not end within {} s", deadline.as_secs_f64())))
            }
            End::Exited(_) | End::Stopped | End::OutOfOrder => {
                Outcome::Crashed(failure(format!("the runner ended under the case, without a result for it: {how}")))
            }
        };
        if reported.running() != Some(culprit) {
            reports.started(culprit, deadline + AROUND);
        }
        reports.finished(culprit, TrialReport::of(outcome));
        Some(RoundEnd::Died { reason: how })
    }

    /// Cases that the runner passed over: others after them were reported.
    fn fill_gaps(&self, stretch: &[Position], played: &Played, reports: &mut dyn Reports) {
        let Some(last) = played.reported.last() else { return };
        let how = self.how(played);
        for position in played.reported.missing() {
            if position < last && stretch.contains(&position) && !played.reported.is_running(position) {
                reports.started(position, AROUND);
                let reason = format!("the runner reported others and not this one ({how})");
                reports.finished(position, TrialReport::of(Outcome::Skipped { reason }));
            }
        }
    }

    /// Whether the runner says anything of another case, run alone.
    fn speaks_of_others(&mut self, but: Position, reports: &mut dyn Reports) -> bool {
        let but = self.unit.order.get(but.index()).copied();
        let others = self.unit.order.iter().filter(|case| Some(**case) != but).take(OTHERS);
        others.into_iter().any(|other| self.tells_of(*other, reports) == Some(true))
    }

    /// Whether the runner says anything of a case, run alone; `None` if it could not be asked.
    fn tells_of(&mut self, case: CaseIndex, reports: &mut dyn Reports) -> Option<bool> {
        let unit = RoundUnit { order: vec![case], from: Position(0), ..self.unit.clone() };
        let mut round = Round { unit: &unit, memory: &mut *self.memory, asked: self.asked.clone(), ..*self };
        let played = round.play(&[Position(0)], Telling::Kept, reports).ok()?;
        let tells = !played.reported.is_silent();
        (tells || played.end != End::Stopped).then_some(tells)
    }

    /// A case of which the runner told before and says nothing now, run alone: then it is the runner that fails, and not the case
    /// under which it ended. `None` if it does tell, or there is no other case to ask for.
    fn knows_no_more(&mut self, but: Position, reports: &mut dyn Reports) -> Option<String> {
        let but = self.unit.order.get(but.index()).copied();
        if but.is_some_and(|case| self.memory.cleared.contains(&case)) {
            return None;
        }
        let other = self.memory.told.iter().copied().find(|case| Some(*case) != but)?;
        if self.tells_of(other, reports)? {
            self.memory.cleared.extend(but);
            return None;
        }
        self.cases.get(other.index()).map(|case| case.id.clone())
    }

    fn how(&self, played: &Played) -> String {
        let how = match played.end {
            End::Exited(status) => in_words(status),
            End::Overdue => "it did not end in time, and was killed".to_owned(),
            End::Stopped => "stopped".to_owned(),
            End::OutOfOrder => "it ran its cases in another order, and was killed".to_owned(),
        };
        match &played.reported.problem {
            Some(problem) => format!("{how}; {problem}"),
            None => how,
        }
    }
}
