//! A profile: what a runner is told, and how it is read.

use crate::adapter::command::formats::id;
pub(super) use crate::adapter::command::formats::{ExitResults, JsonResults, LineResults, Results, TapResults, Word};
pub(super) use crate::adapter::command::running::{RunGroup, RunOrder, Running};
use crate::disk::{LONGEST_INPUT, Unreadable, read_text};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The shipped profiles.
const SHIPPED: &[(&str, &str)] = &[
    ("bats", include_str!("profiles/bats.yaml")),
    ("bun", include_str!("profiles/bun.yaml")),
    ("cargo", include_str!("profiles/cargo.yaml")),
    ("cargo-nextest", include_str!("profiles/cargo-nextest.yaml")),
    ("ctest", include_str!("profiles/ctest.yaml")),
    ("django", include_str!("profiles/django.yaml")),
    ("exunit", include_str!("profiles/exunit.yaml")),
    ("go-test", include_str!("profiles/go-test.yaml")),
    ("gtest", include_str!("profiles/gtest.yaml")),
    ("jest-processes", include_str!("profiles/jest-processes.yaml")),
    ("jest", include_str!("profiles/jest.yaml")),
    ("junit5", include_str!("profiles/junit5.yaml")),
    ("libtest", include_str!("profiles/libtest.yaml")),
    ("minitest", include_str!("profiles/minitest.yaml")),
    ("mocha", include_str!("profiles/mocha.yaml")),
    ("node", include_str!("profiles/node.yaml")),
    ("phpunit", include_str!("profiles/phpunit.yaml")),
    ("playwright", include_str!("profiles/playwright.yaml")),
    ("prove", include_str!("profiles/prove.yaml")),
    ("rspec", include_str!("profiles/rspec.yaml")),
    ("unittest", include_str!("profiles/unittest.yaml")),
    ("vitest", include_str!("profiles/vitest.yaml")),
];

/// How cases are listed and run, and how their outcomes are read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    /// The folder that commands run in, relative to the project's.
    #[serde(default)]
    pub folder: PathBuf,
    /// What is set in their environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Programs that are loaded into the runner, by name: shipped ones, or files. `${drivers}` is their folder.
    #[serde(default)]
    pub drivers: Vec<String>,
    /// Things to know of what is run so, told with each run.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Failures that rounds of one case at a time can't show, and `parallel` may: told with each run.
    #[serde(default)]
    pub not_looked_for: Option<String>,
    /// How a user runs some cases with the runner alone.
    #[serde(default)]
    pub own: Option<OwnRun>,
    /// How a user runs all cases with the runner alone: what is said of the first round is compared with it.
    #[serde(default)]
    pub plain: Option<PlainRun>,
    /// How a user runs all cases with the runner's own parallel mode; names and results are those of `plain` by default.
    #[serde(default)]
    pub parallel: Option<PlainRun>,
    pub list: Listing,
    pub run: Running,
    pub results: Results,
}

/// How cases are listed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    pub command: Vec<String>,
    /// The file that the listing is written to, relative to the folder that commands run in; standard output by default.
    #[serde(default)]
    pub from: Option<String>,
    /// What the listing is: lines that the pattern is tried on, by default.
    #[serde(default)]
    pub format: ListFormat,
    /// The field of a JSON object that the pattern is tried on.
    #[serde(default)]
    pub field: Option<String>,
    /// A pattern with named groups, tried on each line; other lines are no cases. Without it a line is an id.
    #[serde(default, rename = "match")]
    pub pattern: Option<String>,
    /// Where the cases are in a JSON document: a JSONPath.
    #[serde(default)]
    pub items: Option<String>,
    /// What a document says of why a listing failed.
    #[serde(default)]
    pub problems: Option<Problems>,
    /// A case's id, of the fields found: `${id}` by default.
    #[serde(default = "id")]
    pub id: String,
    /// Its file, of the fields found.
    #[serde(default)]
    pub file: Option<String>,
    /// The line of the case, of the fields found.
    #[serde(default)]
    pub line: Option<String>,
    /// What it belongs to; by default its file, or what its id begins with.
    #[serde(default)]
    pub module: Option<String>,
    /// How a listing is sorted that can come in another order each time.
    #[serde(default)]
    pub sort: Sorting,
}

/// How a listing is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sorting {
    /// Not at all: the runner lists its cases in the same order each time.
    #[default]
    None,
    /// By module; cases of one module stay as they were listed.
    Module,
    /// By module, file and line.
    Line,
}

/// Where a JSON document has the reasons for which a listing failed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Problems {
    /// A JSONPath to the results.
    pub items: String,
    /// What to say of each, made of its fields.
    pub text: String,
}

/// What a listing looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListFormat {
    #[default]
    Lines,
    /// A JSON object on each line; what is none is left out.
    JsonLines,
    /// One JSON document.
    Json,
}

/// The runner's own command line for some cases.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnRun {
    pub command: Vec<String>,
    /// How a case is written in it.
    #[serde(default = "id")]
    pub case: String,
    /// What stands between two cases in one argument; without it each case is an argument.
    #[serde(default)]
    pub join: Option<String>,
    /// Who decides the order in which they run.
    #[serde(default)]
    pub order: RunOrder,
    /// Whether it shuffles whatever it runs, so that an order is always one of its seeds.
    #[serde(default)]
    pub always_shuffles: bool,
    /// What has a runner shuffle that keeps to an order of its own: `${seed}` is a number that is looked for.
    #[serde(default)]
    pub shuffled: Vec<String>,
    /// The command for such an order, where it takes more than words behind `command`; `shuffled` is added to it.
    #[serde(default)]
    pub shuffled_command: Vec<String>,
    /// What the environment has then.
    #[serde(default)]
    pub shuffled_env: BTreeMap<String, String>,
    /// What is added where the line is tried, and not where it is printed: words that keep the runner from writing its reports
    /// over those of the user. `${scratch}` is a folder that is taken away.
    #[serde(default)]
    pub tried_with: Vec<String>,
}

/// The runner alone with all cases, in a form in which its results can be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlainRun {
    pub command: Vec<String>,
    /// How its results name a case; by default as `run.told_as` says.
    #[serde(default)]
    pub told_as: Option<String>,
    /// Whether it shuffles by itself, whatever it is told.
    #[serde(default)]
    pub shuffles: bool,
    /// Where its outcomes are read; by default as those of a round.
    #[serde(default)]
    pub results: Option<Results>,
}

/// The names of the profiles that are part of this program.
pub fn shipped_profiles() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// Whether a profile of this name is part of this program.
pub fn is_shipped_profile(name: &str) -> bool {
    SHIPPED.iter().any(|(shipped, _)| *shipped == name)
}

/// Why there is no profile of a name.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It is none of the shipped ones, and no file that can be read.
    #[error("{name}: {error}; the shipped profiles are {}", shipped_profiles().collect::<Vec<_>>().join(", "))]
    Absent {
        /// The name that was given.
        name: String,
        /// Why the file of that name can't be read.
        error: Unreadable,
    },
    /// Something in it is wrong.
    #[error("{name}: {fault}")]
    Wrong {
        /// The name that was given.
        name: String,
        /// What is wrong.
        fault: ProfileFault,
    },
}

/// What is wrong with a profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileFault {
    /// It is not the YAML of a profile.
    #[error("{0}")]
    Form(String),
    /// A command is empty.
    #[error("a `command` names no program: command: [PROGRAM, ARGUMENT…]")]
    NoProgram,
    /// The command that runs cases has no place for them.
    #[error(
        "`run.command` names no cases: it needs one of {CASES} (arguments), {CASES_FILE} (a file with a case per line) and \
         {CASE} (a process per case)"
    )]
    NoCases,
    /// The command that runs cases has several places for them, which are named here.
    #[error("`run.command` names cases in more than one way: {0}")]
    SeveralWays(String),
    /// Cases are to be one argument, and nothing says what stands between them.
    #[error("{CASES} inside of an argument needs `run.join`: what stands between two cases")]
    NoJoin,
    /// How a process ends is to say how a case ended, and the process runs several.
    #[error("`results.exit_code` needs a process per case: `run.command` with {CASE}")]
    SharedExitCode,
}

impl Profile {
    /// A shipped profile by its name, or the file of that name.
    ///
    /// # Errors
    /// If there is neither, or it is wrong.
    pub fn load(root: &Path, name: &str) -> Result<Self, ProfileError> {
        let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None => read_text(&root.join(name), LONGEST_INPUT)
                .map_err(|error| ProfileError::Absent { name: name.to_owned(), error })?,
        };
        Self::read(&text).map_err(|fault| ProfileError::Wrong { name: name.to_owned(), fault })
    }

    fn read(text: &str) -> Result<Self, ProfileFault> {
        let profile: Self = serde_saphyr::from_str(text).map_err(|error| ProfileFault::Form(error.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    /// What can be seen to be wrong without running anything.
    fn check(&self) -> Result<(), ProfileFault> {
        if self.list.command.is_empty() || self.run.command.is_empty() {
            return Err(ProfileFault::NoProgram);
        }
        let ways = [CASES, CASES_FILE, CASE];
        let named: Vec<&str> =
            ways.into_iter().filter(|way| self.run.command.iter().any(|word| word.contains(*way))).collect();
        match named[..] {
            [_] => {}
            [] => return Err(ProfileFault::NoCases),
            _ => return Err(ProfileFault::SeveralWays(named.join(", "))),
        }
        let whole = |word: &String| word.contains(CASES) && word != CASES;
        if self.run.join.is_none() && self.run.command.iter().any(whole) {
            return Err(ProfileFault::NoJoin);
        }
        if matches!(self.results, Results::ExitCode(_)) && !self.is_one_by_one() {
            return Err(ProfileFault::SharedExitCode);
        }
        Ok(())
    }

    /// Whether each case has a process of its own.
    pub fn is_one_by_one(&self) -> bool {
        self.run.command.iter().any(|word| word.contains(CASE))
    }

    /// Whether a process reads its cases from a file: they are no arguments then.
    pub fn hands_cases_by_file(&self) -> bool {
        self.run.command.iter().any(|word| word.contains(CASES_FILE))
    }

    /// What the runner itself writes to, relative to the project's folder.
    pub fn written_by_runner(&self) -> impl Iterator<Item = PathBuf> {
        self.run.writes.iter().map(|place| self.folder.join(place))
    }

    /// The most cases that one process is given.
    pub fn at_most(&self) -> usize {
        if self.is_one_by_one() { 1 } else { self.run.at_most.unwrap_or(usize::MAX).max(1) }
    }
}

/// Stands for the cases, in the command that runs them.
pub(super) const CASES: &str = "${cases}";
/// Stands for a file that names them.
pub(super) const CASES_FILE: &str = "${cases_file}";
/// Stands for the one case.
pub(super) const CASE: &str = "${case}";
/// Stands for what was typed after `--`.
pub(super) const ARGS: &str = "${args}";

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "list: { command: [run, --list] }\nrun: { command: [run, CASES] }\nresults: { tap: {} }\n";

    fn check(text: &str, expected: &str) {
        let error = Profile::read(text).expect_err(text);
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }

    #[test]
    fn shipped_profiles_can_be_read() {
        for (name, _) in SHIPPED {
            Profile::load(Path::new("."), name).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn what_is_wrong_with_a_profile_is_told() {
        assert!(Profile::read(&PLAIN.replace("CASES", "\"${cases}\"")).is_ok());
        check(PLAIN, "names no cases");
        check(&PLAIN.replace("CASES", "\"${cases}\", \"${case}\""), "more than one way");
        check(&PLAIN.replace("CASES", "\"-t=${cases}\""), "run.join");
        check(&PLAIN.replace("CASES", "\"${cases}\"").replace("tap", "exit_code"), "a process per case");
        check(&PLAIN.replace("CASES", "\"${cases}\"").replace("tap", "tape"), "tape");
        check(&PLAIN.replace("CASES", "\"${cases}\"").replace("list:", "lists:"), "lists");
        check("list: [", "");
        let missing = Profile::load(Path::new("/nowhere"), "jests").expect_err("no such file");
        assert!(missing.to_string().contains("libtest"), "{missing}");
    }
}
