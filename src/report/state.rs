//! The state that decides how a case ends: who leaves it, who reads it, and how to keep it from happening.

use crate::event::StateCause;
use crate::model::{CaseIndex, MarkKind, StateMark, StatePart};
use crate::report::role::Role;
use crate::report::text::visible;
use crate::report::view::View;
use std::collections::BTreeSet;

/// A part of the state that decides, in words.
#[derive(Debug, Clone)]
pub(super) struct StateStory {
    /// Who leaves what, and who reads it where; without a full stop.
    pub(super) leaves: String,
    /// What putting it back came to: `putting it back was tried: test_label passes`.
    pub(super) tried: String,
    /// What to change, in the names of the suite; without a full stop.
    pub(super) fix: String,
}

/// Puts the causes of a case's diagnosis into words.
pub(super) fn stories(view: &View<'_>, case: CaseIndex, role: Option<Role>) -> Vec<StateStory> {
    let Some(diagnosis) = view.record.diagnoses.get(&case) else { return Vec::new() };
    // Sequences that are each other in another order leave the same: once is enough.
    let mut seen = BTreeSet::new();
    let causes: Vec<&StateCause> =
        diagnosis.causes.iter().filter(|cause| seen.insert((cause.case, cause.mark.name.as_str()))).collect();
    let is_read_next = |at: usize| causes.get(at + 1).is_some_and(|next| next.mark.read_at == causes[at].mark.read_at);
    let told = causes.iter().enumerate();
    told.map(|(at, cause)| story(view, case, cause, role, !is_read_next(at))).collect()
}

/// `tells_reader`: whether it says where the part is read, which several parts in a row need only once.
fn story(view: &View<'_>, case: CaseIndex, cause: &StateCause, role: Option<Role>, tells_reader: bool) -> StateStory {
    let name =
        |case: CaseIndex| view.info(case).map_or_else(String::new, |info| visible(&info.title).trim().to_owned());
    let (writer, reader, mark) = (name(cause.case), name(case), &cause.mark);
    let is_needed = role == Some(Role::Brittle);
    let mut sentence = match is_needed {
        true => format!("{reader} needs what {writer} leaves: {mark}"),
        false => format!("{writer} leaves {mark}"),
    };
    if let Some(place) = mark.read_at.as_ref().filter(|_| tells_reader) {
        let who = if is_needed { "it" } else { &reader };
        sentence.push_str(&format!("; {who} reads it at {place}"));
    }
    let leaves = visible(&sentence).into_owned();
    let tried = match role {
        _ if mark.decides != Some(true) && mark.only_seen => {
            "nothing but its own module can put it back, so that was not tried".to_owned()
        }
        _ if mark.decides != Some(true) && mark.kind == MarkKind::LoopBound => {
            "the failure speaks of a loop, and nothing could be put back to try it".to_owned()
        }
        _ if mark.kind == MarkKind::LoopBound => format!("running without {} was tried: {reader} passes", mark.name),
        Some(Role::Brittle) => format!("taking it away was tried: {reader} fails"),
        Some(Role::Victim | Role::Unknown) | None => format!("putting it back was tried: {reader} passes"),
    };
    let fix = match role {
        _ if mark.kind == MarkKind::LoopBound => fix(&writer, mark),
        Some(Role::Brittle) => format!("let {reader} set {} itself, in a fixture that puts it back", mark.name),
        Some(Role::Victim | Role::Unknown) | None => fix(&writer, mark),
    };
    StateStory { leaves, tried: visible(&tried).into_owned(), fix: visible(&fix).into_owned() }
}

/// How the case that leaves it can put it back.
fn fix(writer: &str, mark: &StateMark) -> String {
    if let Some(remedy) = &mark.remedy {
        return remedy.clone();
    }
    let (name, part) = (&mark.name, mark.part());
    let call = match mark.kind {
        MarkKind::LoopBound => return of_a_loop(writer, name, part),
        MarkKind::Variable => match part {
            StatePart::Fixture { fixture, part } => {
                return format!("give fixture {fixture} the scope of one test, or let {writer} put {part} back");
            }
            StatePart::Parameter => {
                return format!("let {writer} pass a copy of {name}: each of its runs is called with the same object");
            }
            StatePart::Default { function, parameter } => {
                return format!("let {function} make {parameter} anew in each call, with None as its default");
            }
            part => of_a_variable(mark, part),
        },
        MarkKind::Environment => match (part, &mark.after) {
            (StatePart::Item { key, .. }, Some(value)) => Some(format!("monkeypatch.setenv({key}, {value})")),
            (StatePart::Item { key, .. }, None) => Some(format!("monkeypatch.delenv({key})")),
            _ => None,
        },
        MarkKind::Directory => Some(format!("monkeypatch.chdir({})", mark.after.as_deref().unwrap_or("…"))),
        MarkKind::Path => Some("monkeypatch.syspath_prepend(…)".to_owned()),
        MarkKind::Module => match &mark.after {
            Some(_) => Some(format!("monkeypatch.setitem(sys.modules, \"{name}\", …)")),
            None => Some(format!("monkeypatch.delitem(sys.modules, \"{name}\")")),
        },
        MarkKind::Logging => match part {
            StatePart::LoggingDisable => {
                let before = mark.before.as_deref().unwrap_or("logging.NOTSET");
                return format!("let {writer} call logging.disable({before}) in its teardown");
            }
            StatePart::Attribute { attribute: "disabled", .. } => {
                return format!(
                    "{writer} configures logging for the whole process: pass \"disable_existing_loggers\": False, or \
                     restore {name} in a fixture"
                );
            }
            _ => None,
        },
        MarkKind::File => return format!("let {writer} write below tmp_path, or remove {name} at its end"),
        MarkKind::Patch => {
            return format!(
                "let {writer} patch {name} in a `with` block, or stop the patch: self.addCleanup(patcher.stop)"
            );
        }
        MarkKind::Context => match part {
            StatePart::ContextVariable { variable } => {
                return format!("let {writer} keep the token of set() and reset {variable} with it");
            }
            _ => Some("decimal.localcontext() in a `with` block".to_owned()),
        },
        MarkKind::Cache => match part {
            StatePart::Cache { function } => {
                return format!("call {function}.cache_clear() in a fixture after {writer}");
            }
            _ => None,
        },
        MarkKind::Load
        | MarkKind::Warnings
        | MarkKind::Locale
        | MarkKind::TimeZone
        | MarkKind::Random
        | MarkKind::EventLoop
        | MarkKind::Process
        | MarkKind::Thread
        | MarkKind::Other => None,
    };
    match call {
        Some(call) => format!("let {writer} use {call}, which is undone at its end"),
        None => format!("restore {name} in a fixture around {writer}"),
    }
}

/// Of what is bound to a loop that is closed.
fn of_a_loop(writer: &str, name: &str, part: StatePart<'_>) -> String {
    match part {
        StatePart::Cache { function } => format!(
            "call {function}.cache_clear() in a fixture after {writer}, or cache nothing that belongs to an event loop"
        ),
        StatePart::Fixture { fixture, .. } => format!(
            "give fixture {fixture} the scope of one test, or run all its tests on one event loop: loop_scope=\"session\" \
             with pytest-asyncio"
        ),
        _ => format!(
            "make {name} anew for each event loop, close it at the end of {writer}, or run all its users on one event \
             loop: loop_scope=\"session\" with pytest-asyncio"
        ),
    }
}

/// `monkeypatch.setitem(shop.CONFIG, "currency", "EUR")`, `monkeypatch.setattr(shop, "RATE", 2)`: for a part that holds a
/// value, and none whose own content changed.
fn of_a_variable(mark: &StateMark, part: StatePart<'_>) -> Option<String> {
    let is_plain = |value: &str| {
        value.starts_with('"')
            || value.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            || matches!(value, "None" | "True" | "False")
    };
    let value = mark.after.as_deref().filter(|value| is_plain(value)).unwrap_or("…");
    let is_content = [&mark.before, &mark.after].into_iter().flatten().any(|value| value.starts_with(['[', '{']));
    match (part, &mark.after) {
        (StatePart::Item { owner, key }, Some(_)) => Some(format!("monkeypatch.setitem({owner}, {key}, {value})")),
        (StatePart::Item { owner, key }, None) => Some(format!("monkeypatch.delitem({owner}, {key})")),
        (StatePart::Attribute { .. }, _) if is_content => None,
        (StatePart::Attribute { owner, attribute }, Some(_)) => {
            Some(format!("monkeypatch.setattr({owner}, \"{attribute}\", {value})"))
        }
        (StatePart::Attribute { owner, attribute }, None) => {
            Some(format!("monkeypatch.delattr({owner}, \"{attribute}\")"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: MarkKind, name: &str, after: Option<&str>, expected: &str) {
        let mark = StateMark::new(kind, name, Some("1".into()), after.map(str::to_owned));
        assert_eq!(fix("test_a", &mark), expected);
    }

    #[test]
    fn a_fix_has_the_names_of_the_suite() {
        use MarkKind::{Environment, Logging, Variable};
        let undone = "which is undone at its end";
        check(
            Variable,
            "shop.CONFIG[\"currency\"]",
            Some("\"EUR\""),
            &format!("let test_a use monkeypatch.setitem(shop.CONFIG, \"currency\", \"EUR\"), {undone}"),
        );
        check(
            Variable,
            "shop.RATE",
            Some("2"),
            &format!("let test_a use monkeypatch.setattr(shop, \"RATE\", 2), {undone}"),
        );
        check(Variable, "shop.RATE", None, &format!("let test_a use monkeypatch.delattr(shop, \"RATE\"), {undone}"));
        check(Variable, "shop.ORDERS", Some("[5]"), "restore shop.ORDERS in a fixture around test_a");
        check(
            Variable,
            "fixture basket.items",
            Some("[5]"),
            "give fixture basket the scope of one test, or let test_a put basket.items back",
        );
        check(
            Variable,
            "cart.add.__defaults__[0] (default of basket)",
            Some("[5]"),
            "let cart.add make basket anew in each call, with None as its default",
        );
        check(
            Variable,
            "parameter items",
            Some("[5]"),
            "let test_a pass a copy of parameter items: each of its runs is called with the same object",
        );
        check(
            MarkKind::LoopBound,
            "auth.token (its cache)",
            Some("Future"),
            "call auth.token.cache_clear() in a fixture after test_a, or cache nothing that belongs to an event loop",
        );
        check(
            Environment,
            "os.environ[\"RATE\"]",
            Some("\"2\""),
            &format!("let test_a use monkeypatch.setenv(\"RATE\", \"2\"), {undone}"),
        );
        check(
            Logging,
            "logging.root.manager.disable",
            Some("50"),
            "let test_a call logging.disable(1) in its teardown",
        );
        check(
            MarkKind::Context,
            "decimal.getcontext()",
            None,
            &format!("let test_a use decimal.localcontext() in a `with` block, {undone}"),
        );
    }
}
