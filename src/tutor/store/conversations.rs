//! Conversations and their messages. A turn is kept as a whole, question, answer and cost, once it is finished.

use super::super::clock::as_text;
use super::super::defect::{Defect, Defects};
use super::super::language::Language;
use super::super::month::Month;
use super::super::provider::Provider;
use super::super::reason::Reason;
use super::super::usd::Usd;
use super::super::use_case::UseCase;
use super::database::Store;
use super::error::StoreError;
use super::figures::add_cost;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

/// A question and its answer.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct FinishedTurn<'a> {
    pub(in super::super) learner: i64,
    pub(in super::super) conversation: &'a str,
    pub(in super::super) at: Timestamp,
    pub(in super::super) language: &'a Language,
    pub(in super::super) use_case: &'a UseCase,
    pub(in super::super) question: &'a str,
    pub(in super::super) answer: &'a str,
    pub(in super::super) provider: Provider,
    pub(in super::super) model: &'a str,
    pub(in super::super) reason: Reason,
    pub(in super::super) cost: Usd,
    pub(in super::super) cached: bool,
}

/// A message as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct Message {
    pub(in super::super) role: String,
    pub(in super::super) text: String,
    language: String,
    use_case: String,
    provider: Option<String>,
    model: Option<String>,
    reason: Option<String>,
    cost: Usd,
    cached: bool,
    #[serde(serialize_with = "as_text")]
    at: Timestamp,
}

/// One line of a learner's list of conversations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in super::super) struct ConversationSummary {
    conversation: String,
    #[serde(serialize_with = "as_text")]
    started_at: Timestamp,
    messages: i64,
}

impl Store {
    /// Keeps a turn, and in the same transaction charges its cost to a month.
    pub(in super::super) fn record_turn(
        &self,
        turn: &FinishedTurn<'_>,
        charge: Option<(Month, Usd)>,
    ) -> Result<(), StoreError> {
        self.transaction(|transaction| {
            if let Some((month, cost)) = charge {
                add_cost(transaction, month, cost)?;
            }
            transaction
                .prepare_cached("INSERT OR IGNORE INTO conversations (id, learner, started_ms) VALUES (?, ?, ?)")?
                .execute(params![turn.conversation, turn.learner, turn.at.as_millisecond()])?;
            add_message(transaction, turn, Role::User)?;
            add_message(transaction, turn, Role::Assistant)
        })
    }

    /// The messages of a learner's conversation; `None` if the learner has none of that name.
    pub(in super::super) fn conversation(
        &self,
        learner: i64,
        id: &str,
        defects: Defects,
    ) -> Result<Option<Vec<Message>>, StoreError> {
        self.with(|connection| {
            let owner: Option<i64> = connection
                .prepare_cached("SELECT learner FROM conversations WHERE id = ?")?
                .query_row([id], |row| row.get(0))
                .optional()?;
            let of_anyone = defects.has(Defect::ConversationsOfAnyone) && owner.is_some();
            if owner != Some(learner) && !of_anyone {
                return Ok(None);
            }
            let mut statement = connection.prepare_cached(
                "SELECT role, text, language, use_case, provider, model, reason, cost_nanos, cached, at_ms
                 FROM messages WHERE conversation = ? ORDER BY id",
            )?;
            let messages = statement.query_map([id], read_message)?.collect::<Result<_, _>>()?;
            Ok(Some(messages))
        })
    }

    /// A learner's conversations, the oldest first.
    pub(in super::super) fn conversations(&self, learner: i64) -> Result<Vec<ConversationSummary>, StoreError> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, started_ms, (SELECT count(*) FROM messages WHERE conversation = conversations.id),
                        (SELECT min(id) FROM messages WHERE conversation = conversations.id) AS first
                 FROM conversations WHERE learner = ? ORDER BY first",
            )?;
            let rows = statement.query_map([learner], |row| {
                Ok(ConversationSummary {
                    conversation: row.get(0)?,
                    started_at: instant(row, 1)?,
                    messages: row.get(2)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

enum Role {
    User,
    Assistant,
}

fn add_message(connection: &Connection, turn: &FinishedTurn<'_>, role: Role) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO messages (conversation, role, text, language, use_case, provider, model, reason, cost_nanos, cached, at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let (language, use_case, at) = (turn.language.tag(), turn.use_case.name(), turn.at.as_millisecond());
    let none: Option<&str> = None;
    match role {
        Role::User => insert.execute(params![
            turn.conversation,
            "user",
            turn.question,
            language,
            use_case,
            none,
            none,
            none,
            0,
            false,
            at
        ])?,
        Role::Assistant => insert.execute(params![
            turn.conversation,
            "assistant",
            turn.answer,
            language,
            use_case,
            turn.provider.name(),
            turn.model,
            turn.reason.name(),
            turn.cost.nanos(),
            turn.cached,
            at
        ])?,
    };
    Ok(())
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        role: row.get(0)?,
        text: row.get(1)?,
        language: row.get(2)?,
        use_case: row.get(3)?,
        provider: row.get(4)?,
        model: row.get(5)?,
        reason: row.get(6)?,
        cost: Usd::from_nanos(row.get(7)?),
        cached: row.get(8)?,
        at: instant(row, 9)?,
    })
}

fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let milliseconds: i64 = row.get(column)?;
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, milliseconds))
}
