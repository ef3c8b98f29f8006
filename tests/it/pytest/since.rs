//! `--since`: what a change touches gets ten times the rounds.

use crate::cli::kit::{Project, case};
use crate::pytest::kit::{Suite, notes};
use std::process::Command;

/// A plan of few rounds that nothing is added to.
const FEW: &[&str] = &["--rounds", "5", "--no-alone", "--no-leaks"];

#[track_caller]
fn git(project: &Project, arguments: &[&str]) {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
    let ran = Command::new("git").args(identity).args(arguments).current_dir(project.path(".")).output();
    let ran = ran.expect("git is there");
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A repository with a suite of a few tests; nothing where there is no pytest or no git.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn repository() -> Option<Suite> {
    if Command::new("git").arg("--version").output().is_err() {
        eprintln!("skipped: there is no git");
        return None;
    }
    let suite = Suite::empty()?
        .with("shop.py", "def price():\n    return 3\n")
        .with("test_old.py", "def test_one():\n    pass\n\n\ndef test_two():\n    pass\n")
        .with("test_shop.py", "import shop\n\n\ndef test_price():\n    assert shop.price() == 3\n");
    suite.project.write(".gitignore", "reports/\n__pycache__/\n.pytest_cache/\n");
    git(&suite.project, &["init", "-q", "-b", "main"]);
    git(&suite.project, &["add", "-A"]);
    git(&suite.project, &["commit", "-q", "-m", "first"]);
    Some(suite)
}

/// How often each test ran in planned rounds.
fn trials(suite: &Suite, id: &str) -> u64 {
    case(&suite.project.report(), id)["trials"].as_u64().expect("a number")
}

#[test]
fn a_new_test_that_fails_once_in_eight_times_is_found_where_the_usual_rounds_miss_it() {
    let Some(suite) = repository() else { return };
    // A counter outside of the project, so that the eighth try fails whatever the seed is.
    let folder = tempfile::tempdir().expect("a folder");
    let tries = folder.path().join("tries");
    let new = format!(
        "import pathlib\n\ntries = pathlib.Path({:?})\n\n\ndef test_new():\n    tries.write_text(tries.read_text() + '.')\n    \
         assert len(tries.read_text()) % 8\n",
        tries.display()
    );
    suite.project.write("suite/test_new.py", new);
    for seed in ["1", "2"] {
        std::fs::write(&tries, "").expect("a file");
        suite.command("run", &[FEW, &["--seed", seed]].concat());
        let usual = case(&suite.project.report(), "test_new.py::test_new").clone();
        assert_eq!(usual["failures"], 0, "its first seven tries pass: {usual}");
        std::fs::write(&tries, "").expect("a file");
        let ended = suite.command("run", &[FEW, &["--seed", seed, "--since", "HEAD"]].concat());
        let report = suite.project.report();
        let found = case(&report, "test_new.py::test_new");
        assert!(found["failures"].as_u64().expect("a number") >= 5, "{found}");
        assert_ne!(found["verdict"], "stable");
        assert_eq!(case(&report, "test_old.py::test_one")["verdict"], "stable");
        ended.exits(1).says(&["1 file changed since HEAD", "1 of 4 cases stand in them or import them"]);
        assert_eq!((trials(&suite, "test_new.py::test_new"), trials(&suite, "test_old.py::test_one")), (52, 7));
    }
}

#[test]
fn what_imports_a_changed_file_is_looked_at_more_closely_and_nothing_where_nothing_changed() {
    let Some(suite) = repository() else { return };
    suite.command("run", &[FEW, &["--since", "HEAD"]].concat()).exits(0).says(&["nothing changed since HEAD"]);
    git(&suite.project, &["checkout", "-q", "-b", "change"]);
    suite.project.write("suite/shop.py", "def price():\n    return 1 + 2\n");
    git(&suite.project, &["commit", "-qam", "change"]);
    // What others did on the branch meanwhile is no change of this one.
    git(&suite.project, &["checkout", "-q", "main"]);
    suite.project.write("suite/test_old.py", "def test_one():\n    pass\n\n\ndef test_two():\n    assert True\n");
    git(&suite.project, &["commit", "-qam", "theirs"]);
    git(&suite.project, &["checkout", "-q", "change"]);
    suite.command("run", &[FEW, &["--since", "main"]].concat()).exits(0).says(&["1 file changed since main"]);
    assert_eq!((trials(&suite, "test_shop.py::test_price"), trials(&suite, "test_old.py::test_two")), (52, 7));
    assert!(notes(&suite.project).iter().any(|note| note.contains("1 of 3 cases stand in them or import them")));
    suite.command("run", &["--since", "nowhere"]).exits(2).says(&["git knows no revision `nowhere`", "fetch-depth: 0"]);
}
