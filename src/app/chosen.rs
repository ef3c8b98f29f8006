//! What is run, as it was chosen: scenarios on a system, a pytest suite, another runner's.

use crate::adapter::{CommandSpec, ProvidersAround, Sandbox, ScenarioSpec, SubjectSpec, SuiteSpec, choose_python};
use crate::app::{AppError, PytestOptions, RunOptions, SuiteOptions, ToolInfo};
use crate::model::Seed;
use std::collections::BTreeMap;
use std::path::Path;

/// How many hash seeds rounds of a suite take turns with: each costs a collection of the suite.
const HASH_SEEDS: u32 = 3;

/// A time zone far from most, which has summer time and is no whole number of hours away.
const FAR_AWAY: &str = "Pacific/Chatham";

/// What is run, as it was chosen.
pub(super) fn chosen(options: &RunOptions, tool: &ToolInfo) -> Result<SubjectSpec, AppError> {
    if let Some(suite) = &options.suite {
        return suite_spec(suite, options.sandbox, &options.root, options.filter.as_deref(), options.seed, tool);
    }
    Ok(SubjectSpec::Scenarios(ScenarioSpec {
        root: options.root.clone(),
        paths: options.paths.clone(),
        system: options.system.clone(),
        filter: options.filter.clone(),
        program: tool.program.clone(),
        secrets: BTreeMap::new(),
        python_path: None,
        virtual_env: None,
        sandbox: options.sandbox,
        reach: options.reach,
        defects: options.defects.iter().map(|defect| defect.name().to_owned()).collect(),
    }))
}

/// The hash seeds of a suite's rounds: the user's own if there is one, else some of this run's.
fn hash_seeds(seed: Seed, tool: &ToolInfo) -> Vec<u32> {
    match tool.environment.get("PYTHONHASHSEED").and_then(|seed| seed.parse().ok()) {
        Some(own) => vec![own],
        None => (0..HASH_SEEDS).map(|n| (seed.derive(&format!("hash seed {n}")).value() >> 32) as u32).collect(),
    }
}

/// The last of several hash seeds goes with a time zone of its own, unless the user chose one or the machine knows none.
fn time_zones(hash_seeds: &[u32], tool: &ToolInfo) -> Vec<(u32, String)> {
    let is_known = Path::new("/usr/share/zoneinfo").join(FAR_AWAY).exists();
    match hash_seeds {
        [_, .., last] if is_known && !tool.environment.contains_key("TZ") => vec![(*last, FAR_AWAY.to_owned())],
        _ => Vec::new(),
    }
}

/// A suite, as it was chosen.
pub(super) fn suite_spec(
    suite: &SuiteOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    tool: &ToolInfo,
) -> Result<SubjectSpec, AppError> {
    Ok(match suite {
        SuiteOptions::Pytest(suite) => SubjectSpec::Suite(pytest_spec(suite, sandbox, root, filter, seed, tool)?),
        SuiteOptions::Command(_) if sandbox == Sandbox::Full => {
            let text = "--sandbox full: a fresh copy for each round is made of pytest suites and of started systems only; \
                        without it, each round has a TMPDIR of its own";
            return Err(AppError::Usage(text.to_owned()));
        }
        SuiteOptions::Command(suite) => SubjectSpec::Command(CommandSpec {
            root: root.to_owned(),
            profile: suite.profile.clone(),
            arguments: suite.arguments.clone(),
            filter: filter.map(str::to_owned),
            python_path: tool.environment.get("PYTHONPATH").cloned(),
            providers: suite.providers.clone(),
        }),
    })
}

fn pytest_spec(
    suite: &PytestOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    tool: &ToolInfo,
) -> Result<SuiteSpec, AppError> {
    let folder = root.join(&suite.folder);
    let folder = folder.canonicalize().map_err(AppError::io(&folder))?;
    let active = tool.environment.get("VIRTUAL_ENV").map(Path::new);
    let python = choose_python(&folder, suite.python.as_deref(), active);
    let hash_seeds = hash_seeds(seed, tool);
    // The project, as tests may read what stands beside their folder; a suite that stands elsewhere by itself.
    let project = root.canonicalize().map_err(AppError::io(root))?;
    let tree = if folder.starts_with(&project) { project } else { folder.clone() };
    Ok(SuiteSpec {
        folder,
        // A path that was typed is relative to where it was typed; a bare name is looked for on PATH.
        python: if python.program.components().count() > 1 { root.join(&python.program) } else { python.program },
        python_from: python.from,
        python_path: tool.environment.get("PYTHONPATH").cloned(),
        arguments: suite.arguments.clone(),
        filter: filter.map(str::to_owned),
        start: suite.start,
        providers: suite.providers.clone().map(|file| ProvidersAround { root: root.to_owned(), file }),
        time_zones: time_zones(&hash_seeds, tool),
        hash_seeds,
        explain: suite.explain,
        known: Vec::new(),
        copied: (sandbox == Sandbox::Full).then_some(tree),
    })
}
