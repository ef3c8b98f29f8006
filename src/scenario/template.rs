//! `${name}` in texts.
//!
//! `${name}` stands for a value, `$${` for the two characters `${`. A template that is one `${name}` and nothing else
//! stands for the value itself, with its type. In system files `${"-"+name?}` is a part of a text that is left out,
//! its own text with it, where the name has no value. The names of a case's cell are filled in when the file is loaded;
//! what an earlier step captured, `${trial}` and `${env.NAME}` when the case runs.

use std::collections::BTreeSet;
use std::fmt::Write;

/// The name of the text that is unique to the trial.
pub const TRIAL: &str = "trial";

/// What the names of secrets from the environment begin with.
pub const ENV: &str = "env.";

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment<'t> {
    /// Text as it stands.
    Text(&'t str),
    /// `$${`: the two characters `${`.
    Escape,
    /// A name to be filled in.
    Name {
        /// The name, without a `?` after it.
        name: &'t str,
        /// Whether a `?` says that it may be missing (system files only).
        optional: bool,
    },
    /// A name with texts of its own, `${"-"+name?+"."}` (system files only): all of it is left out without a value.
    Part(Part<'t>),
}

/// A name with texts that are there only if it has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'t> {
    /// The text before it.
    pub before: &'t str,
    /// The name of the variable.
    pub name: &'t str,
    /// Whether it may be missing; without a `?` a missing name is an error.
    pub optional: bool,
    /// The text behind it.
    pub after: &'t str,
}

impl<'t> Part<'t> {
    /// Reads what stands between the braces: `"before"+name?+"after"`, with at least one of the two texts.
    pub fn read(inner: &'t str) -> Option<Self> {
        let (before, rest) = match inner.strip_prefix('"') {
            Some(rest) => rest.split_once("\"+")?,
            None => ("", inner),
        };
        let (name, after) = match rest.split_once("+\"") {
            Some((name, after)) => (name, after.strip_suffix('"')?),
            None => (rest, ""),
        };
        let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
        let has_text = !before.is_empty() || !after.is_empty();
        (has_text && is_name(name)).then_some(Self { before, name, optional, after })
    }
}

/// Where the brace is that ends a name: not inside quotes.
pub fn closing_brace(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (character == '}' && !quoted).then_some(at)
    })
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `${` without its `}`.
    #[error("`${{` has no `}}`")]
    Open,
    /// What stands between the braces is no name.
    #[error("`{0}` is not a name")]
    NoName(String),
    /// Nothing is known by that name.
    #[error("nothing is known by the name `{0}`")]
    Unknown(String),
}

/// The pieces of a template, in order.
///
/// # Errors
/// [`TemplateError::Open`] or [`TemplateError::NoName`].
pub fn segments(text: &str) -> Result<Vec<Segment<'_>>, TemplateError> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let escaped = rest[..at].ends_with('$');
        let before = &rest[..if escaped { at - 1 } else { at }];
        if !before.is_empty() {
            segments.push(Segment::Text(before));
        }
        rest = &rest[at + 2..];
        if escaped {
            segments.push(Segment::Escape);
            continue;
        }
        let is_part = rest.starts_with('"') || rest.split('}').next().is_some_and(|name| name.contains("+\""));
        if let Some((end, part)) =
            is_part.then(|| closing_brace(rest)).flatten().and_then(|end| Some((end, Part::read(&rest[..end])?)))
        {
            segments.push(Segment::Part(part));
            rest = &rest[end + 1..];
            continue;
        }
        let end = rest.find('}').ok_or(TemplateError::Open)?;
        let (name, optional) = match rest[..end].strip_suffix('?') {
            Some(name) => (name, true),
            None => (&rest[..end], false),
        };
        if !is_name(name) {
            return Err(TemplateError::NoName(name.chars().take(40).collect()));
        }
        segments.push(Segment::Name { name, optional });
        rest = &rest[end + 1..];
    }
    if !rest.is_empty() {
        segments.push(Segment::Text(rest));
    }
    Ok(segments)
}

/// The name of a template that is one `${name}` and nothing else, and whether it may be missing.
pub fn sole_name(text: &str) -> Option<(&str, bool)> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (name, optional) = inner.strip_suffix('?').map_or((inner, false), |name| (name, true));
    is_name(name).then_some((name, optional))
}

/// The text with every name filled in and `$${` made `${`. An optional name that `lookup` does not know is left out.
///
/// # Errors
/// A text that is no template, and a name that `lookup` does not know.
pub fn fill(text: &str, mut lookup: impl FnMut(&str) -> Option<String>) -> Result<String, TemplateError> {
    let mut filled = String::with_capacity(text.len());
    for segment in segments(text)? {
        match segment {
            Segment::Text(text) => filled.push_str(text),
            Segment::Escape => filled.push_str("${"),
            Segment::Part(part) => match lookup(part.name) {
                Some(value) => filled.extend([part.before, &value, part.after]),
                None if part.optional => {}
                None => return Err(TemplateError::Unknown(part.name.to_owned())),
            },
            Segment::Name { name, optional } => match lookup(name) {
                Some(value) => filled.push_str(&value),
                None if optional => {}
                None => return Err(TemplateError::Unknown(name.to_owned())),
            },
        }
    }
    Ok(filled)
}

/// The names of the environment that a file's text speaks of, as `${env.NAME}` or `${env.NAME?}`.
pub(crate) fn environment_names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for after in text.split("${env.").skip(1) {
        let name = after.split('}').next().unwrap_or_default().trim_end_matches('?');
        if is_name(name) {
            names.insert(name.to_owned());
        }
    }
    names
}

/// A segment as it is written.
pub(crate) fn write_segment(text: &mut String, segment: &Segment<'_>) {
    match segment {
        Segment::Text(plain) => text.push_str(plain),
        Segment::Escape => text.push_str("$${"),
        Segment::Name { name, optional } => {
            // Writing to a text can't fail.
            let _ = write!(text, "${{{name}{}}}", if *optional { "?" } else { "" });
        }
        Segment::Part(Part { before, name, optional, after }) => {
            let before = if before.is_empty() { String::new() } else { format!("\"{before}\"+") };
            let after = if after.is_empty() { String::new() } else { format!("+\"{after}\"") };
            let _ = write!(text, "${{{before}{name}{}{after}}}", if *optional { "?" } else { "" });
        }
    }
}

/// Whether a text can be a name: a letter or `_`, then letters, digits, `_`, `-` and `.`.
pub(crate) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 100
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let filled = fill(text, |name| (name == "x").then(|| "1".to_owned()));
        assert_eq!(filled.unwrap_or_else(|error| error.to_string()), expected, "{text}");
    }

    #[test]
    fn names_are_filled_in_and_escapes_are_not() {
        check("a ${x} b", "a 1 b");
        check("$${x}", "${x}");
        check("$$${x}", "$${x}");
        check("cost: $5 {x}", "cost: $5 {x}");
        check("${y?}.", ".");
        check("en${\"-\"+x?}", "en-1");
        check("en${\"-\"+y?}.", "en.");
        check("${\"{\"+x+\"}\"}", "{1}");
        check("${\"-\"+y}", "nothing is known by the name `y`");
        check("${\"-\"y}", "`\"-\"y` is not a name");
        check("${y}", "nothing is known by the name `y`");
        check("${x", "`${` has no `}`");
        check("${}", "`` is not a name");
        check("${a b}", "`a b` is not a name");
    }

    #[test]
    fn the_names_of_the_environment_are_found_in_a_text() {
        let names = environment_names("a: ${env.KEY}\nb: \"x ${env.OTHER?} ${name} ${env.} ${env.KEY}\" ${env.A B}");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["KEY", "OTHER"]);
    }

    #[test]
    fn a_lone_name_is_told_apart() {
        assert_eq!(sole_name("${x}"), Some(("x", false)));
        assert_eq!(sole_name("${x?}"), Some(("x", true)));
        assert_eq!(sole_name("${x} "), None);
        assert_eq!(sole_name("${x}${y}"), None);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn segments_written_again_are_the_same_text(text in "[${}x?\"+ ]{0,30}") {
            if let Ok(segments) = segments(&text) {
                let mut again = String::new();
                segments.iter().for_each(|segment| write_segment(&mut again, segment));
                prop_assert_eq!(again, text);
            }
        }
    }
}
