//! Learners, their tokens and their settings.

use super::super::settings::Settings;
use super::database::Store;
use super::error::StoreError;
use rusqlite::{ErrorCode, OptionalExtension, params};

/// What a password is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Credentials {
    pub(in super::super) salt: Vec<u8>,
    pub(in super::super) hash: Vec<u8>,
    pub(in super::super) iterations: u32,
}

/// Whom a token stands for, with what every request of theirs needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Session {
    pub(in super::super) learner: i64,
    pub(in super::super) expires_ms: i64,
    pub(in super::super) settings: Settings,
}

impl Store {
    /// Adds a learner with a first token. `None` if the name is taken.
    pub(in super::super) fn add_learner(
        &self,
        name: &str,
        credentials: &Credentials,
        token_digest: &[u8],
        expires_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        self.transaction(|transaction| {
            let added = transaction
                .prepare_cached("INSERT INTO learners (name, salt, hash, iterations) VALUES (?, ?, ?, ?)")?
                .insert(params![name, credentials.salt, credentials.hash, credentials.iterations]);
            let learner = match added {
                Err(rusqlite::Error::SqliteFailure(cause, _)) if cause.code == ErrorCode::ConstraintViolation => {
                    return Ok(None);
                }
                added => added?,
            };
            transaction
                .prepare_cached("INSERT INTO tokens (digest, learner, expires_ms) VALUES (?, ?, ?)")?
                .execute(params![token_digest, learner, expires_ms])?;
            Ok(Some(learner))
        })
    }

    /// A learner's number and credentials by name.
    pub(in super::super) fn credentials(&self, name: &str) -> Result<Option<(i64, Credentials)>, StoreError> {
        self.with(|connection| {
            let found = connection
                .prepare_cached("SELECT id, salt, hash, iterations FROM learners WHERE name = ?")?
                .query_row([name], |row| {
                    Ok((row.get(0)?, Credentials { salt: row.get(1)?, hash: row.get(2)?, iterations: row.get(3)? }))
                })
                .optional()?;
            Ok(found)
        })
    }

    /// Adds a token, and forgets those that have expired.
    pub(in super::super) fn add_token(
        &self,
        learner: i64,
        digest: &[u8],
        expires_ms: i64,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| {
            transaction
                .prepare_cached("DELETE FROM tokens WHERE learner = ? AND expires_ms <= ?")?
                .execute([learner, now_ms])?;
            transaction
                .prepare_cached("INSERT INTO tokens (digest, learner, expires_ms) VALUES (?, ?, ?)")?
                .execute(params![digest, learner, expires_ms])?;
            Ok(())
        })
    }

    /// Whom a token stands for, expired or not.
    pub(in super::super) fn session(&self, token_digest: &[u8]) -> Result<Option<Session>, StoreError> {
        let found: Option<(i64, i64, Option<String>)> = self.with(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT tokens.learner, tokens.expires_ms, settings.body
                     FROM tokens LEFT JOIN settings USING (learner) WHERE tokens.digest = ?",
                )?
                .query_row([token_digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            Ok(found)
        })?;
        let Some((learner, expires_ms, body)) = found else { return Ok(None) };
        let settings = body.map(|body| serde_json::from_str(&body)).transpose()?.unwrap_or_default();
        Ok(Some(Session { learner, expires_ms, settings }))
    }

    /// Keeps a learner's settings.
    pub(in super::super) fn keep_settings(&self, learner: i64, settings: &Settings) -> Result<(), StoreError> {
        let body = serde_json::to_string(settings)?;
        self.with(|connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO settings (learner, body) VALUES (?, ?)")?
                .execute(params![learner, body])?;
            Ok(())
        })
    }
}
