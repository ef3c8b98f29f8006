//! What a case leaves changed, as a driver in the runner's process sees it, and which part of that decides how the last case
//! of the order ends.
//!
//! # Rationale
//!
//! These processes can't be forked in the middle of an order. So the order is played again, up to a few times: the driver
//! puts back what it is told to, between the case that is watched and the next one.

use crate::adapter::command::round::Round;
use crate::adapter::command::stretch::Stretch;
use crate::engine::Reports;
use crate::model::{Position, StateMark};

/// What a driver reads: the case to watch, and the parts to put back, a list of JSON.
const WATCH: &str = "STEADFAST_WATCH";
const RESTORE: &str = "STEADFAST_RESTORE";

/// How often all that can be put back is put back before it is said to decide.
const TRIES: usize = 2;

/// How many parts are put back one by one.
const PARTS: usize = 8;

/// What the case at `place` leaves changed, where one process runs it and the last case.
pub(super) fn watched(
    round: &mut Round<'_>,
    stretches: &[Stretch],
    place: Position,
    reports: &mut dyn Reports,
) -> Vec<StateMark> {
    let last = Position::all().take(round.unit.order.len()).last();
    let stretch = stretches.iter().find(|stretch| stretch.contains(&place) && stretch.last().copied() == last);
    let (Some(stretch), Some(last), Some(case)) = (stretch, last, round.case(place)) else { return Vec::new() };
    round.asked.insert(WATCH.to_owned(), case.id.clone());
    let mut search = Search { round, stretch, place, last };
    let marks = search.marks(reports);
    round.asked.clear();
    marks
}

/// The search for the parts that decide.
struct Search<'a, 'b> {
    round: &'a mut Round<'b>,
    stretch: &'a [Position],
    place: Position,
    last: Position,
}

impl Search<'_, '_> {
    fn marks(&mut self, reports: &mut dyn Reports) -> Vec<StateMark> {
        let Some((failed, mut marks)) = self.played(&[], reports) else { return Vec::new() };
        let parts: Vec<String> = marks.iter().filter(|mark| !mark.only_seen).map(|mark| mark.name.clone()).collect();
        if parts.is_empty() {
            return marks;
        }
        let deciding = self.deciding(&parts, failed, reports);
        for mark in marks.iter_mut().filter(|mark| !mark.only_seen) {
            mark.decides = Some(deciding.contains(&mark.name));
        }
        marks
    }

    /// The parts without which the last case ends otherwise: one, or those that are needed together.
    fn deciding(&mut self, parts: &[String], failed: bool, reports: &mut dyn Reports) -> Vec<String> {
        let mut differs = |parts: &[String]| self.played(parts, reports).is_some_and(|(now, _)| now != failed);
        if !(0..TRIES).all(|_| differs(parts)) {
            return Vec::new();
        }
        if let [_] = parts {
            return parts.to_vec();
        }
        let single = parts.iter().take(PARTS).find(|part| differs(std::slice::from_ref(part)));
        if let Some(part) = single {
            return vec![part.clone()];
        }
        let mut needed = parts.to_vec();
        for part in parts.iter().take(PARTS) {
            let rest: Vec<String> = needed.iter().filter(|needed| *needed != part).cloned().collect();
            if differs(&rest) {
                needed = rest;
            }
        }
        needed
    }

    /// Plays the order with these parts put back: whether the last case failed, and what the watched one left.
    fn played(&mut self, put_back: &[String], reports: &mut dyn Reports) -> Option<(bool, Vec<StateMark>)> {
        self.round.asked.insert(RESTORE.to_owned(), serde_json::Value::from(put_back).to_string());
        let reported = self.round.try_out(self.stretch, reports).ok()?.reported;
        Some((reported.has_failed(self.last)?, reported.marks(self.place)))
    }
}
