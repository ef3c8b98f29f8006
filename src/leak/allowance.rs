//! What may be left behind.

use crate::model::LeakAllowance;
use globset::GlobBuilder;

/// What an allowance is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// The words by which the kind is known.
    pub kinds: &'a [&'a str],
    /// Whose it is.
    pub owner: &'a str,
    /// Where it was made.
    pub place: Option<&'a str>,
    /// How many a trial leaves.
    pub count: f64,
}

/// The first allowance that covers it.
pub fn allowed<'a>(asked: &Allowed<'_>, allowances: &'a [LeakAllowance]) -> Option<&'a LeakAllowance> {
    allowances.iter().find(|allowance| {
        let named =
            |glob: &String| [Some(asked.owner), asked.place].into_iter().flatten().any(|name| matches(glob, name));
        asked.kinds.contains(&allowance.kind.as_str())
            && allowance.name.as_ref().is_none_or(named)
            && allowance.count.is_none_or(|most| asked.count <= f64::from(most))
    })
}

/// A glob of which only `*` and `?` have a meaning.
fn matches(glob: &str, name: &str) -> bool {
    let mut pattern = String::with_capacity(glob.len());
    for c in glob.chars() {
        if matches!(c, '[' | ']' | '{' | '}' | '\\' | '!') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    let built = GlobBuilder::new(&pattern).backslash_escape(true).literal_separator(false).build();
    built.is_ok_and(|built| built.compile_matcher().is_match(name))
}

#[cfg(test)]
mod tests {
    use super::{Allowed, allowed, matches};
    use crate::model::LeakAllowance;

    fn allowance(count: Option<u32>, name: Option<&str>) -> LeakAllowance {
        LeakAllowance { kind: "thread".into(), count, name: name.map(str::to_owned), reason: "known".into() }
    }

    #[test]
    fn kind_count_and_name_must_fit() {
        let asked = Allowed { kinds: &["thread"], owner: "metrics-*", place: None, count: 2.0 };
        assert!(allowed(&asked, &[allowance(None, None)]).is_some());
        assert!(allowed(&asked, &[allowance(Some(2), Some("metrics*"))]).is_some());
        assert!(allowed(&asked, &[allowance(Some(1), None)]).is_none());
        assert!(allowed(&asked, &[allowance(None, Some("worker*"))]).is_none());
        let other = Allowed { kinds: &["task"], ..asked };
        assert!(allowed(&other, &[allowance(None, None)]).is_none());
    }

    #[test]
    fn globs_match_as_shells_do() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbd", false),
            ("*.json", "x.json", true),
            ("?", "", false),
            ("a?c*", "abcdef", true),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }
}
