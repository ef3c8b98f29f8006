//! Files in, cases out.

use crate::provider::ProviderDecl;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::read::read_scenario;
use crate::scenario::source::SourceFile;
use crate::scenario::template::environment_names;
use crate::scenario::yaml::Span;
use crate::scenario::{Case, Project};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder in which scenarios are looked for, and below which ids begin.
pub const SCENARIO_FOLDER: &str = "scenarios";

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The cases in declared order: by path, then in the order of the matrix as written.
    pub cases: Vec<Case>,
    /// What is no mistake and still worth a look.
    pub notes: Vec<String>,
    /// How many files there were.
    pub files: usize,
    /// The names of the environment that they speak of: what these stand for is secret.
    pub environment: BTreeSet<String>,
}

/// Loads scenarios: files, or folders with all files below them; `scenarios/` where no path is given. Nothing outside
/// `root` is read. `system_providers` are the providers that scenarios may name.
///
/// # Errors
/// Everything that is wrong with any of the files, at once.
pub fn load(root: &Path, paths: &[PathBuf], system_providers: &[ProviderDecl]) -> Result<Loaded, Problems> {
    let project = Project::new(root)
        .map_err(|error| Problem::of_file(&root.display().to_string(), error.to_string()).with_help(error.help()))?;
    let default = [PathBuf::from(SCENARIO_FOLDER)];
    let mut problems = Vec::new();
    let files = files(&project, if paths.is_empty() { &default } else { paths }, &mut problems);
    let mut loaded = Loaded { cases: Vec::new(), notes: Vec::new(), files: files.len(), environment: BTreeSet::new() };
    let mut stems: BTreeMap<String, String> = BTreeMap::new();
    for path in &files {
        let source = match project.yaml(path) {
            Ok(source) => source,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let stem = stem(&source.name);
        if let Some(first) = stems.get(&stem) {
            let span = Span { offset: 0, length: 1, line: 1, column: 1 };
            let problem = Problem::new(&source, span, format!("the id `{stem}` is taken by {first}"));
            problems.push(problem.with_help("an id is the path without its extension: rename one of the files"));
            continue;
        }
        stems.insert(stem.clone(), source.name.clone());
        loaded.environment.append(&mut environment_names(&source.text));
        let mut cases = read_scenario(&source, &stem, &project, system_providers, &mut problems);
        if let Some(case) = cases.iter().find(|case| case.skip.is_none() && expects_nothing(case)) {
            loaded.notes.push(format!("{}: `{}` expects nothing, so that it proves little", case.place, case.id));
        }
        loaded.cases.append(&mut cases);
    }
    if problems.is_empty() { Ok(loaded) } else { Err(Problems::new(problems)) }
}

/// Loads one scenario from a text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_text(name: &str, text: &str, root: &Path, providers: &[ProviderDecl]) -> Result<Vec<Case>, Problems> {
    let project = Project::new(root)
        .map_err(|error| Problem::of_file(&root.display().to_string(), error.to_string()).with_help(error.help()))?;
    let source = Arc::new(SourceFile::new(name, text));
    let mut problems = Vec::new();
    let cases = read_scenario(&source, name, &project, providers, &mut problems);
    if problems.is_empty() { Ok(cases) } else { Err(Problems::new(problems)) }
}

/// The files that the paths name, each once, sorted by path.
fn files(project: &Project, paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = BTreeSet::new();
    for path in paths {
        let shown = path.display().to_string();
        match project.scenario_files(path) {
            Ok(found) if found.is_empty() => {
                problems.push(
                    Problem::of_file(&shown, "no scenario is in this folder")
                        .with_help("scenarios are files with the extension .yaml"),
                );
            }
            Ok(found) => files.extend(found.into_iter().map(|file| (project.name(&file), file))),
            Err(error) => problems.push(Problem::of_file(&shown, error.to_string()).with_help(error.help())),
        }
    }
    files.into_iter().map(|(_, file)| file).collect()
}

/// The path below `scenarios/` without its extension: what a case's id begins with, however the file was found.
fn stem(name: &str) -> String {
    let below = name.strip_prefix(SCENARIO_FOLDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    below.strip_suffix(".yaml").or_else(|| below.strip_suffix(".yml")).unwrap_or(below).to_owned()
}

fn expects_nothing(case: &Case) -> bool {
    use crate::scenario::{Action, Step};
    fn silent(steps: &[Step]) -> bool {
        steps.iter().all(|step| {
            step.expect.is_empty()
                && match &step.action {
                    Action::Concurrently(lanes) => lanes.iter().all(|lane| silent(lane)),
                    Action::Eventually { steps, .. } => silent(steps),
                    Action::Verb(..) | Action::Http(_) | Action::Restart | Action::Look => true,
                }
        })
    }
    let calls = &case.calls;
    calls.calls.is_empty() && calls.attempts.is_empty() && calls.order.is_none() && silent(&case.steps)
}
