//! The accounts of a round that accounts for resources: what each trial left, as far as this subject lets it be seen.

use crate::engine::RoundUnit;
use crate::event::TrialReport;
use crate::leak::{Census, Identity, Item, Ledger, growth};
use crate::model::{CaseIndex, Position, ResourceKind, Retained, RoundKind};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long what will end by itself is given at the end of a round that decides. A connection pool that lets go of idle
/// connections after a second, a task that ends soon after its answer: neither is a leak.
const GRACE: Duration = Duration::from_millis(1_500);

/// The same in a survey, which accuses nobody: who is wrongly suspected there is only looked at once more.
const SURVEY_GRACE: Duration = Duration::from_millis(200);

/// The longest grace, as long as things still go away.
const LONGEST_GRACE: Duration = Duration::from_secs(6);

/// The pauses between two looks grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Memory that one trial adds and that is less than this is not told from noise, in KiB. The healthy tutor was seen to add
/// 50 to 110 KiB in trials with eight chats at once, for some dozen trials, until its heap has the size that it needs; a
/// heap grows in steps of about this size.
const MEMORY_NOISE: u64 = 128;

/// What is to be said of a thing, if anything.
pub(in crate::adapter) type LastWord<'a> = Box<dyn Fn(&Identity, Item) -> Option<Item> + 'a>;

/// What a subject holds, as far as it lets that be seen.
pub(in crate::adapter) trait Holdings {
    /// What it holds now.
    fn census(&self) -> Census;
    /// Its memory now, in KiB.
    fn memory(&self) -> u64;
    /// Whose memory that is, in words.
    fn memory_owner(&self) -> &'static str;
    /// What keeps the memory that the last trial took, in words; `None` where nobody can tell.
    fn memory_place(&self) -> Option<String> {
        None
    }
    /// Lets time pass, in which the subject may end what it has begun.
    fn rest(&mut self, pause: Duration);
    /// The last word on what is left: more may be known now than when it was entered, or that it is none
    /// of the subject's.
    fn last_word(&self) -> LastWord<'_>;
}

/// The accounts of a round.
#[derive(Debug)]
pub(in crate::adapter) struct RoundAccounts {
    ledger: Ledger,
    kind: RoundKind,
    order: Vec<CaseIndex>,
    /// What was reported of each trial, to be reported again with what it left.
    reports: BTreeMap<Position, TrialReport>,
    memory: Memory,
    /// What keeps the memory that a trial took, where that is known.
    keepers: BTreeMap<Position, String>,
}

/// Memory has no identity: only amounts. What goes away is taken from what was added last, as on a stack: what one trial
/// takes and the next one gives back is nobody's, and what stays is whose it was.
#[derive(Debug, Default)]
struct Memory {
    last: u64,
    /// By trial, KiB.
    added: Vec<(Position, u64)>,
}

impl RoundAccounts {
    /// Opens the accounts before the first trial.
    pub fn open(unit: &RoundUnit, holdings: &dyn Holdings) -> Self {
        Self {
            ledger: Ledger::open(holdings.census()),
            kind: unit.kind,
            order: unit.order.clone(),
            reports: BTreeMap::new(),
            memory: Memory { last: holdings.memory(), added: Vec::new() },
            keepers: BTreeMap::new(),
        }
    }

    /// Enters what is there after a trial.
    pub fn enter(&mut self, position: Position, report: &TrialReport, holdings: &dyn Holdings) {
        self.ledger.enter(position, holdings.census());
        self.reports.insert(position, report.clone());
        self.memory.is_now(holdings.memory(), position);
        self.keepers.extend(holdings.memory_place().map(|place| (position, place)));
    }

    /// Waits for what ends by itself, and tells what each trial left: its report once more, with that.
    pub fn close(mut self, holdings: &mut dyn Holdings) -> Vec<(Position, TrialReport)> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        let grace = if self.kind == RoundKind::Survey { SURVEY_GRACE } else { GRACE };
        let (mut entries, mut until) = (self.ledger.open_entries(), begun + grace);
        while self.is_worth_a_wait() && Instant::now() < until {
            holdings.rest(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            self.ledger.look_again(&holdings.census());
            if self.ledger.open_entries() < entries {
                entries = self.ledger.open_entries();
                until = (Instant::now() + grace).min(begun + LONGEST_GRACE);
            }
        }
        let last = self.memory.added.last().map_or(Position(0), |(position, _)| *position);
        self.memory.is_now(holdings.memory(), last);
        let mut left =
            if self.ledger.open_entries() > 0 { self.ledger.close(holdings.last_word()) } else { BTreeMap::new() };
        for (position, added) in self.memory.added.into_iter().filter(|(_, added)| *added >= MEMORY_NOISE) {
            let owner = holdings.memory_owner().to_owned();
            let place = self.keepers.remove(&position);
            let retained = Retained { kind: ResourceKind::Memory, owner, place, count: added };
            left.entry(position).or_default().push(retained);
        }
        let mut reports = self.reports;
        left.into_iter()
            .filter_map(|(position, retained)| {
                let report = reports.remove(&position)?;
                Some((position, TrialReport { retained, ..report }))
            })
            .collect()
    }

    /// Whether somebody may be suspected, or even accused, of what is there now and may go away yet.
    fn is_worth_a_wait(&self) -> bool {
        if self.kind == RoundKind::Survey {
            return self.ledger.open_entries() > 0;
        }
        let mut left: BTreeMap<CaseIndex, Vec<u64>> = BTreeMap::new();
        let entries = self.ledger.entries_by_trial();
        for (position, case) in Position::all().zip(&self.order) {
            left.entry(*case).or_default().push(entries.get(&position).copied().unwrap_or(0));
        }
        left.values().any(|left| growth(left).is_some())
    }
}

impl Memory {
    /// After a trial there is so much of it, in KiB.
    fn is_now(&mut self, now: u64, position: Position) {
        let mut freed = self.last.saturating_sub(now);
        while let Some((_, added)) = self.added.last_mut().filter(|_| freed > 0) {
            let taken = freed.min(*added);
            *added -= taken;
            freed -= taken;
            if *added == 0 {
                self.added.pop();
            }
        }
        if now > self.last {
            self.added.push((position, now - self.last));
        }
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::{Memory, Position};

    fn left(amounts: &[u64]) -> Vec<(u32, u64)> {
        let mut memory = Memory { last: 1_000, added: Vec::new() };
        Position::all().zip(amounts).for_each(|(position, now)| memory.is_now(*now, position));
        memory.added.into_iter().map(|(position, amount)| (position.0, amount)).collect()
    }

    #[test]
    fn memory_that_stays_is_of_the_trial_that_took_it() {
        assert_eq!(left(&[1_000, 1_500, 1_500, 2_000]), [(1, 500), (3, 500)]);
    }

    #[test]
    fn what_is_given_back_was_taken_last() {
        assert_eq!(left(&[1_500, 4_500, 1_600, 1_500, 2_000, 5_000, 2_000]), [(0, 500), (4, 500)]);
        assert_eq!(left(&[900, 800, 1_000]), [(2, 200)]);
    }
}
