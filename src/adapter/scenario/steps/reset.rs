//! The state that a case starts in.

use super::player::Player;
use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::steps::sql::Statement;
use crate::adapter::shared::reach::file_within;
use crate::adapter::shared::template::fill_text;
use crate::model::{Clock, Money, SystemClock};
use crate::provider::ProviderName;
use crate::scenario::{Reset, Verb};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

impl Player<'_> {
    pub(super) async fn reset(&self, scene: &Scene<'_>) -> Result<(), Problem> {
        let place = &self.case.place;
        match &self.system.reset {
            Reset::Http(binding) => {
                let variables = self.with(scene, self.given());
                let answer = self.ask(scene, place, binding, &variables, None, None).await?;
                if !(200..300).contains(&answer.status) {
                    let text = format!("the reset was answered with {}: {}", answer.status, answer.text);
                    return Err(Problem::errored(place, text));
                }
            }
            Reset::Sql { file, statements } => {
                let refused =
                    |error: &dyn std::fmt::Display| Problem::errored(place, format!("reset: {file}: {error}"));
                let path = fill_text(file, scene.stage_variables).map_err(|error| refused(&error))?;
                // What the environment names was chosen by whoever runs, not by whoever wrote the file.
                let path = if file.contains("${env.") {
                    PathBuf::from(path)
                } else {
                    file_within(&path, scene.folders()).map_err(|error| refused(&error))?
                };
                let variables = self.with(scene, self.given());
                let statements = statements.iter().map(|statement| Statement::of(statement, &variables));
                let statements = statements.collect::<Result<Vec<_>, _>>().map_err(|error| refused(&error))?;
                run_sql(&path, &statements).map_err(|error| refused(&error))?;
            }
            Reset::Restart | Reset::FreshLearner | Reset::None => {}
        }
        for learner in &self.case.given.learners {
            if !learner.settings.is_empty() {
                self.act(scene, place, Verb::Settings, &learner.settings, Some(&learner.name)).await?;
            }
        }
        Ok(())
    }

    /// `given`, as the reset's template names it.
    fn given(&self) -> Vec<(&'static str, Value)> {
        let given = &self.case.given;
        let mut values = Vec::new();
        let money = |money: Money| serde_json::from_str(&money.to_string()).unwrap_or(Value::Null);
        values.extend(given.limit.map(|limit| ("limit", money(limit))));
        values.extend(given.used.map(|used| ("used", money(used))));
        values.extend(given.used_last_month.map(|used| ("used_last_month", money(used))));
        values.extend(given.now.map(|now| ("now", Value::from(now.to_string()))));
        values.extend(days(given.now.unwrap_or_else(|| SystemClock.now())));
        let millis = |time: Duration| Value::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        values.extend(given.provider_timeout.map(|timeout| ("provider_timeout_ms", millis(timeout))));
        if !given.unhealthy.is_empty() {
            let own = |name: &ProviderName| self.system.own_word("provider", Value::from(name.as_str()));
            values.push(("unhealthy", given.unhealthy.iter().map(own).collect()));
        }
        values
    }
}

/// Days relative to an instant, in UTC, as resets name them.
fn days(now: Timestamp) -> [(&'static str, Value); 5] {
    let today = now.to_zoned(TimeZone::UTC).date();
    let first = today.first_of_month();
    let last = first.yesterday().unwrap_or(first).first_of_month();
    let month = |day: Date| Value::from(day.strftime("%Y-%m").to_string());
    let day = |day: Date| Value::from(day.to_string());
    [
        ("today", day(today)),
        ("month", month(first)),
        ("month_start", day(first)),
        ("last_month", month(last)),
        ("last_month_start", day(last)),
    ]
}

fn run_sql(file: &Path, statements: &[Statement]) -> rusqlite::Result<()> {
    let mut connection = rusqlite::Connection::open(file)?;
    // A statement reaches this file and no other.
    connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let transaction = connection.transaction()?;
    for statement in statements {
        statement.run(&transaction)?;
    }
    transaction.commit()
}
