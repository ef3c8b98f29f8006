//! The month's settled costs and the limit that an administrator set.

use super::super::month::Month;
use super::super::usd::Usd;
use super::database::Store;
use super::error::StoreError;
use super::figures::{add_cost, set_limit, set_used};

impl Store {
    /// The limit, if one was set, and the month's settled costs.
    pub(in super::super) fn budget(&self, month: Month) -> Result<(Option<Usd>, Usd), StoreError> {
        self.with(|connection| {
            let figures = connection
                .prepare_cached(
                    "SELECT (SELECT nanos FROM budget_limit), (SELECT used_nanos FROM months WHERE month = ?)",
                )?
                .query_row([month.key()], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)))?;
            Ok((figures.0.map(Usd::from_nanos), Usd::from_nanos(figures.1.unwrap_or(0))))
        })
    }

    /// Adds a cost to a month, and nothing else.
    pub(in super::super) fn charge(&self, month: Month, cost: Usd) -> Result<(), StoreError> {
        self.with(|connection| add_cost(connection, month, cost))
    }

    /// Sets the month's settled costs.
    pub(in super::super) fn set_used(&self, month: Month, used: Usd) -> Result<(), StoreError> {
        self.with(|connection| set_used(connection, month, used))
    }

    /// Sets the limit of every month.
    pub(in super::super) fn set_limit(&self, limit: Usd) -> Result<(), StoreError> {
        self.with(|connection| set_limit(connection, limit))
    }
}
