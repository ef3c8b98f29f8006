//! What each provider must have received.

use crate::adapter::scenario::matching::{mismatch, show};
use crate::adapter::shared::template::Variables;
use crate::model::Place;
use crate::provider::{Call, Ended, LogicalCall, logical_calls};
use crate::scenario::{CallExpectation, CallExpectations, CallField, CallProperty, System};
use serde_json::Value;

/// The calls of a trial as a failure shows them, one per line.
pub(in crate::adapter) fn describe_calls(calls: &[Call]) -> String {
    if calls.is_empty() {
        return "no provider was called\n".to_owned();
    }
    let mut text = String::from("calls:\n");
    for call in calls {
        text.push_str(&format!("  {} -> {}\n", describe(call), describe_end(call)));
    }
    text
}

/// A call in a few words.
pub(in crate::adapter) fn describe(call: &Call) -> String {
    let model = if call.model.is_empty() { String::new() } else { format!(" model {}", call.model) };
    let message = call.last_user_message();
    let message =
        if message.is_empty() { String::new() } else { format!(", message {:?}", super::matching::shorten(message)) };
    format!("{} {}{model}{message}", call.provider, call.endpoint)
}

/// How a call ended, in a few words.
fn describe_end(call: &Call) -> String {
    let status = call.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
    match call.ended {
        Ended::Completed => status,
        Ended::InFlight => format!("{status}, not ended"),
        Ended::Cut { bytes } => format!("{status}, cut after {bytes} bytes"),
        Ended::ClientGone { bytes } => format!("{status}, the client hung up after {bytes} bytes"),
        Ended::Reset { bytes } => format!("{status}, reset after {bytes} bytes"),
        Ended::Hung => "no answer, hung".to_owned(),
        Ended::Held => "no answer, held for calls that never came".to_owned(),
    }
}

/// What is wrong with the calls of a case.
pub(in crate::adapter) fn check_calls(
    expected: &CallExpectations,
    calls: &[Call],
    system: &System,
    variables: &Variables,
) -> Vec<(Place, String)> {
    let logical = logical_calls(calls);
    let first = |logical: &LogicalCall| calls.iter().find(|call| logical.attempts.first() == Some(&call.seq));
    let firsts: Vec<&Call> = logical.iter().filter_map(first).collect();
    let requests: Vec<&Call> = calls.iter().collect();
    let mut problems = Vec::new();
    for (what, expectations, counted) in
        [("calls", &expected.calls, &firsts), ("attempts", &expected.attempts, &requests)]
    {
        for expectation in expectations {
            let found = matching(expectation, counted, &requests);
            problems.extend(check_one(what, expectation, &found, calls, system, variables));
        }
    }
    if let Some((place, order)) = &expected.order {
        let found: Vec<&str> = firsts.iter().map(|call| call.provider.as_str()).collect();
        let wanted: Vec<&str> = order.iter().map(|provider| provider.as_str()).collect();
        if found != wanted {
            problems.push((place.clone(), format!("calls.order: expected {wanted:?}, was {found:?}")));
        }
    }
    problems
}

/// The requests that an expectation speaks of. An endpoint that is no model call is looked for among all requests.
fn matching<'a>(expectation: &CallExpectation, counted: &[&'a Call], requests: &[&'a Call]) -> Vec<&'a Call> {
    let provider = |call: &&&Call| expectation.provider.as_ref().is_none_or(|provider| *provider == call.provider);
    match &expectation.endpoint {
        None => counted.iter().filter(provider).filter(|call| call.asks_a_model()).copied().collect(),
        Some(name) => {
            let asks_a_model = |call: &&&Call| call.endpoint.as_str() == name && call.endpoint.is_model_call();
            let among = if requests.iter().any(|call| asks_a_model(&call)) { counted } else { requests };
            among.iter().filter(provider).filter(|call| call.endpoint.as_str() == name).copied().collect()
        }
    }
}

fn check_one(
    what: &str,
    expectation: &CallExpectation,
    found: &[&Call],
    calls: &[Call],
    system: &System,
    variables: &Variables,
) -> Vec<(Place, String)> {
    let name = expectation.provider.as_ref().map_or("any", |provider| provider.as_str());
    let name = match &expectation.endpoint {
        Some(endpoint) => format!("{what}.{name}.{endpoint}"),
        None => format!("{what}.{name}"),
    };
    let mut problems = Vec::new();
    if let Some(count) = &expectation.count
        && let Some(wanted) = mismatch(count, Some(&Value::from(found.len())), variables)
    {
        let text = format!("{name}: expected {wanted}, was {}; {}", found.len(), describe_calls(calls).trim_end());
        problems.push((expectation.place.clone(), text));
    }
    // Where nothing says how to find the language, it is not measured.
    let told = |property: &&CallProperty| property.what != CallField::Language || system.call_language.is_some();
    for property in expectation.each.iter().filter(told) {
        problems.extend(check_property(&name, property, found, system, variables));
    }
    problems
}

fn check_property(
    name: &str,
    property: &CallProperty,
    found: &[&Call],
    system: &System,
    variables: &Variables,
) -> Vec<(Place, String)> {
    let chosen = found.iter().enumerate().filter(|(index, _)| property.index.is_none_or(|wanted| wanted == *index));
    let mut problems = Vec::new();
    for (index, call) in chosen {
        let value = value(property.what, call, system);
        if let Some(wanted) = mismatch(&property.matcher, value.as_ref(), variables) {
            let text = format!(
                "{name}[{index}].{}: expected {wanted}, was {}",
                field_name(property.what),
                show(value.as_ref())
            );
            problems.push((property.place.clone(), text));
        }
    }
    problems
}

fn field_name(field: CallField) -> &'static str {
    match field {
        CallField::Model => "model",
        CallField::Language => "language",
        CallField::Message => "message",
        CallField::Text => "text",
        CallField::Stream => "stream",
    }
}

fn value(field: CallField, call: &Call, system: &System) -> Option<Value> {
    match field {
        CallField::Model => Some(Value::from(call.model.as_str())),
        CallField::Language => {
            let text = call.all_text();
            let found = system.call_language.as_ref()?.captures(&text)?;
            Some(Value::from(found.get(1)?.as_str()))
        }
        CallField::Message => match &system.call_message {
            Some(regex) => {
                let text = call.all_text();
                Some(Value::from(regex.captures(&text)?.get(1)?.as_str()))
            }
            None => Some(Value::from(call.last_user_message())),
        },
        CallField::Text => Some(Value::from(call.all_text())),
        CallField::Stream => Some(Value::from(call.stream)),
    }
}
