//! The accounts of a round of a suite: its process waits after each test, until what it holds was looked at.

use crate::adapter::pytest::gate::Gate;
use crate::adapter::pytest::holdings::{Held, RoundHoldings};
use crate::adapter::pytest::message::LedgerRequest;
use crate::adapter::shared::round_accounts::RoundAccounts;
use crate::engine::RoundUnit;
use crate::event::TrialReport;
use crate::model::{Position, RoundKind};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The accounts of a round, and the gate at which its process waits. Dropping them removes the gate.
#[derive(Debug)]
pub(super) struct Accounts<'a> {
    unit: &'a RoundUnit,
    temporary: &'a Path,
    folder: &'a Path,
    gate: Gate,
    path: PathBuf,
    accounts: Option<RoundAccounts>,
    holdings: Option<RoundHoldings>,
}

impl<'a> Accounts<'a> {
    /// For a round that keeps a ledger, of the suite in `folder`. Its gate stands beside its temporary folder.
    pub fn of(unit: &'a RoundUnit, temporary: &'a Path, folder: &'a Path) -> io::Result<Option<Self>> {
        if !unit.kind.keeps_a_ledger() {
            return Ok(None);
        }
        let path = temporary.with_extension("gate");
        let gate = Gate::make(&path)?;
        Ok(Some(Self { unit, temporary, folder, gate, path, accounts: None, holdings: None }))
    }

    pub fn request(&self) -> LedgerRequest<'_> {
        LedgerRequest { gate: &self.path, collect: self.unit.kind == RoundKind::Repeated }
    }

    /// Its process is there, and has not begun its first test.
    pub fn open(&mut self, process: i32) {
        let (temporary, folder) = (self.temporary.to_owned(), self.folder.to_owned());
        self.holdings = RoundHoldings::of(process, temporary, self.path.clone(), folder);
        self.accounts = self.holdings.as_ref().map(|holdings| RoundAccounts::open(self.unit, holdings));
        self.gate.open();
    }

    /// A test has ended, and its process waits.
    pub fn enter(&mut self, position: Position, report: &TrialReport, held: Held) {
        if let Some((accounts, holdings)) = self.accounts.as_mut().zip(self.holdings.as_mut()) {
            holdings.learn(held);
            accounts.enter(position, report, holdings);
        }
    }

    /// After the last test of the round: the reports of those that left something. What ends by itself is waited for.
    pub fn close_after(&mut self, position: Position) -> Vec<(Position, TrialReport)> {
        let is_last = position.index() + 1 == self.unit.order.len();
        let closing = self.accounts.take_if(|_| is_last).zip(self.holdings.as_mut());
        closing.map(|(accounts, holdings)| accounts.close(holdings)).unwrap_or_default()
    }

    /// Lets its process go on.
    pub fn let_pass(&mut self) {
        self.gate.open();
    }
}

impl Drop for Accounts<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
