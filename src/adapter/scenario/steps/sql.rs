//! Statements of a reset, with what the case gives bound to them as values, never as text.

use crate::adapter::shared::template::{Piece, Unfilled, Variables, pieces, plain};
use rusqlite::Transaction;
use rusqlite::types::Value as SqlValue;
use serde_json::Value;

/// A statement that is ready to run.
#[derive(Debug, PartialEq)]
pub(super) struct Statement {
    text: String,
    values: Vec<SqlValue>,
    /// Something that may be missing is missing: the statement is left out.
    left_out: bool,
}

impl Statement {
    /// Binds what the names stand for. A statement with a `${x?}` that the case does not give is left out.
    pub(super) fn of(template: &str, variables: &Variables) -> Result<Self, Unfilled> {
        let mut statement = Self { text: String::new(), values: Vec::new(), left_out: false };
        let all = pieces(template);
        for (at, piece) in all.iter().enumerate() {
            let (name, optional) = match piece {
                Piece::Text(text) => {
                    // A name may stand in quotes, as it would in a shell: what is bound needs none.
                    let follows = |at: Option<usize>| matches!(at.and_then(|at| all.get(at)), Some(Piece::Name { .. }));
                    let text = if follows(at.checked_sub(1)) { text.strip_prefix('\'').unwrap_or(text) } else { text };
                    let text = if follows(Some(at + 1)) { text.strip_suffix('\'').unwrap_or(text) } else { text };
                    statement.text.push_str(text);
                    continue;
                }
                Piece::Name { name, optional } => (*name, *optional),
                Piece::Part(part) => (part.name, part.optional),
            };
            match (variables.get(name), optional) {
                (Some(value), _) => {
                    statement.values.push(value_of(value));
                    statement.text.push_str(&format!("?{}", statement.values.len()));
                }
                (None, true) => statement.left_out = true,
                (None, false) => return Err(Unfilled::Unknown(name.to_owned())),
            }
        }
        Ok(statement)
    }

    pub(super) fn run(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if self.left_out {
            return Ok(());
        }
        if self.values.is_empty() {
            return transaction.execute_batch(&self.text);
        }
        transaction.execute(&self.text, rusqlite::params_from_iter(&self.values)).map(|_| ())
    }
}

fn value_of(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(truth) => SqlValue::Integer(i64::from(*truth)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => SqlValue::Integer(whole),
            (None, Some(real)) => SqlValue::Real(real),
            (None, None) => SqlValue::Text(number.to_string()),
        },
        other => SqlValue::Text(plain(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(template: &str, text: &str, values: Vec<SqlValue>, left_out: bool) {
        let variables = [("used".to_owned(), json!(1.5)), ("month".to_owned(), json!("2026-11"))].into();
        let expected = Statement { text: text.to_owned(), values, left_out };
        assert_eq!(Statement::of(template, &variables), Ok(expected), "{template}");
    }

    #[test]
    fn values_are_bound_and_not_pasted() {
        let (used, month) = (SqlValue::Real(1.5), SqlValue::Text("2026-11".to_owned()));
        check("DELETE FROM spent", "DELETE FROM spent", Vec::new(), false);
        let bound = "INSERT INTO spent VALUES (?1 * 100, ?2)";
        check("INSERT INTO spent VALUES (${used} * 100, '${month}')", bound, vec![used.clone(), month], false);
        check("UPDATE t SET l = ${limit?}, u = ${used?}", "UPDATE t SET l = , u = ?1", vec![used], true);
        assert_eq!(Statement::of("${nobody}", &Variables::new()), Err(Unfilled::Unknown("nobody".into())));
    }
}
