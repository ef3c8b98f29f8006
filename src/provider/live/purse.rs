//! What live calls may cost: a limit that no calls exceed together, however many race.
//!
//! The purse is a file, so that all processes of a run spend from one. A call's worst case is reserved before it starts;
//! what it really cost replaces the reservation. Whoever dies in between has spent its worst case.

use crate::model::Money;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The money of a run.
#[derive(Debug)]
pub struct Purse {
    path: PathBuf,
    limit: Money,
}

/// What was spent from a purse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// What the calls that ended have cost.
    pub settled: Money,
    /// The worst cases of the calls that have not ended.
    pub reserved: Money,
    /// The calls that were started.
    pub calls: u64,
    /// The calls that were not started, since their worst case would have passed the limit.
    pub refused: u64,
    /// The most that was settled and reserved at once.
    pub most: Money,
}

impl Purse {
    /// A purse with this limit, over a file that may be there already.
    pub fn new(path: &Path, limit: Money) -> Self {
        Self { path: path.to_owned(), limit }
    }

    /// What no calls together may cost.
    pub fn limit(&self) -> Money {
        self.limit
    }

    /// What was spent so far.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn spent(&self) -> io::Result<Spent> {
        self.change(|_| {})
    }

    /// Reserves the worst case of a call; `None` if it would pass the limit.
    ///
    /// # Errors
    /// If the file can't be written: then nothing may be spent.
    pub(crate) fn reserve(self: &Arc<Self>, worst: Money) -> io::Result<Option<Reservation>> {
        let mut is_taken = false;
        self.change(|spent| {
            let together = plus(plus(spent.settled, spent.reserved), worst);
            is_taken = together <= self.limit;
            if is_taken {
                spent.reserved = plus(spent.reserved, worst);
                spent.calls += 1;
                spent.most = spent.most.max(together);
            } else {
                spent.refused += 1;
            }
        })?;
        Ok(is_taken.then(|| Reservation { purse: self.clone(), worst, is_settled: false }))
    }

    fn settle(&self, worst: Money, cost: Money) -> io::Result<()> {
        self.change(|spent| {
            spent.reserved = Money::from_nanos(spent.reserved.nanos().saturating_sub(worst.nanos()));
            spent.settled = plus(spent.settled, cost);
        })
        .map(drop)
    }

    /// Changes what the file says while nobody else does.
    fn change(&self, change: impl FnOnce(&mut Spent)) -> io::Result<Spent> {
        let mut options = OpenOptions::new();
        let mut file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&self.path)?;
        flock(&file, FlockOperation::LockExclusive)?;
        let mut spent = read(&mut file)?;
        let before = spent;
        change(&mut spent);
        if spent != before {
            let text = serde_json::to_vec(&spent)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&text)?;
            file.set_len(text.len() as u64)?;
        }
        Ok(spent)
    }
}

fn read(file: &mut File) -> io::Result<Spent> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text)?;
    if text.is_empty() { Ok(Spent::default()) } else { Ok(serde_json::from_str(&text)?) }
}

fn plus(one: Money, other: Money) -> Money {
    Money::from_nanos(one.nanos().saturating_add(other.nanos()))
}

/// The worst case of a call that is under way. A call of which nothing more is heard has cost it.
#[derive(Debug)]
pub(crate) struct Reservation {
    purse: Arc<Purse>,
    worst: Money,
    is_settled: bool,
}

impl Reservation {
    /// The call has ended, and cost this; its worst case if nobody knows.
    pub(crate) fn settle(mut self, cost: Option<Money>) {
        self.is_settled = true;
        // A reservation that can't be taken back stays: less is spent than might be, never more.
        _ = self.purse.settle(self.worst, cost.unwrap_or(self.worst));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_settled {
            _ = self.purse.settle(self.worst, self.worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    #[test]
    fn what_is_reserved_counts_until_it_is_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let purse = Arc::new(Purse::new(&folder.path().join("purse"), dollars("1")));
        let first = purse.reserve(dollars("0.6")).expect("a file").expect("it fits");
        assert!(purse.reserve(dollars("0.5")).expect("a file").is_none());
        first.settle(Some(dollars("0.1")));
        let second = purse.reserve(dollars("0.9")).expect("a file").expect("it fits to the last cent");
        drop(second);
        let spent = purse.spent().expect("a file");
        let expected =
            Spent { settled: dollars("1"), reserved: dollars("0"), calls: 2, refused: 1, most: dollars("1") };
        assert_eq!(spent, expected);
        assert!(purse.reserve(dollars("0")).expect("a file").is_some(), "what is free is not refused");
    }

    #[test]
    fn a_purse_that_can_not_be_written_spends_nothing() {
        let purse = Arc::new(Purse::new(Path::new("/nowhere/purse"), dollars("1")));
        assert!(purse.reserve(dollars("0.1")).is_err());
    }

    #[test]
    fn purses_over_one_file_share_a_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("purse");
        let taken: usize = std::thread::scope(|scope| {
            let spend = || {
                let purse = Arc::new(Purse::new(&path, dollars("1")));
                let take = |_| purse.reserve(dollars("0.015")).expect("a file").map(drop);
                (0..50).filter_map(take).count()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(spend)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it ends")).sum()
        });
        assert_eq!(taken, 66);
    }
}
