//! What is run, as it is asked for, and the spec that is meant.

use crate::adapter::portable::relative;
use crate::adapter::problem::SuiteProblem;
use crate::adapter::{
    CommandSpec, Explain, ProvidersAround, PytestSpec, Reach, Sandbox, ScenarioSpec, Start, SubjectProblem,
    SubjectSpec, choose_python,
};
use crate::model::Seed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many hash seeds rounds of a suite take turns with: each costs a collection of the suite.
const HASH_SEEDS: u32 = 3;

/// A time zone far from most, which has summer time and is no whole number of hours away.
const FAR_AWAY: &str = "Pacific/Chatham";

/// A suite, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuiteOptions {
    /// A suite of pytest.
    Pytest(PytestOptions),
    /// A runner that a profile describes.
    Command(CommandOptions),
}

/// A suite with a runner that a profile describes, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOptions {
    /// A shipped profile's name, or a file.
    pub profile: String,
    /// The interpreter, if one was named.
    pub python: Option<PathBuf>,
    /// Arguments for the profile's commands.
    pub arguments: Vec<String>,
    /// The file that says what the mock providers around it do.
    pub providers: Option<PathBuf>,
    /// How often the runner's own parallel mode is played.
    pub parallel: Option<u32>,
}

/// A pytest suite, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PytestOptions {
    /// The folder that pytest is started in.
    pub folder: PathBuf,
    /// The interpreter, if one was named.
    pub python: Option<PathBuf>,
    /// Arguments for pytest.
    pub arguments: Vec<String>,
    /// How rounds are started.
    pub start: Start,
    /// The file that says what the mock providers around it do.
    pub providers: Option<PathBuf>,
    /// Whose changes of state are told.
    pub explain: Explain,
    /// Whether the first difference of two runs is looked for at any length.
    pub first_difference: bool,
    /// How often its own parallel mode is asked for.
    pub parallel: Option<u32>,
}

impl SuiteOptions {
    /// With the first difference of two runs looked for at any length, where a suite can tell one.
    #[must_use]
    pub fn with_first_difference(mut self, is_wanted: bool) -> Self {
        if let Self::Pytest(pytest) = &mut self {
            pytest.first_difference = is_wanted;
        }
        self
    }

    /// With the runner's own parallel mode played so many times, if at all.
    #[must_use]
    pub fn with_parallel(mut self, rounds: Option<u32>) -> Self {
        match &mut self {
            Self::Pytest(pytest) => pytest.parallel = rounds,
            Self::Command(command) => command.parallel = rounds,
        }
        self
    }

    /// The interpreter, if one was named.
    pub fn python(&self) -> Option<&Path> {
        match self {
            Self::Pytest(pytest) => pytest.python.as_deref(),
            Self::Command(command) => command.python.as_deref(),
        }
    }

    /// Whether mock providers stand around it.
    pub fn has_providers(&self) -> bool {
        match self {
            Self::Pytest(pytest) => pytest.providers.is_some(),
            Self::Command(command) => command.providers.is_some(),
        }
    }

    /// Arguments for the suite's own runner.
    pub fn arguments(&self) -> &[String] {
        match self {
            Self::Pytest(pytest) => &pytest.arguments,
            Self::Command(command) => &command.arguments,
        }
    }

    /// The arguments that ask for it.
    pub fn as_typed(&self) -> Vec<String> {
        match self {
            Self::Pytest(pytest) => pytest.as_typed(),
            Self::Command(command) => command.as_typed(),
        }
    }
}

impl CommandOptions {
    fn as_typed(&self) -> Vec<String> {
        let mut typed = vec!["--suite".to_owned(), format!("command:{}", self.profile)];
        if let Some(python) = &self.python {
            typed.extend(["--python".to_owned(), python.display().to_string()]);
        }
        typed.extend(providers(self.providers.as_ref()));
        typed.extend(self.parallel.map(|rounds| format!("--parallel={rounds}")));
        if !self.arguments.is_empty() {
            typed.push("--".to_owned());
            typed.extend(self.arguments.iter().cloned());
        }
        typed
    }
}

impl PytestOptions {
    fn as_typed(&self) -> Vec<String> {
        let mut typed = vec!["--suite".to_owned(), format!("pytest:{}", self.folder.display())];
        if let Some(python) = &self.python {
            typed.extend(["--python".to_owned(), python.display().to_string()]);
        }
        if self.start == Start::Fresh {
            typed.push("--fresh-process".to_owned());
        }
        typed.extend(providers(self.providers.as_ref()));
        if self.explain == Explain::All {
            typed.push("--explain".to_owned());
        }
        if self.first_difference {
            typed.push("--first-difference".to_owned());
        }
        if !self.arguments.is_empty() {
            typed.push("--".to_owned());
            typed.extend(self.arguments.iter().cloned());
        }
        typed
    }
}

fn providers(file: Option<&PathBuf>) -> Vec<String> {
    file.map(|file| vec!["--providers".to_owned(), file.display().to_string()]).unwrap_or_default()
}

/// The hash seeds of a suite's rounds: the user's own if there is one, else some of this run's.
fn hash_seeds(seed: Seed, environment: &BTreeMap<String, String>) -> Vec<u32> {
    match environment.get("PYTHONHASHSEED").and_then(|seed| seed.parse().ok()) {
        Some(own) => vec![own],
        None => (0..HASH_SEEDS).map(|n| seed.for_hashes(&n.to_string())).collect(),
    }
}

/// The last of several hash seeds goes with a time zone of its own, unless the user chose one or the machine knows none.
fn time_zones(hash_seeds: &[u32], environment: &BTreeMap<String, String>) -> Vec<(u32, String)> {
    let is_known = Path::new("/usr/share/zoneinfo").join(FAR_AWAY).exists();
    match hash_seeds {
        [_, .., last] if is_known && !environment.contains_key("TZ") => vec![(*last, FAR_AWAY.to_owned())],
        _ => Vec::new(),
    }
}

/// Scenarios on a system, without the secrets that only workers get.
pub fn scenario_spec(root: &Path, paths: &[PathBuf], system: &str, filter: Option<&str>) -> ScenarioSpec {
    ScenarioSpec {
        root: root.to_owned(),
        paths: paths.to_vec(),
        system: system.to_owned(),
        filter: filter.map(str::to_owned),
        program: PathBuf::new(),
        secrets: BTreeMap::new(),
        python_path: None,
        virtual_env: None,
        sandbox: Sandbox::default(),
        reach: Reach::default(),
        record: None,
        live: None,
        hidden: std::collections::BTreeSet::new(),
        defects: Vec::new(),
    }
}

/// A suite, as it was chosen. `environment` is the user's own.
///
/// # Errors
/// If its folder can't be found, or something is asked of it that it can't do.
pub fn suite_spec(
    suite: &SuiteOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    environment: &BTreeMap<String, String>,
) -> Result<SubjectSpec, SubjectProblem> {
    Ok(match suite {
        SuiteOptions::Pytest(PytestOptions { parallel: Some(_), .. }) => {
            return Err(SuiteProblem::NoParallelMode.into());
        }
        SuiteOptions::Pytest(suite) => {
            SubjectSpec::Pytest(pytest_spec(suite, sandbox, root, filter, seed, environment)?)
        }
        SuiteOptions::Command(suite) => SubjectSpec::Command(CommandSpec {
            root: root.to_owned(),
            profile: suite.profile.clone(),
            python: Some(python_of(root, suite.python.as_deref(), environment)),
            arguments: suite.arguments.clone(),
            filter: filter.map(str::to_owned),
            python_path: environment.get("PYTHONPATH").cloned(),
            providers: suite.providers.clone(),
            tapes: None,
            copied: sandbox == Sandbox::Full,
            parallel: suite.parallel,
            known: Vec::new(),
            kept: None,
        }),
    })
}

/// The interpreter of a suite whose folder is the project's: one that was typed is relative to where it was typed, a bare
/// name is looked for on PATH.
fn python_of(root: &Path, typed: Option<&Path>, environment: &BTreeMap<String, String>) -> PathBuf {
    let python = choose_python(root, typed, environment.get("VIRTUAL_ENV").map(Path::new)).program;
    if python.components().count() > 1 { root.join(python) } else { python }
}

fn pytest_spec(
    suite: &PytestOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    environment: &BTreeMap<String, String>,
) -> Result<PytestSpec, SubjectProblem> {
    let folder = root.join(&suite.folder);
    let folder = folder.canonicalize().map_err(SubjectProblem::io(&folder))?;
    let active = environment.get("VIRTUAL_ENV").map(Path::new);
    let python = choose_python(&folder, suite.python.as_deref(), active);
    let hash_seeds = hash_seeds(seed, environment);
    // The project, as tests may read what stands beside their folder; a suite that stands elsewhere by itself.
    let project = root.canonicalize().map_err(SubjectProblem::io(root))?;
    let tree = if folder.starts_with(&project) { project } else { folder.clone() };
    Ok(PytestSpec {
        place: relative(&folder, root).unwrap_or_else(|| folder.clone()).display().to_string(),
        folder,
        // A path that was typed is relative to where it was typed; a bare name is looked for on PATH.
        python: if python.program.components().count() > 1 { root.join(&python.program) } else { python.program },
        python_from: python.from,
        python_path: environment.get("PYTHONPATH").cloned(),
        arguments: suite.arguments.clone(),
        filter: filter.map(str::to_owned),
        start: suite.start,
        providers: suite.providers.clone().map(|file| ProvidersAround { root: root.to_owned(), file }),
        tapes: None,
        time_zones: time_zones(&hash_seeds, environment),
        hash_seeds,
        explain: suite.explain,
        first_difference: suite.first_difference,
        own_temporary: false,
        known: Vec::new(),
        copied: (sandbox == Sandbox::Full).then(|| tree.clone()),
        tree,
        kept: None,
    })
}
