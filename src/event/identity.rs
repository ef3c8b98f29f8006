//! What a run tests and with what: two journals that differ in it speak of different things.

use crate::model::ContentHash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many packages are named where more than that differ.
const PACKAGES_NAMED: usize = 5;

/// What a run tests and with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The name by which the history knows the suite: without a path of this machine and without versions.
    pub suite: String,
    /// The code under test.
    #[serde(default)]
    pub product: Product,
    /// The interpreter that runs the suite, as `CPython 3.12.1`, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// The interpreter's packages with their versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<String, String>,
    /// The operating system, as `linux`.
    pub system: String,
    /// The architecture, as `x86_64`.
    pub architecture: String,
    /// The digest of this program's bytes.
    pub program: ContentHash,
    /// Variables that decide how tests end: `TZ`, `LANG`, as far as they are set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// The code under test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// The commit, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of what differs from the commit: changes of tracked files, and source files that are not tracked.
    /// Without a commit, that of all source files. `None` for a clean tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ContentHash>,
}

/// Something in which two sides differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is, as `the interpreter`.
    pub what: String,
    /// It on one side.
    pub one: String,
    /// It on the other side.
    pub other: String,
}

impl Difference {
    /// A difference, if the sides do differ.
    pub fn of(what: &str, one: impl fmt::Display, other: impl fmt::Display) -> Option<Self> {
        let (one, other) = (one.to_string(), other.to_string());
        (one != other).then(|| Self { what: what.to_owned(), one, other })
    }

    /// All of them as lines, with a name for each side.
    pub fn lines(differences: &[Self], one: &str, other: &str) -> String {
        let line = |found: &Self| format!("  {}: {} {one}, {} {other}", found.what, found.one, found.other);
        differences.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.commit, &self.files) {
            (Some(commit), None) => write!(f, "commit {}", short(commit)),
            (Some(commit), Some(files)) => write!(f, "commit {} with changes {}", short(commit), files.short()),
            (None, Some(files)) => write!(f, "files {}", files.short()),
            (None, None) => write!(f, "unknown"),
        }
    }
}

/// Enough of a commit to tell it from others.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

impl Identity {
    /// In what the other side differs.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let unset = "unset".to_owned();
        let interpreter = |side: &Self| side.interpreter.clone().unwrap_or_else(|| "none".to_owned());
        let mut found: Vec<Option<Difference>> = vec![
            Difference::of("the code under test", &self.product, &other.product),
            Difference::of("the interpreter", interpreter(self), interpreter(other)),
            Difference::of("the operating system", &self.system, &other.system),
            Difference::of("the architecture", &self.architecture, &other.architecture),
            Difference::of("this program", self.program.short(), other.program.short()),
        ];
        let names: BTreeSet<&String> = self.variables.keys().chain(other.variables.keys()).collect();
        found.extend(names.into_iter().map(|name| {
            let value = |side: &Self| side.variables.get(name).unwrap_or(&unset).clone();
            Difference::of(&format!("the variable {name}"), value(self), value(other))
        }));
        found.extend(self.differing_packages(other));
        found.into_iter().flatten().collect()
    }

    fn differing_packages(&self, other: &Self) -> Vec<Option<Difference>> {
        let missing = "not installed".to_owned();
        let names: BTreeSet<&String> = self.packages.keys().chain(other.packages.keys()).collect();
        let version = |side: &Self, name: &String| side.packages.get(name).unwrap_or(&missing).clone();
        let differ = |name: &&String| version(self, name) != version(other, name);
        let differing: Vec<&String> = names.into_iter().filter(differ).collect();
        let mut found: Vec<Option<Difference>> = differing
            .iter()
            .take(PACKAGES_NAMED)
            .map(|name| Difference::of(&format!("the package {name}"), version(self, name), version(other, name)))
            .collect();
        if differing.len() > PACKAGES_NAMED {
            let rest = differing.len() - PACKAGES_NAMED;
            found.push(Some(Difference {
                what: format!("{rest} more packages"),
                one: "other versions".to_owned(),
                other: "other versions".to_owned(),
            }));
        }
        found
    }

    /// Without the packages, for files that stand beside a journal.
    pub fn in_short(&self) -> Self {
        Self { packages: BTreeMap::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            suite: "pytest in shop".into(),
            product: Product { commit: Some("a".repeat(40)), files: None },
            interpreter: Some("CPython 3.12.1".into()),
            packages: BTreeMap::from([("requests".into(), "2.31".into()), ("pytest".into(), "9.0".into())]),
            system: "linux".into(),
            architecture: "x86_64".into(),
            program: ContentHash::of(["program"]),
            variables: BTreeMap::from([("TZ".into(), "UTC".into())]),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Identity), expected: &str) {
        let mut other = identity();
        change(&mut other);
        let found = Difference::lines(&identity().differences(&other), "here", "there");
        assert_eq!(found, expected);
    }

    #[test]
    fn each_difference_is_named_with_both_sides() {
        check(|_| {}, "");
        check(
            |other| other.product.files = Some(ContentHash::of(["changed"])),
            &format!(
                "  the code under test: commit aaaaaaaaaaaa here, commit aaaaaaaaaaaa with changes {} there",
                ContentHash::of(["changed"]).short()
            ),
        );
        check(
            |other| other.interpreter = Some("CPython 3.13.0".into()),
            "  the interpreter: CPython 3.12.1 here, CPython 3.13.0 there",
        );
        check(|other| other.architecture = "aarch64".into(), "  the architecture: x86_64 here, aarch64 there");
        check(|other| other.variables.clear(), "  the variable TZ: UTC here, unset there");
        check(
            |other| _ = other.packages.insert("requests".into(), "2.32".into()),
            "  the package requests: 2.31 here, 2.32 there",
        );
        check(|other| _ = other.packages.remove("pytest"), "  the package pytest: 9.0 here, not installed there");
        check(|other| other.suite = "another name".into(), "");
    }
}
