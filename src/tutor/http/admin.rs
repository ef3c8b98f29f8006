//! What the administrator can do.

use super::super::provider::Provider;
use super::super::state::{Fresh, State as Tutor};
use super::super::usd::Usd;
use super::fields::Fields;
use super::identity::Administrator;
use super::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// `POST /admin/reset {limit?, used?, used_last_month?, now?, provider_timeout_ms?, unhealthy?}`
pub(super) async fn reset(
    State(tutor): State<Arc<Tutor>>,
    _: Administrator,
    mut fields: Fields,
) -> Result<StatusCode, Problem> {
    let fresh = Fresh {
        limit: money(&mut fields, "limit")?,
        used: money(&mut fields, "used")?,
        used_last_month: money(&mut fields, "used_last_month")?,
        now: instant(&mut fields, "now")?,
        provider_timeout: timeout(&mut fields, "provider_timeout_ms")?,
        unhealthy: cloud_providers(&mut fields, "unhealthy")?,
    };
    fields.finish()?;
    tutor.reset(&fresh)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /admin/budget {limit?, used?}`
pub(super) async fn budget(
    State(tutor): State<Arc<Tutor>>,
    _: Administrator,
    mut fields: Fields,
) -> Result<StatusCode, Problem> {
    let limit = money(&mut fields, "limit")?;
    let used = money(&mut fields, "used")?;
    fields.finish()?;
    if let Some(limit) = limit {
        tutor.store.set_limit(limit)?;
    }
    if let Some(used) = used {
        tutor.store.set_used(tutor.month(tutor.now()), used)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /admin/clock {now}` or `{advance_ms}`; `now: null` gives it back to real time.
pub(super) async fn clock(
    State(tutor): State<Arc<Tutor>>,
    _: Administrator,
    mut fields: Fields,
) -> Result<StatusCode, Problem> {
    let is_given = fields.has("now");
    let now = instant(&mut fields, "now")?;
    let advance = fields.optional("advance_ms", Value::as_i64, "a whole number of milliseconds")?;
    fields.finish()?;
    match (is_given, advance) {
        (true, None) => tutor.clock.set(now),
        (false, Some(milliseconds)) => {
            let then = tutor.now().checked_add(SignedDuration::from_millis(milliseconds));
            let out_of_range = |_| Problem::invalid_field("advance_ms", "`advance_ms` leaves the calendar");
            tutor.clock.set(Some(then.map_err(out_of_range)?));
        }
        _ => return Err(Problem::invalid_field("now", "either `now` or `advance_ms` must be given")),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /admin/provider-timeout {ms}`; `ms: null` is the default again.
pub(super) async fn provider_timeout(
    State(tutor): State<Arc<Tutor>>,
    _: Administrator,
    mut fields: Fields,
) -> Result<StatusCode, Problem> {
    let timeout = timeout(&mut fields, "ms")?;
    fields.finish()?;
    tutor.set_provider_timeout(timeout);
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /admin/health {claude: false, …}`: marks a cloud provider as after a failed call, or removes its mark.
pub(super) async fn health(
    State(tutor): State<Arc<Tutor>>,
    _: Administrator,
    mut fields: Fields,
) -> Result<StatusCode, Problem> {
    let mut marks = Vec::new();
    for provider in Provider::CLOUD {
        let is_healthy = fields.optional(provider.name(), Value::as_bool, "true or false")?;
        marks.extend(is_healthy.map(|is_healthy| (provider, is_healthy)));
    }
    fields.finish()?;
    for (provider, is_healthy) in marks {
        if is_healthy {
            tutor.health.recovered(provider);
        } else {
            tutor.health.failed(provider, tutor.now(), tutor.generations.current());
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// An amount that is not negative, as a number or as decimal text.
fn money(fields: &mut Fields, name: &str) -> Result<Option<Usd>, Problem> {
    let read = |value: &Value| {
        let amount = match value {
            Value::String(text) => Usd::parse(text).ok(),
            value => value.as_f64().and_then(|number| Usd::from_json_number(number).ok()),
        };
        amount.filter(|amount| *amount >= Usd::ZERO)
    };
    fields.optional(name, read, "an amount of at least 0 with at most nine places")
}

fn instant(fields: &mut Fields, name: &str) -> Result<Option<Timestamp>, Problem> {
    fields.optional(name, |value| value.as_str()?.parse().ok(), "an instant such as `2026-11-30T23:59:59Z`")
}

fn timeout(fields: &mut Fields, name: &str) -> Result<Option<Duration>, Problem> {
    let read = |value: &Value| value.as_u64().filter(|ms| *ms > 0).map(Duration::from_millis);
    fields.optional(name, read, "a positive whole number of milliseconds")
}

fn cloud_providers(fields: &mut Fields, name: &str) -> Result<Vec<Provider>, Problem> {
    let cloud = |value: &Value| {
        let provider = Provider::parse(value.as_str()?).ok()?;
        Provider::CLOUD.contains(&provider).then_some(provider)
    };
    let read = |value: &Value| value.as_array()?.iter().map(cloud).collect::<Option<Vec<_>>>();
    Ok(fields.optional(name, read, "a list of cloud providers")?.unwrap_or_default())
}
