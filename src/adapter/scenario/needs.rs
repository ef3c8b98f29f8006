//! What a case needs of a system, and what of its expectations the system does not tell.
//!
//! A case that uses what a system file does not bind can't be played: it is skipped, and told which binding is missing.
//! An expectation on a field that is not bound can't be judged: it is left out, and noted as not measured. Neither is
//! ever a failure of the system.

use crate::adapter::scenario::carried::not_carried;
use crate::adapter::shared::template::names_in;
use crate::model::Money;
use crate::provider::{ProviderScript, Wire};
use crate::scenario::{
    Action, BUILT_IN, Binding, CallField, Case, Reset, Step, Subject, System, SystemKind, Verb, load_system,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The fields of `chat` and `transcribe` that can be read off the wire: which mock gave the text, and when.
const ON_THE_WIRE: [&str; 3] = ["provider", "model", "cached"];

/// The fields of audio that are read from its samples.
const OF_AUDIO: [&str; 2] = ["sample_rate", "pieces"];

/// What a case uses and the system file does not bind, each thing once: `chat.use_case`, `reset.used`, `provider mistral`.
pub(in crate::adapter) fn missing(case: &Case, system: &System) -> Vec<String> {
    let mut missing: BTreeSet<String> =
        case.needs.iter().filter(|need| !system.can.contains(need)).map(|need| need.as_str().to_owned()).collect();
    missing.extend(missing_of_reset(case, system));
    for learner in &case.given.learners {
        missing.extend(missing_of_verb(Verb::Settings, &learner.settings, system, !learner.settings.is_empty()));
    }
    missing.extend(missing_providers(case, system));
    let rules = case.script.providers.values().chain(&case.script.any);
    let by_message = rules.into_iter().any(|script| match script {
        ProviderScript::Rules(rules) => rules.iter().any(|(when, _)| when.message.is_some()),
        ProviderScript::Always(_) | ProviderScript::Sequence(_) | ProviderScript::Replay(_) => false,
    });
    if by_message && system.call_message.is_some() {
        missing.insert("when.message (the learner's message is not the request's last)".to_owned());
    }
    each_step(&case.steps, &mut |step| {
        if let Action::Verb(verb, arguments) = &step.action {
            missing.extend(missing_of_verb(*verb, arguments, system, true));
            if let Some(binding) = binding_of(*verb, arguments, system) {
                missing.extend(not_carried(step, binding, system));
            }
        }
        for capture in &step.capture {
            if !tells(system, step, &capture.from) {
                missing.insert(described(step, &capture.from));
            }
        }
    });
    missing.into_iter().collect()
}

/// The expectations of a case that the system does not tell, each once: `chat.cost`.
pub(in crate::adapter) fn untold(case: &Case, system: &System) -> Vec<String> {
    let mut untold = BTreeSet::new();
    each_step(&case.steps, &mut |step| {
        for expectation in step.expect.iter().filter(|expectation| !tells(system, step, &expectation.subject)) {
            untold.insert(described(step, &expectation.subject));
        }
    });
    let calls = &case.calls;
    let of_language = calls.calls.iter().chain(&calls.attempts).flat_map(|expectation| &expectation.each);
    if system.call_language.is_none() && of_language.clone().any(|property| property.what == CallField::Language) {
        untold.insert("call_language".to_owned());
    }
    untold.into_iter().collect()
}

/// Whether the system tells nothing of what the case expects.
pub(in crate::adapter) fn tells_nothing(case: &Case, system: &System) -> bool {
    let (mut all, mut told) = (0, 0);
    each_step(&case.steps, &mut |step| {
        all += step.expect.len();
        told += step.expect.iter().filter(|expectation| tells(system, step, &expectation.subject)).count();
    });
    let calls = &case.calls;
    all > 0 && told == 0 && calls.calls.is_empty() && calls.attempts.is_empty() && calls.order.is_none()
}

/// Whether the system tells what a subject of this step's answer is.
pub(in crate::adapter) fn tells(system: &System, step: &Step, subject: &Subject) -> bool {
    let field = match subject {
        Subject::Tally(inner) => return tells(system, step, inner),
        Subject::Field(field) => field,
        _ => return true,
    };
    match &step.action {
        Action::Verb(verb, arguments) => tells_field(system, *verb, arguments, field),
        Action::Concurrently(lanes) => {
            lanes.iter().filter_map(|lane| lane.last()).all(|last| tells(system, last, subject))
        }
        Action::Http(_) | Action::Restart | Action::Eventually { .. } | Action::Look => true,
    }
}

fn tells_field(system: &System, verb: Verb, arguments: &BTreeMap<String, Value>, field: &str) -> bool {
    let Some(binding) = binding_of(verb, arguments, system) else { return true };
    let has_mocks = !matches!(system.kind, SystemKind::Url(_));
    let has_text = says_text(binding);
    if has_mocks && has_text && matches!(verb, Verb::Chat | Verb::Transcribe) && ON_THE_WIRE.contains(&field) {
        return true;
    }
    let head = field.split('.').next().unwrap_or(field);
    if system.untrusted.contains(field) || system.untrusted.contains(head) {
        return false;
    }
    let is_bound = |field: &str| binding.answer.contains_key(field) || binding.answer_headers.contains_key(field);
    is_bound(field) || is_bound(head) || verb == Verb::Synthesize && OF_AUDIO.contains(&field)
}

/// Whether a binding says where the text of an answer is.
pub(in crate::adapter) fn says_text(binding: &Binding) -> bool {
    binding.answer.contains_key("text") || binding.stream.is_some()
}

/// The request that carries a verb out.
pub(in crate::adapter) fn binding_of<'s>(
    verb: Verb,
    arguments: &BTreeMap<String, Value>,
    system: &'s System,
) -> Option<&'s Binding> {
    match verb {
        Verb::Settings if arguments.keys().any(|name| name != "token") => system.change_settings.as_ref(),
        _ => system.verbs.get(&verb),
    }
}

fn missing_of_verb(verb: Verb, arguments: &BTreeMap<String, Value>, system: &System, is_used: bool) -> Vec<String> {
    if !is_used {
        return Vec::new();
    }
    let Some(binding) = binding_of(verb, arguments, system) else {
        return vec![verb.to_string()];
    };
    let names = names_of(binding);
    let is_missing = |name: &str| match name {
        "token" | "hang_up" => false,
        "hang_up_after" => binding.stream.is_none(),
        "stream" => binding.stream.is_none() || !names.contains(name),
        _ => !names.contains(name),
    };
    // What is not wished for need not be said.
    let is_default = |value: &Value| verb != Verb::Settings && *value == Value::Bool(false);
    let used = arguments.iter().filter(|(_, value)| !is_default(value)).map(|(name, _)| name);
    used.filter(|name| is_missing(name)).map(|name| format!("{verb}.{name}")).collect()
}

/// What the case gives and the reset can't be told.
fn missing_of_reset(case: &Case, system: &System) -> Vec<String> {
    let given = &case.given;
    let is_given = |money: Option<Money>| money.is_some();
    let wanted = [
        ("limit", is_given(given.limit)),
        ("used", is_given(given.used)),
        ("used_last_month", is_given(given.used_last_month)),
        ("now", given.now.is_some()),
        ("provider_timeout_ms", given.provider_timeout.is_some()),
        ("unhealthy", !given.unhealthy.is_empty()),
    ];
    let names = match &system.reset {
        Reset::Http(binding) => names_of(binding),
        Reset::Sql { statements, .. } => statements.iter().flat_map(|text| names_in(text)).map(str::to_owned).collect(),
        Reset::Restart | Reset::FreshLearner | Reset::None => BTreeSet::new(),
    };
    let missing = wanted.into_iter().filter(|(name, is_wanted)| *is_wanted && !names.contains(*name));
    missing.map(|(name, _)| format!("reset.{name}")).collect()
}

/// The providers that the case is about and the system has not.
fn missing_providers(case: &Case, system: &System) -> Vec<String> {
    let has = |name: &str| system.providers.iter().any(|provider| provider.name.as_str() == name);
    let mut named: BTreeSet<&str> = case.script.providers.keys().map(|name| name.as_str()).collect();
    named.extend(case.script.down.iter().chain(&case.given.unhealthy).map(|name| name.as_str()));
    let mut missing: Vec<String> =
        named.into_iter().filter(|name| !has(name)).map(|name| format!("provider {name}")).collect();
    let has_one = |installs: fn(Wire) -> bool| system.providers.iter().any(|provider| installs(provider.wire));
    let models = (!case.script.models.is_empty(), Wire::installs_models as fn(Wire) -> bool, "local models");
    let voices = (!case.script.voices.is_empty(), Wire::installs_voices as fn(Wire) -> bool, "local voices");
    for (is_given, installs, what) in [models, voices] {
        if is_given && !has_one(installs) {
            missing.push(format!("a provider with {what}"));
        }
    }
    missing
}

/// The names that a request can be told.
fn names_of(binding: &Binding) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = names_in(&binding.path).map(str::to_owned).collect();
    names.extend(binding.headers.values().flat_map(|text| names_in(text)).map(str::to_owned));
    binding
        .body
        .iter()
        .chain(binding.form.iter().flat_map(BTreeMap::values))
        .for_each(|value| leaves(value, &mut names));
    names
}

fn leaves(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(names_in(text).map(str::to_owned)),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, names)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn each_step(steps: &[Step], look: &mut impl FnMut(&Step)) {
    for step in steps {
        look(step);
        match &step.action {
            Action::Concurrently(lanes) => lanes.iter().for_each(|lane| each_step(lane, look)),
            Action::Eventually { steps, .. } => each_step(steps, look),
            Action::Verb(..) | Action::Http(_) | Action::Restart | Action::Look => {}
        }
    }
}

fn described(step: &Step, subject: &Subject) -> String {
    let field = match subject {
        Subject::Field(field) => field.as_str(),
        Subject::Tally(inner) => return described(step, inner),
        _ => "",
    };
    match &step.action {
        Action::Verb(verb, _) => format!("{verb}.{field}"),
        Action::Concurrently(lanes) => {
            let last = lanes.iter().filter_map(|lane| lane.last()).next();
            last.map_or_else(|| field.to_owned(), |last| described(last, subject))
        }
        Action::Http(_) | Action::Restart | Action::Eventually { .. } | Action::Look => field.to_owned(),
    }
}

/// The providers of a system, and those that shipped scenarios speak of: a scenario about one that the system has not is
/// skipped on it, and no mistake.
pub(in crate::adapter) fn known_providers(system: &System) -> Vec<crate::provider::ProviderDecl> {
    let mut known = system.providers.clone();
    let shipped = load_system(BUILT_IN[0].0, Path::new(".")).map(|system| system.providers).unwrap_or_default();
    let is_new = |name: &crate::provider::ProviderName| !system.providers.iter().any(|provider| provider.name == *name);
    known.extend(shipped.into_iter().filter(|provider| is_new(&provider.name)));
    known
}
