//! The files, and the writing of them.

use crate::adapter::{FoundSuite, found_suites};
use crate::app::AppError;
use crate::app::init::toolchain::Toolchain;
use crate::disk::write_new;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A service that runs a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiService {
    /// A workflow for GitHub Actions.
    Github,
    /// A pipeline for GitLab.
    Gitlab,
    /// An array of Slurm.
    Slurm,
    /// An Indexed Job of Kubernetes.
    Kubernetes,
}

/// A file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was written.
    New(PathBuf),
    /// It was there, and is as it was.
    Kept(PathBuf),
}

/// What was written, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// The suite that the configuration names; none for scenarios.
    pub suite: Option<FoundSuite>,
    /// Further suites that are there.
    pub others: Vec<FoundSuite>,
    /// File by file.
    pub files: Vec<Written>,
    /// The variable of the CI service that has to be set before a workflow that was written now can run.
    pub variable: Option<&'static str>,
}

/// How many machines share a run where nobody says, on services that always share it.
const SHARDS: u32 = 8;

/// The program for the machines of CI services, as a release has it.
const ARCHIVE: &str = "steadfast-x86_64-unknown-linux-gnu.tar.gz";

const IGNORED: &str = include_str!("gitignore");
const SCENARIO: (&str, &str) = ("scenarios/hello/greeting.yaml", include_str!("greeting.yaml"));

/// Writes a configuration for what the project has, and a workflow for each service. A file that exists is left as it
/// is; with `shards`, so many machines share each run. A project that has neither scenarios nor a suite gets a first scenario.
///
/// # Errors
/// If a file can't be written.
pub fn init(root: &Path, services: &[CiService], shards: Option<u32>) -> Result<Initialised, AppError> {
    let has_scenarios = std::fs::read_dir(root.join("scenarios")).is_ok_and(|mut entries| entries.next().is_some());
    let mut found = if has_scenarios { Vec::new() } else { found_suites(root) };
    let suite = (!found.is_empty()).then(|| found.remove(0));
    let toolchain = suite.as_ref().map_or(Toolchain::None, |suite| Toolchain::of(&suite.suite));
    let mut files = vec![("steadfast.toml", configuration(suite.as_ref())), ("reports/.gitignore", IGNORED.to_owned())];
    if suite.is_none() && (!has_scenarios || root.join(SCENARIO.0).exists()) {
        files.push((SCENARIO.0, SCENARIO.1.to_owned()));
    }
    for service in services {
        files.push(match service {
            CiService::Github => {
                let text =
                    if shards.is_some() { include_str!("github-shards.yml") } else { include_str!("github.yml") };
                let text = with_release(text, "${{ vars.STEADFAST_RELEASE }}");
                (".github/workflows/steadfast.yml", with_setup(&text, &toolchain.github(root)))
            }
            CiService::Gitlab => {
                let text =
                    if shards.is_some() { include_str!("gitlab-shards.yml") } else { include_str!("gitlab.yml") };
                let text = with_release(text, "$STEADFAST_RELEASE");
                let text = text.replace("IMAGE", toolchain.image());
                (".gitlab/steadfast.yml", with_setup(&text, &toolchain.gitlab(root)))
            }
            CiService::Slurm => ("steadfast.sbatch", include_str!("slurm.sh").to_owned()),
            CiService::Kubernetes => ("steadfast-job.yaml", include_str!("kubernetes.yaml").to_owned()),
        });
    }
    let shards = shards.unwrap_or(SHARDS);
    let files = files
        .iter()
        .map(|(path, text)| write(root, path, &with_shards(text, shards)))
        .collect::<Result<Vec<_>, _>>()?;
    let is_workflow = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "yml");
    let waits = files.iter().any(|file| matches!(file, Written::New(path) if is_workflow(path)));
    let variable = (waits && option_env!("STEADFAST_REPOSITORY").is_none()).then_some("STEADFAST_RELEASE");
    Ok(Initialised { suite, others: found, files, variable })
}

fn configuration(suite: Option<&FoundSuite>) -> String {
    match suite {
        None => include_str!("scenarios.toml").to_owned(),
        Some(suite) => include_str!("suite.toml").replace("BECAUSE", &suite.because).replace("SUITE", &suite.suite),
    }
}

/// Where the workflow gets the program from: the release of this version if the program knows where it was released,
/// else a variable of the service, which somebody has to set.
fn with_release(workflow: &str, variable: &str) -> String {
    let (note, releases) = match option_env!("STEADFAST_REPOSITORY") {
        Some(repository) => {
            let version = env!("CARGO_PKG_VERSION");
            ("The release that is used.", format!("{repository}/releases/download/v{version}"))
        }
        None => (
            "The address of the folder that has the archive and its checksum: set the variable STEADFAST_RELEASE.",
            variable.to_owned(),
        ),
    };
    workflow.replace("NOTE", note).replace("RELEASES", &releases).replace("ARCHIVE", ARCHIVE)
}

/// Says how many machines share a run.
fn with_shards(text: &str, shards: u32) -> String {
    let numbers: Vec<String> = (1..=shards).map(|shard| shard.to_string()).collect();
    text.replace("NUMBERS", &numbers.join(", ")).replace("SHARDS", &shards.to_string())
}

/// Puts the steps in, or takes their line out if there are none.
fn with_setup(workflow: &str, setup: &str) -> String {
    let line = if setup.is_empty() { String::new() } else { format!("{setup}\n") };
    workflow.replace("SETUP\n", &line)
}

fn write(root: &Path, path: &str, text: &str) -> Result<Written, AppError> {
    let full = root.join(path);
    if let Some(folder) = full.parent() {
        crate::disk::make_report_folders(folder).map_err(AppError::io(folder))?;
    }
    match write_new(&full, text) {
        Ok(()) => Ok(Written::New(path.into())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Written::Kept(path.into())),
        Err(error) => Err(AppError::io(full)(error)),
    }
}
