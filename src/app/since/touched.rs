//! Which cases a change touches, as far as files tell.

use crate::adapter::LoadedSubject;
use crate::app::git::git;
use crate::app::since::imports::Imports;
use crate::app::{AppError, RunOptions};
use crate::model::CaseIndex;
use crate::report::count;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files that say something of every Python file in their folder and below it.
const OF_A_FOLDER: [&str; 2] = ["conftest.py", "__init__.py"];

/// Above so many cases, a change that touches more than half of them is not told apart: ten times the rounds for most of a
/// suite is another effort, which should be asked for.
const FEW: usize = 20;

/// What a change touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Since {
    /// The commit that the tree is compared with.
    pub commit: String,
    /// The cases that get more rounds.
    pub cases: Vec<CaseIndex>,
    /// What is told of it.
    pub note: String,
}

/// Compares the project's tree with the revision that was named, if one was.
///
/// # Errors
/// If git knows no such revision.
pub(in crate::app) fn since(options: &RunOptions, subject: &dyn LoadedSubject) -> Result<Option<Since>, AppError> {
    let Some(revision) = &options.since else { return Ok(None) };
    let root = &options.root;
    let commit = base(root, revision)?;
    let changed = changed_files(root, &commit).ok_or_else(|| unknown(revision))?;
    let files: Vec<Option<PathBuf>> = subject.cases().iter().map(|case| file_of(subject.place(), &case.file)).collect();
    let touched = touched(root, &root.join(subject.place()), &files, &changed);
    let is_touched = |file: &Option<PathBuf>| file.as_ref().is_some_and(|file| touched.contains(file));
    let cases: Vec<CaseIndex> =
        CaseIndex::all().zip(&files).filter(|(_, file)| is_touched(file)).map(|(case, _)| case).collect();
    let short = commit.get(..12).unwrap_or(&commit);
    let since = if commit.starts_with(revision.as_str()) { short.to_owned() } else { format!("{revision} ({short})") };
    let is_most = cases.len() * 2 > files.len() && files.len() > FEW;
    let note = match (changed.len(), cases.len()) {
        (0, _) => format!("nothing changed since {since}: all cases get the same rounds"),
        (number, 0) => {
            let files = count(number, "file");
            format!("{files} changed since {since}, which no case is known to touch: all cases get the same rounds")
        }
        (number, touched) if is_most => format!(
            "{} changed since {since}, which touch {touched} of {}: too many to tell apart, so that all get the same rounds; \
             --effort thorough gives them more",
            count(number, "file"),
            count(files.len(), "case")
        ),
        (number, touched) => format!(
            "{} changed since {since}: {touched} of {} stand in them or import them, and get ten times the rounds",
            count(number, "file"),
            count(files.len(), "case")
        ),
    };
    let unknown = files.iter().filter(|file| file.is_none()).count();
    let note = match unknown {
        0 => note,
        number => format!("{note}; of {} no file is known", count(number, "case")),
    };
    Ok(Some(Since { commit, cases: if is_most { Vec::new() } else { cases }, note }))
}

/// The commit from which the tree parted: what others added to a branch since is no change of this tree.
fn base(root: &Path, revision: &str) -> Result<String, AppError> {
    // A revision that begins with a dash would be an option.
    let named = format!("{revision}^{{commit}}");
    let commit = git(root, &["rev-parse", "--verify", "--end-of-options", &named]).filter(|commit| !commit.is_empty());
    let commit = commit.ok_or_else(|| unknown(revision))?;
    Ok(git(root, &["merge-base", &commit, "HEAD"]).filter(|base| !base.is_empty()).unwrap_or(commit))
}

fn unknown(revision: &str) -> AppError {
    AppError::Usage(format!(
        "git knows no revision `{revision}` here: give a branch, a tag or a commit; in CI fetch its history as well \
         (fetch-depth: 0)"
    ))
}

/// The files that are not as they were, relative to the project: changed, added, or gone.
fn changed_files(root: &Path, commit: &str) -> Option<BTreeSet<PathBuf>> {
    let changed = git(root, &["diff", "--name-only", "--no-renames", "--relative", "-z", commit, "--", "."])?;
    let added = git(root, &["ls-files", "--others", "--exclude-standard", "-z", "--", "."])?;
    let names = changed.split('\0').chain(added.split('\0')).filter(|name| !name.is_empty());
    Some(names.map(PathBuf::from).collect())
}

/// The file of a case, relative to the project.
fn file_of(place: &str, file: &str) -> Option<PathBuf> {
    if file.is_empty() {
        return None;
    }
    let joined = Path::new(place).join(file);
    // Folders that lead back and forth name the same file.
    let mut plain = PathBuf::new();
    for part in joined.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// The files of cases that a change touches: changed themselves, below a changed `conftest.py`, or importing
/// what is changed.
fn touched(root: &Path, suite: &Path, files: &[Option<PathBuf>], changed: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let files: BTreeSet<&PathBuf> = files.iter().flatten().collect();
    if changed.is_empty() {
        return BTreeSet::new();
    }
    let of_folders: BTreeSet<PathBuf> = files.iter().flat_map(|file| of_folders_of(file)).collect();
    let existing = of_folders.iter().filter(|file| root.join(file).is_file());
    let imports = Imports::of(root, suite, files.iter().copied().chain(existing));
    let affected = imports.leading_to(changed);
    let is_below_changed = |file: &Path| of_folders_of(file).any(|file| affected.contains(&file));
    files.into_iter().filter(|file| affected.contains(*file) || is_below_changed(file)).cloned().collect()
}

/// The files that say something of all Python files around this one.
fn of_folders_of(file: &Path) -> impl Iterator<Item = PathBuf> {
    let is_python = file.extension().is_some_and(|ending| ending == "py");
    let folders = file.ancestors().skip(1).filter(move |_| is_python);
    folders.flat_map(|folder| OF_A_FOLDER.map(|name| folder.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tree: &[(&str, &str)], changed: &[&str], expected: &[&str]) {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in tree {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder around it")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let is_test = |path: &str| path.contains("test_") || path.contains(".test.");
        let files: Vec<Option<PathBuf>> =
            tree.iter().filter(|(path, _)| is_test(path)).map(|(path, _)| file_of("", path)).collect();
        let changed = changed.iter().map(PathBuf::from).collect();
        let found = touched(root.path(), &root.path().join("tests"), &files, &changed);
        let found: Vec<&str> = found.iter().filter_map(|path| path.to_str()).collect();
        assert_eq!(found, expected, "{changed:?}");
    }

    #[test]
    fn imports_lead_from_a_test_to_what_changed() {
        let python = [
            ("shop/__init__.py", ""),
            ("shop/cart.py", "from . import (\n    tax,  # rates\n    money,\n)\n"),
            ("shop/tax.py", "import os\n"),
            ("shop/money.py", ""),
            ("src/stock/items.py", "from shop.tax import rate\n"),
            ("tests/test_cart.py", "import shop.cart as cart, sys\n"),
            ("tests/test_stock.py", "def test_a():\n    from stock.items import count\n"),
            ("tests/unit/test_alone.py", "text = 'import shop.cart'\n"),
            ("tests/unit/test_near.py", "import helper\n"),
            ("tests/unit/helper.py", ""),
            ("tests/deep/conftest.py", "import shop.money\n"),
            ("tests/deep/test_deep.py", ""),
        ];
        check(&python, &["shop/tax.py"], &["tests/test_cart.py", "tests/test_stock.py"]);
        check(&python, &["shop/money.py"], &["tests/deep/test_deep.py", "tests/test_cart.py"]);
        check(&python, &["tests/unit/test_alone.py"], &["tests/unit/test_alone.py"]);
        check(&python, &["tests/unit/helper.py"], &["tests/unit/test_near.py"]);
        check(&python, &["tests/unit/conftest.py"], &["tests/unit/test_alone.py", "tests/unit/test_near.py"]);
        check(&python, &["README.md"], &[]);
        let javascript = [
            ("src/cart.js", "const { rate } = require('./tax');\n"),
            ("src/tax/index.js", "export const rate = 1;\n"),
            ("src/cart.test.js", "import { add } from \"./cart.js\";\n"),
            ("src/other.test.ts", "import * as react from 'react';\n"),
        ];
        check(&javascript, &["src/tax/index.js"], &["src/cart.test.js"]);
        check(&javascript, &["src/other.test.ts"], &["src/other.test.ts"]);
    }
}
