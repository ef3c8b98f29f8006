//! What a run's header says besides the run itself: the revision, what the history knows, the quarantine.

use crate::adapter::LoadedSubject;
use crate::app::git::git;
use crate::app::{AppError, RunOptions, ToolInfo, quarantine};
use crate::disk::{LONGEST_INPUT, make_report_folders, read_text};
use crate::event::{Background, Identity, Revision};
use crate::history::{Beginning, History};
use crate::model::{ContentHash, Owners};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// Variables in which services of continuous integration name the commit, should git not know it.
const COMMITS: [&str; 6] =
    ["GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "CIRCLE_SHA1", "BITBUCKET_COMMIT", "GIT_COMMIT"];

/// Variables in which they name the branch, which they check out by its commit.
const BRANCHES: [&str; 8] = [
    "GITHUB_HEAD_REF",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILD_SOURCEBRANCHNAME",
    "CIRCLE_BRANCH",
    "BITBUCKET_BRANCH",
    "BRANCH_NAME",
    "GIT_BRANCH",
];

/// Variables in which they name the page of the job.
const JOBS: [&str; 4] = ["CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL", "BUILD_URL"];

/// What is known before a run begins.
///
/// # Errors
/// If the history or the quarantine file can't be used.
pub(super) fn background(
    options: &RunOptions,
    subject: &dyn LoadedSubject,
    tool: &ToolInfo,
    identity: &Identity,
    started: Timestamp,
) -> Result<Background, AppError> {
    let revision = revision(&options.root, tool);
    let conditions = conditions(options, subject, identity, revision.as_ref());
    let past = match &options.history {
        None => None,
        Some(place) => {
            let cases: Vec<(String, String)> =
                subject.cases().iter().map(|case| (case.id.to_string(), case.hash.to_string())).collect();
            let beginning = Beginning {
                suite: &identity.suite,
                formerly: &subject.formerly(),
                subject: &subject.hash(),
                conditions: conditions.as_ref(),
                seed: options.seed,
                cases: &cases,
            };
            // What is wrong with the folder is told as such, and not as what a database makes of it.
            if let Some(folder) = place.path().and_then(Path::parent) {
                make_report_folders(folder).map_err(AppError::io(folder))?;
            }
            Some(History::open(place)?.past(&beginning)?)
        }
    };
    // Who asks about a case wants to know what is wrong with it, held back or not.
    let quarantine = match &options.question {
        None => quarantine::of_the_project(&options.root, started)?,
        Some(_) => None,
    };
    let (command, owners) = (tool.typed.clone(), owners(&options.root));
    Ok(Background { revision, conditions, past, quarantine, command, owners })
}

fn revision(root: &Path, tool: &ToolInfo) -> Option<Revision> {
    let named = |names: &[&str]| names.iter().find_map(|name| tool.environment.get(*name).cloned());
    let some = |text: &String| !text.is_empty() && text != "HEAD";
    let commit = git(root, &["rev-parse", "HEAD"]).filter(some).or_else(|| named(&COMMITS).filter(some));
    let branch = named(&BRANCHES).filter(some);
    let branch = branch.or_else(|| git(root, &["rev-parse", "--abbrev-ref", "HEAD"]).filter(some));
    let job = job(&tool.environment);
    (commit.is_some() || branch.is_some() || job.is_some()).then_some(Revision { commit, branch, job })
}

/// The page of the job, as services of continuous integration name it.
fn job(environment: &BTreeMap<String, String>) -> Option<String> {
    let named = |name: &str| environment.get(name).filter(|text| !text.is_empty());
    let of_github = || {
        let (server, repository) = (named("GITHUB_SERVER_URL")?, named("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", named("GITHUB_RUN_ID")?))
    };
    let of_azure = || {
        let (server, project) = (named("SYSTEM_COLLECTIONURI")?, named("SYSTEM_TEAMPROJECT")?);
        Some(format!("{server}{project}/_build/results?buildId={}", named("BUILD_BUILDID")?))
    };
    let page = JOBS.iter().find_map(|name| named(name).cloned()).or_else(of_github).or_else(of_azure);
    page.filter(|page| page.starts_with("https://") || page.starts_with("http://"))
}

/// Where `CODEOWNERS` may lie in a repository; the first one counts.
const OWNERS: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// Who owns the project's files. A file that can't be read owns nothing.
fn owners(root: &Path) -> Owners {
    let prefix = git(root, &["rev-parse", "--show-prefix"]).unwrap_or_default();
    let repository = root.join("../".repeat(prefix.matches('/').count()));
    let found = OWNERS.iter().find_map(|file| read_text(&repository.join(file), LONGEST_INPUT).ok());
    found.map_or_else(Owners::default, |text| Owners::parse(&text, &prefix))
}

/// See [`Background::conditions`]. The code of the shipped systems is this program. That of others is known only where
/// the project's tree is what its commit says.
fn conditions(
    options: &RunOptions,
    subject: &dyn LoadedSubject,
    identity: &Identity,
    revision: Option<&Revision>,
) -> Option<ContentHash> {
    let code = if subject.is_shipped() { Some(String::new()) } else { commit_of_clean_tree(options, revision) };
    let code = code?;
    let rounds = format!(
        "{:?} {} {:?} {:?}",
        options.event_loops,
        options.group.unwrap_or_else(|| subject.grouping()),
        options.stress,
        options.sandbox
    );
    let system = subject.surroundings();
    Some(ContentHash::of([identity.program.as_str(), system.as_str(), &code, &rounds]))
}

fn commit_of_clean_tree(options: &RunOptions, revision: Option<&Revision>) -> Option<String> {
    let commit = revision?.commit.clone()?;
    let reports = format!(":(exclude){}", options.report_dir.display());
    let changes = git(&options.root, &["status", "--porcelain", "--", ".", &reports])?;
    changes.is_empty().then_some(commit)
}
