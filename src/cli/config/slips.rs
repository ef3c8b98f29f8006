//! Names that nothing reads, though somebody meant them: variables of the environment, and the file.

use crate::cli::config::file::FILE_NAME;
use crate::cli::config::settable::Settable;
use crate::scenario::nearest;
use std::collections::BTreeMap;
use std::path::Path;

/// What the name of each setting begins with.
const PREFIX: &str = "STEADFAST_";

/// Variables that this program sets for what it starts.
const OWN: &[&str] = &["STEADFAST_FENCE", "STEADFAST_OWNER", "STEADFAST_PROBE", "STEADFAST_PROXY"];

/// How many slips a name may have to be taken for the file's.
const SLIPS: usize = 2;

/// A sentence for each `STEADFAST_*` that is no setting.
pub(super) fn unknown_variables(environment: &BTreeMap<String, String>, known: &[Settable]) -> Vec<String> {
    let known: Vec<String> = known.iter().map(Settable::variable).collect();
    let is_own = |name: &str| OWN.contains(&name) || name.starts_with("STEADFAST_PYTEST_");
    let unknown = environment.keys().filter(|name| name.starts_with(PREFIX) && !known.contains(name));
    let told = unknown.filter(|name| !is_own(name)).filter_map(|name| {
        // What is far from every setting may be meant for another program: a wrapper's, a workflow's.
        let meant = nearest(own_part(name), known.iter().map(|name| own_part(name)))?;
        Some(format!("the environment variable {name} is not read: did you mean {PREFIX}{meant}?"))
    });
    told.collect()
}

/// The part in which names differ: what all of them begin with makes none of them alike.
fn own_part(name: &str) -> &str {
    name.strip_prefix(PREFIX).unwrap_or(name)
}

/// A sentence if a folder has the configuration under a name that is not read.
pub(super) fn misnamed_file(folder: &Path) -> Option<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_slip = |name: &str| {
        name != FILE_NAME
            && name.ends_with(".toml")
            && strsim::damerau_levenshtein(name.trim_start_matches('.'), FILE_NAME) <= SLIPS
    };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let name = names.into_iter().find(|name| is_slip(name))?;
    Some(format!("{name} is not read: the file must be called {FILE_NAME}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use crate::cli::config::settable::arguments_of;
    use clap::CommandFactory;

    #[test]
    fn a_slip_in_a_variable_is_told_and_foreign_ones_are_not() {
        let known = arguments_of(&Arguments::command(), "run");
        let check = |name: &str, expected: Option<&str>| {
            let environment = BTreeMap::from([(name.to_owned(), "1".to_owned())]);
            let told = unknown_variables(&environment, &known);
            assert_eq!(!told.is_empty(), expected.is_some(), "{name}: {told:?}");
            assert!(expected.is_none_or(|meant| told[0].contains(meant)), "{told:?}");
        };
        check("STEADFAST_JOSB", Some("STEADFAST_JOBS"));
        check("STEADFAST_PROFIL", Some("STEADFAST_PROFILE"));
        check("STEADFAST_JOBS", None);
        check("STEADFAST_FOO", None);
        check("STEADFAST_OWNER", None);
        check("STEADFAST_SOMETHING_OF_A_WORKFLOW", None);
        check("JOSB", None);
    }

    #[test]
    fn a_slip_in_the_files_name_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(misnamed_file(folder.path()), None);
        std::fs::write(folder.path().join("pyproject.toml"), "").expect("a file");
        assert_eq!(misnamed_file(folder.path()), None);
        std::fs::write(folder.path().join("stedfast.toml"), "").expect("a file");
        assert!(misnamed_file(folder.path()).is_some_and(|told| told.starts_with("stedfast.toml is not read")));
    }
}
