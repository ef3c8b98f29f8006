//! `--filter`: which cases are meant.
//!
//! ```text
//! filter  = all { "," all }          any of these
//! all     = term { " " term }        all of these
//! term    = [ "!" ] what             not this
//! what    = "tag:" NAME | PATTERN
//! ```
//!
//! A pattern is a case's id, or its path: `budget/exceeded` means all cells of that scenario. `*` stands for any
//! characters, `/` among them, and `?` for one. Everything else stands for itself, `[` and `]` too; inside brackets,
//! comma and space belong to the pattern. So an id copied from a report is a filter, as it is.

use crate::scenario::Case;
use globset::{GlobBuilder, GlobMatcher};
use std::collections::BTreeSet;

/// Which cases are meant.
#[derive(Debug, Clone)]
pub struct Filter {
    any: Vec<Vec<Term>>,
}

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is nothing to filter by.
    #[error("the filter is empty: write a glob on ids, or `tag:NAME`")]
    Empty,
    /// Two commas with nothing between them, or a comma at an end.
    #[error("`{0}`: nothing stands before or after a comma: take the comma away")]
    EmptyAlternative(String),
    /// `!` or `tag:` with nothing after it.
    #[error("`{0}` has nothing after it: write what it is about")]
    Dangling(String),
    /// `name:` that is not `tag:`.
    #[error("`{0}:` is not known; `tag:` is")]
    UnknownPrefix(String),
    /// `[` without `]`.
    #[error("`{0}` has a `[` without its `]`: write `*` in its place, which stands for any characters")]
    OpenBracket(String),
    /// The pattern is too long to be matched.
    #[error("`{0}…` can't be matched")]
    Pattern(String),
}

#[derive(Debug, Clone)]
struct Term {
    negated: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Tag(String),
    Id(GlobMatcher),
}

/// Reads a filter.
///
/// # Errors
/// What is wrong with it.
pub fn parse_filter(text: &str) -> Result<Filter, FilterError> {
    if text.trim().is_empty() {
        return Err(FilterError::Empty);
    }
    let mut any = Vec::new();
    for alternative in split(text, ',')? {
        if alternative.trim().is_empty() {
            return Err(FilterError::EmptyAlternative(text.chars().take(60).collect()));
        }
        let terms = split(alternative, ' ')?;
        let terms = terms.into_iter().filter(|term| !term.is_empty()).map(term).collect::<Result<Vec<_>, _>>()?;
        any.push(terms);
    }
    Ok(Filter { any })
}

impl Filter {
    /// Whether a case is meant.
    pub fn matches(&self, case: &Case) -> bool {
        self.matches_id(case.id.as_str(), &case.tags)
    }

    /// Whether a case with this id and these tags is meant.
    pub fn matches_id(&self, id: &str, tags: &BTreeSet<String>) -> bool {
        let path = id.split_once('[').map_or(id, |(path, _)| path);
        let holds = |term: &Term| {
            let found = match &term.what {
                What::Tag(tag) => tags.contains(tag),
                What::Id(glob) => glob.is_match(id) || glob.is_match(path),
            };
            found != term.negated
        };
        self.any.iter().any(|all| all.iter().all(holds))
    }
}

fn term(text: &str) -> Result<Term, FilterError> {
    let (negated, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
    if rest.is_empty() {
        return Err(FilterError::Dangling("!".to_owned()));
    }
    let what = match rest.split_once(':') {
        Some(("tag", "")) => return Err(FilterError::Dangling("tag:".to_owned())),
        Some(("tag", tag)) => What::Tag(tag.to_owned()),
        Some((prefix, _)) if prefix.bytes().all(|b| b.is_ascii_lowercase()) && !prefix.is_empty() => {
            return Err(FilterError::UnknownPrefix(prefix.to_owned()));
        }
        _ => What::Id(glob(rest)?),
    };
    Ok(Term { negated, what })
}

/// A glob of which only `*` and `?` have a meaning.
fn glob(pattern: &str) -> Result<GlobMatcher, FilterError> {
    let mut literal = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '[' | ']' | '{' | '}' => literal.extend(['[', character, ']']),
            '\\' => literal.push_str("[\\\\]"),
            other => literal.push(other),
        }
    }
    let built = GlobBuilder::new(&literal).literal_separator(false).backslash_escape(false).build();
    built.map(|glob| glob.compile_matcher()).map_err(|_| FilterError::Pattern(pattern.chars().take(60).collect()))
}

/// The pieces between separators that stand outside brackets.
fn split(text: &str, separator: char) -> Result<Vec<&str>, FilterError> {
    let mut pieces = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, character) in text.char_indices() {
        match character {
            '[' => inside = true,
            ']' => inside = false,
            other if other == separator && !inside => {
                pieces.push(&text[start..at]);
                start = at + other.len_utf8();
            }
            _ => {}
        }
    }
    if inside {
        return Err(FilterError::OpenBracket(text.chars().take(60).collect()));
    }
    pieces.push(&text[start..]);
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(filter: &str, id: &str, expected: bool) {
        let tags = BTreeSet::from(["budget".to_owned(), "slow".to_owned()]);
        let filter_read = parse_filter(filter).expect("a good filter");
        assert_eq!(filter_read.matches_id(id, &tags), expected, "{filter} on {id}");
    }

    #[test]
    fn a_pattern_is_an_id_or_a_path() {
        check("budget/exceeded", "budget/exceeded", true);
        check("budget/exceeded", "budget/exceeded[language=fr]", true);
        check("budget/exceeded", "budget/exceeded-twice", false);
        check("budget/*", "budget/exceeded[language=fr]", true);
        check("*exceeded*", "budget/deep/exceeded[language=fr]", true);
        check("budget", "budget/exceeded", false);
        check("b?dget/*", "budget/x", true);
    }

    #[test]
    fn an_id_copied_from_a_report_is_a_filter() {
        let id = "budget/exceeded[language=fr,message=how are you?,x={a}]";
        check(id, id, true);
        check(id, "budget/exceeded[language=en]", false);
        check("*language=fr*", "budget/exceeded[language=fr,provider=claude]", true);
    }

    #[test]
    fn comma_is_or_space_is_and_exclamation_mark_is_not() {
        check("tag:budget tag:slow", "x", true);
        check("tag:budget !tag:slow", "x", false);
        check("tag:none,x", "x", true);
        check("!x", "x", false);
        check("tag:none, tag:budget !y", "x", true);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let refused = |text: &str| parse_filter(text).expect_err(text).to_string();
        assert_eq!(refused(" "), "the filter is empty: write a glob on ids, or `tag:NAME`");
        assert_eq!(refused("a,,b"), "`a,,b`: nothing stands before or after a comma: take the comma away");
        assert_eq!(refused("!"), "`!` has nothing after it: write what it is about");
        assert_eq!(refused("tag:"), "`tag:` has nothing after it: write what it is about");
        assert_eq!(refused("tags:x"), "`tags:` is not known; `tag:` is");
        assert_eq!(
            refused("a[b"),
            "`a[b` has a `[` without its `]`: write `*` in its place, which stands for any characters"
        );
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            if let Ok(filter) = parse_filter(&text) {
                filter.matches_id(&text, &BTreeSet::new());
            }
        }
    }
}
