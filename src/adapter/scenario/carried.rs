//! What a request has no room for.
//!
//! Not every system can be asked for every text. A path that joins two arguments into one word
//! (`${language}${"-"+provider?}`) has no room for a second argument with a hyphen or a capital letter: the system would
//! read another language, or another provider. A segment of a path has no room for a slash, and none for nothing at all.
//! A case that asks for such a text can't be played, which is no fault of the system. `carries` in a system file says it
//! better where the file's author knows better.

use crate::adapter::shared::template::{Piece, names_in, path_alone, pieces, plain};
use crate::scenario::{Action, Binding, Matcher, Part, Step, Subject, System};
use serde_json::Value;

/// What ends a word in a path, a query or a sentence.
const BOUNDARIES: &[char] = &['/', '?', '&', '=', ' ', '\t', '\n'];

/// The arguments of a step that its request, this binding, can't carry, each with the reason.
pub(in crate::adapter) fn not_carried(step: &Step, binding: &Binding, system: &System) -> Vec<String> {
    let Action::Verb(verb, arguments) = &step.action else { return Vec::new() };
    let reasons = arguments.iter().filter_map(|(name, value)| {
        let why = no_room(name, value, binding, system).or_else(|| known_after_all(step, name, value, system))?;
        Some(format!("{verb}.{name} {value} ({why})"))
    });
    reasons.collect()
}

/// Why a request has no room for a value.
fn no_room(name: &str, value: &Value, binding: &Binding, system: &System) -> Option<String> {
    let text = plain(value);
    // What an earlier step captures is known only when the case runs.
    if text.contains("${") {
        return None;
    }
    if let (Some(names), true) = (system.names.get(name), value.is_string()) {
        if names.values().any(|meaning| *meaning == text) {
            return None;
        }
        if let Some(meaning) = names.get(&text) {
            return Some(format!("the system's own word for {meaning}"));
        }
    }
    if let Some(form) = system.carries.get(name) {
        return (!form.whole.is_match(&text)).then(|| format!("the request carries {} only", form.text));
    }
    let is_odd = text.is_empty() || text.contains('/') || matches!(text.as_str(), "." | "..");
    if is_odd && names_in(path_alone(&binding.path)).any(|named| named == name) {
        return Some("a path has no room for it".to_owned());
    }
    let mut texts = vec![binding.path.as_str()];
    let parts = binding.body.iter().chain(binding.form.iter().flat_map(|form| form.values()));
    parts.for_each(|part| texts_of(part, &mut texts));
    let word = texts.into_iter().find_map(|template| word_behind_another(template, name))?;
    let is_plain = |character: char| {
        matches!(character, 'a'..='z' | '0'..='9' | '_' | '.' | '-') && !word.joint.contains(character)
    };
    let fits = value.is_string() && !text.is_empty() && text.chars().all(is_plain);
    let first = word.names.first()?;
    (!fits).then(|| format!("the request joins it with {first}"))
}

/// A provider that the case expects to be refused as unknown, and that the system has.
fn known_after_all(step: &Step, name: &str, value: &Value, system: &System) -> Option<String> {
    let refused = step.expect.iter().any(|expectation| {
        let is_error = matches!(&expectation.subject, Subject::Field(field) if field == "error");
        is_error && matches!(&expectation.matcher, Matcher::Equals(Value::String(error)) if error == "unknown_provider")
    });
    let text = value.as_str().filter(|_| refused)?;
    let named = match name {
        "provider" => text,
        "language" => text.rsplit('-').next()?,
        _ => return None,
    };
    let has_it = system.providers.iter().any(|provider| provider.name.as_str() == named);
    has_it.then(|| "the system has this provider".to_owned())
}

/// Arguments that stand together with nothing between them that ends a word.
#[derive(Default)]
struct Word<'t> {
    /// The arguments, in order.
    names: Vec<&'t str>,
    /// The texts around and between them.
    joint: String,
}

/// The word in which a template joins an argument with others that come before it.
fn word_behind_another<'t>(template: &'t str, name: &str) -> Option<Word<'t>> {
    let mut words = vec![Word::default()];
    let mut read = |text: &str, name: Option<&'t str>| {
        for (index, part) in text.split(BOUNDARIES).enumerate() {
            if index > 0 {
                words.push(Word::default());
            }
            if let Some(word) = words.last_mut() {
                word.joint.push_str(part);
            }
        }
        if let Some(word) = words.last_mut() {
            word.names.extend(name);
        }
    };
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => read(text, None),
            Piece::Name { name, .. } => read("", Some(name)),
            Piece::Part(Part { before, name, after, .. }) => {
                read(before, Some(name));
                read(after, None);
            }
        }
    }
    words.into_iter().find(|word| word.names.iter().skip(1).any(|joined| *joined == name))
}

/// The texts of a body or form.
fn texts_of<'b>(value: &'b Value, texts: &mut Vec<&'b str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts_of(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| texts_of(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_system;

    /// What a system with this `chat` can't carry of an argument.
    fn check(request: &str, more: &str, name: &str, value: &str, expected: Option<&str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let verbs = format!("verbs:\n  chat: {{ {request}, auth: none }}");
        let text = format!("system: s\nurl: http://127.0.0.1:1\n{verbs}\n{more}\n");
        std::fs::write(folder.path().join("s.yaml"), &text).expect("a file");
        let system = load_system("s.yaml", folder.path()).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        let binding = system.verbs.values().next().expect("a verb");
        let why = no_room(name, &Value::from(value), binding, &system);
        assert_eq!(why.as_deref(), expected, "{name} {value:?} in {request}");
    }

    const JOINED: &str = r#"post: '/lessons/${language}${"-"+provider?}?goal=${use_case?}'"#;
    const IN_BODY: &str =
        r#"post: /l, body: { tag: '${language}${"-"+provider?}', said: 'in ${language} ${message}' }"#;
    const APART: &str = "post: '/l/${language}', body: { by: '${provider?}' }";
    const WITH_LANGUAGE: Option<&str> = Some("the request joins it with language");
    const NO_PATH: Option<&str> = Some("a path has no room for it");

    #[test]
    fn a_joined_argument_is_a_word_without_the_joint() {
        for request in [JOINED, IN_BODY] {
            check(request, "", "provider", "claude", None);
            check(request, "", "provider", "gpt_4.1", None);
            for odd in ["Claude", "claude ", "fr-claude", "${x}é"] {
                check(request, "", "provider", odd, if odd.contains("${") { None } else { WITH_LANGUAGE });
            }
            check(request, "", "language", "zh-CN", None);
        }
        check(IN_BODY, "", "provider", "", WITH_LANGUAGE);
        check(JOINED, "", "provider", "", NO_PATH);
        check(IN_BODY, "", "message", "Any Text - at all", None);
        check(APART, "", "provider", "Claude ", None);
    }

    #[test]
    fn a_path_has_room_for_one_segment() {
        for odd in ["", "en/fr", ".."] {
            check(APART, "", "language", odd, NO_PATH);
            check(APART, "carries: { language: '.*' }", "language", odd, None);
        }
        check("get: '/l?tongue=${language?}'", "", "language", "", None);
    }

    #[test]
    fn the_file_can_say_what_is_carried() {
        let only = Some("the request carries [A-Za-z]+ only");
        check(JOINED, "carries: { provider: '[A-Za-z]+' }", "provider", "Claude", None);
        check(JOINED, "carries: { provider: '[A-Za-z]+' }", "provider", "gpt-4", only);
        check(
            APART,
            "carries: { provider: '[A-Za-z]+' }",
            "provider",
            "x claude x",
            Some("the request carries [A-Za-z]+ only"),
        );
    }

    #[test]
    fn the_systems_own_words_are_no_unknown_names() {
        let names = "names: { provider: { home: ollama, Big-One: claude } }";
        check(JOINED, names, "provider", "home", Some("the system's own word for ollama"));
        check(JOINED, names, "provider", "claude", None);
        check(APART, names, "provider", "gpt", None);
    }
}
