//! What is tested and with what, as this machine has it; and the refusal of what is not the same.

use crate::adapter::LoadedSubject;
use crate::app::git::git;
use crate::app::source_files::{digest_of, digest_of_named, is_setting, is_source};
use crate::app::{AppError, RunOptions, ToolInfo};
use crate::event::{Difference, Identity, Product};
use crate::model::ContentHash;
use std::path::{Path, PathBuf};

/// Variables that decide how tests end.
const VARIABLES: [&str; 3] = ["TZ", "LANG", "LC_ALL"];

/// The identity of a run that begins here.
///
/// # Errors
/// If this program can't be read.
pub(super) fn identity(
    suite_name: Option<&str>,
    subject: &dyn LoadedSubject,
    tool: &ToolInfo,
    tree: &Path,
    reports: &Path,
) -> Result<Identity, AppError> {
    let program = std::fs::read(&tool.program).map_err(AppError::io(&tool.program))?;
    let python = subject.python();
    let set = |name: &&str| Some(((*name).to_owned(), tool.environment.get(*name)?.clone()));
    Ok(Identity {
        suite: suite_name.map_or_else(|| name_of_suite(subject, tree), str::to_owned),
        product: product(tree, reports),
        interpreter: python.as_ref().map(|python| python.interpreter.clone()),
        packages: python.map(|python| python.packages).unwrap_or_default(),
        system: tool.system.to_owned(),
        architecture: tool.architecture.to_owned(),
        program: ContentHash::of([program]),
        variables: VARIABLES.iter().filter_map(set).collect(),
    })
}

/// The identity of a run with these options.
///
/// # Errors
/// If this program can't be read.
pub(super) fn identity_of(
    options: &RunOptions,
    subject: &dyn LoadedSubject,
    tool: &ToolInfo,
    folder: &Path,
) -> Result<Identity, AppError> {
    let (tree, reports) = (tree_of(&options.root, folder), options.root.join(&options.report_dir));
    identity(options.suite_name.as_deref(), subject, tool, tree, &reports)
}

/// The tree under test: the project's, unless the subject stands elsewhere.
pub(super) fn tree_of<'a>(root: &'a Path, folder: &'a Path) -> &'a Path {
    let is_inside = match (root.canonicalize(), folder.canonicalize()) {
        (Ok(root), Ok(folder)) => folder.starts_with(root),
        _ => true,
    };
    if is_inside { root } else { folder }
}

/// What kind of suite it is, and where: the repository's name and the folder inside it. Without a repository, the kind.
fn name_of_suite(subject: &dyn LoadedSubject, tree: &Path) -> String {
    let (kind, place) = (subject.suite(), subject.place());
    let place = match (place_in_repository(tree), place.is_empty()) {
        (Some(outer), true) => outer,
        (Some(outer), false) => format!("{outer}/{place}"),
        (None, _) => place.to_owned(),
    };
    if place.is_empty() { kind } else { format!("{kind} in {place}") }
}

fn place_in_repository(tree: &Path) -> Option<String> {
    let inside = git(tree, &["rev-parse", "--show-prefix"])?;
    let remote = git(tree, &["config", "--get", "remote.origin.url"]);
    let of_remote = remote.and_then(|url| {
        let name = url.trim_end_matches('/').rsplit(['/', ':']).next()?.trim_end_matches(".git").to_owned();
        (!name.is_empty()).then_some(name)
    });
    // Worktrees of one repository share this folder.
    let shared = || {
        let common = PathBuf::from(git(tree, &["rev-parse", "--git-common-dir"])?);
        let common = tree.join(common).canonicalize().ok()?;
        let named = if common.file_name()? == ".git" { common.parent()? } else { &common };
        Some(named.file_name()?.to_string_lossy().trim_end_matches(".git").to_owned())
    };
    let repository = of_remote.or_else(shared)?;
    let inside = inside.trim_end_matches('/');
    Some(if inside.is_empty() { repository } else { format!("{repository}/{inside}") })
}

/// The code under test in a tree. What the program and the tests leave behind there is no part of it.
pub(super) fn product(tree: &Path, reports: &Path) -> Product {
    let commit = git(tree, &["rev-parse", "--verify", "-q", "HEAD"]).filter(|commit| !commit.is_empty());
    let Some(commit) = commit else { return Product { commit: None, files: digest_of(tree, reports) } };
    let top = git(tree, &["rev-parse", "--show-toplevel"]).map_or_else(|| tree.to_owned(), PathBuf::from);
    let reports = reports.canonicalize().unwrap_or_else(|_| reports.to_owned());
    let status = git(&top, &["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all"]);
    let status = status.unwrap_or_default();
    let mut changed: Vec<PathBuf> = Vec::new();
    for entry in status.split('\0') {
        // What `git` prints is trimmed: the first entry can lack the blank that stands for "not staged".
        let Some((state, path)) = entry.trim_start().split_once(' ') else { continue };
        let path = PathBuf::from(path.trim_start());
        let counts = !is_setting(&path) && (state != "??" || is_source(&path));
        if counts && !top.join(&path).starts_with(&reports) {
            changed.push(path);
        }
    }
    changed.sort();
    let files = (!changed.is_empty()).then(|| digest_of_named(&top, &changed));
    Product { commit: Some(commit), files }
}

/// Refuses to go on with what `file` says if it speaks of something else than what is here.
///
/// # Errors
/// If they differ: every difference, with both sides.
pub(super) fn refuse_others(file: &Path, recorded: Option<&Identity>, here: &Identity) -> Result<(), AppError> {
    let Some(recorded) = recorded else { return Ok(()) };
    let differences = recorded.differences(here);
    if differences.is_empty() {
        return Ok(());
    }
    Err(AppError::Usage(format!(
        "{}: not the same as when the run began:\n{}\nrun it where nothing has changed, or start a new run",
        file.display(),
        Difference::lines(&differences, "then", "now")
    )))
}
