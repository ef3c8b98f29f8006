//! "Did you mean …": the known name that somebody probably had in mind.

use std::collections::BTreeSet;

/// The known name nearest to what was written, if any is near enough to be meant.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Names are short; a text of any length need not be compared with each of them.
    let written: String = written.chars().take(64).collect::<String>().to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(written.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// "did you mean `x`?", or else what is known.
pub(crate) fn did_you_mean<'k>(written: &str, what: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let mut known: Vec<&str> = known.into_iter().collect();
    let mut seen = BTreeSet::new();
    known.retain(|name| seen.insert(*name));
    match nearest(written, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => format!("{what}: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expected: Option<&str>) {
        assert_eq!(nearest(written, ["message", "language", "provider", "as"]), expected, "{written}");
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_foreign_word_is_not() {
        check("mesage", Some("message"));
        check("lnaguage", Some("language"));
        check("Provider", Some("provider"));
        check("a", Some("as"));
        check("temperature", None);
        check(&"x".repeat(100_000), None);
    }
}
