//! The statements that set costs and limits, for whoever has a connection.

use super::super::month::Month;
use super::super::usd::Usd;
use super::error::StoreError;
use rusqlite::Connection;

pub(super) fn set_used(connection: &Connection, month: Month, used: Usd) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO months (month, used_nanos) VALUES (?, ?)")?
        .execute([month.key(), used.nanos()])?;
    Ok(())
}

pub(super) fn set_limit(connection: &Connection, limit: Usd) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO budget_limit (id, nanos) VALUES (1, ?)")?
        .execute([limit.nanos()])?;
    Ok(())
}

pub(super) fn add_cost(connection: &Connection, month: Month, cost: Usd) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO months (month, used_nanos) VALUES (?, ?)
             ON CONFLICT (month) DO UPDATE SET used_nanos = used_nanos + excluded.used_nanos",
        )?
        .execute([month.key(), cost.nanos()])?;
    Ok(())
}
