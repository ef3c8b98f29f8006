//! The suites of a project, and the one that is meant.

use crate::adapter::SubjectProblem;
use crate::adapter::detect::found::FoundSuite;
use crate::adapter::detect::rules::all;
use std::path::Path;

/// The suites of a project, each once: the one first that the project's files say most of.
pub fn found_suites(root: &Path) -> Vec<FoundSuite> {
    let mut found: Vec<FoundSuite> = Vec::new();
    for suite in all(root) {
        if !found.iter().any(|known| known.suite == suite.suite) {
            found.push(suite);
        }
    }
    found
}

/// The one suite of a project.
///
/// # Errors
/// If its files show none, or several: with a line for each that says how to choose it.
pub fn the_suite(root: &Path) -> Result<FoundSuite, SubjectProblem> {
    let mut found = found_suites(root);
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(SubjectProblem::Usage(
            "no file here shows which runner the suite has; name it: --suite pytest:. or --suite command:PROFILE (a shipped \
             profile, or a file of your own: docs/suites.md)"
                .to_owned(),
        )),
        _ => {
            let lines: Vec<String> =
                found.iter().map(|suite| format!("  --suite {:<24}{}", suite.suite, suite.because)).collect();
            Err(SubjectProblem::Usage(format!("several suites are here; choose one:\n{}", lines.join("\n"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder around it")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let found: Vec<String> = found_suites(folder.path()).into_iter().map(|found| found.suite).collect();
        assert_eq!(found, expected, "{files:?}");
    }

    #[test]
    fn files_of_configuration_name_the_runner() {
        check(&[("pytest.ini", "[pytest]\n")], &["pytest:."]);
        check(&[("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-q'\n")], &["pytest:."]);
        check(&[("pyproject.toml", "[project]\nname = 'x'\n")], &[]);
        check(&[("setup.cfg", "[metadata]\nname = x\n[tool:pytest]\n")], &["pytest:."]);
        check(&[("tox.ini", "[tox]\n[pytest]\n")], &["pytest:."]);
        check(&[("package.json", r#"{"devDependencies": {"jest": "30"}}"#)], &["command:jest"]);
        check(&[("package.json", r#"{"devDependencies": {"vitest": "4"}}"#)], &["command:vitest"]);
        check(&[("Cargo.toml", "[package]\nname = 'x'\n")], &["command:cargo"]);
        check(&[("Cargo.toml", "[workspace]\n"), (".config/nextest.toml", "")], &["command:cargo-nextest"]);
        check(&[("go.mod", "module x\n")], &["command:go-test"]);
        check(&[("phpunit.xml", "<phpunit/>")], &["command:phpunit"]);
        check(&[("composer.json", r#"{"require-dev": {"phpunit/phpunit": "^9"}}"#)], &["command:phpunit"]);
        check(&[("pom.xml", "<artifactId>junit-jupiter</artifactId>")], &["command:junit5"]);
        check(&[("build.gradle", "plugins {}")], &[]);
        check(&[("mix.exs", "")], &["command:exunit"]);
        check(&[("test/cart.bats", "")], &["command:bats"]);
        check(&[("t/cart.t", "")], &["command:prove"]);
        check(&[("package.json", r#"{"devDependencies": {"@playwright/test": "1"}}"#)], &["command:playwright"]);
        check(&[(".rspec", "--require spec_helper\n")], &["command:rspec"]);
        check(&[("Gemfile", "gem 'rspec-rails'\n"), ("spec/a_spec.rb", "")], &["command:rspec"]);
    }

    #[test]
    fn specs_are_those_of_the_library_that_they_load() {
        check(&[("test/spec_cart.rb", "require_relative 'helper'\n")], &["command:minitest"]);
        check(&[("test/test_helper.rb", "require 'minitest/autorun'\n")], &[]);
        let spec = "require 'minitest/autorun'\ndescribe 'a cart' do\nend\n";
        check(&[("spec/cart_spec.rb", spec)], &["command:minitest"]);
        check(&[("spec/cart_spec.rb", "RSpec.describe 'a cart' do\nend\n")], &["command:rspec"]);
    }

    #[test]
    fn tests_show_the_runner_where_nothing_is_configured() {
        check(&[("tests/test_a.py", "def test_a(): pass\n")], &["pytest:."]);
        check(&[("src/deep/a_test.py", "import pytest\n")], &["pytest:."]);
        check(&[("conftest.py", "")], &["pytest:."]);
        check(&[("latest.py", ""), ("node_modules/x/test_a.py", "")], &[]);
    }

    #[test]
    fn suites_of_unittest_are_known_by_what_they_import() {
        let unittest = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n";
        check(&[("tests/test_a.py", unittest)], &["command:unittest"]);
        check(&[("tests/test_a.py", unittest), ("pytest.ini", "[pytest]\n")], &["pytest:."]);
        check(&[("tests/test_a.py", unittest), ("tests/test_b.py", "import pytest\n")], &["pytest:."]);
        let manage = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'x.settings')\n";
        check(&[("manage.py", manage), ("shop/tests.py", "")], &["command:django"]);
        check(
            &[("manage.py", manage), ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = x.settings\n")],
            &["pytest:."],
        );
    }

    #[test]
    fn a_script_that_tests_decides_between_runners_of_one_package() {
        let both = r#"{"scripts": {"test": "vitest run"}, "devDependencies": {"jest": "30", "vitest": "4"}}"#;
        check(&[("package.json", both)], &["command:vitest"]);
        let neither = r#"{"devDependencies": {"jest": "30", "vitest": "4"}}"#;
        check(&[("package.json", neither)], &["command:jest", "command:vitest"]);
        check(&[("package.json", r#"{"scripts": {"test": "node --test test/"}}"#)], &["command:node"]);
        check(
            &[("package.json", r#"{"scripts": {"test": "mocha"}, "devDependencies": {"mocha": "11"}}"#)],
            &["command:mocha"],
        );
        let by_others = r#"{"scripts": {"test": "npm run lint && npm run test:unit", "lint": "eslint", "test:unit": "c8 --100 node --test"}}"#;
        check(&[("package.json", by_others)], &["command:node"]);
        check(&[("package.json", r#"{"scripts": {"test": "npm test"}}"#)], &[]);
    }

    #[test]
    fn several_suites_are_all_named_with_how_to_choose() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("go.mod"), "module x\n").expect("a file");
        fs::write(folder.path().join("pytest.ini"), "[pytest]\n").expect("a file");
        let error = the_suite(folder.path()).expect_err("two").to_string();
        assert!(error.contains("--suite pytest:.") && error.contains("--suite command:go-test"), "{error}");
        assert!(error.contains("go.mod"), "{error}");
        fs::remove_file(folder.path().join("go.mod")).expect("removed");
        assert_eq!(the_suite(folder.path()).expect("one").suite, "pytest:.");
        fs::remove_file(folder.path().join("pytest.ini")).expect("removed");
        assert!(the_suite(folder.path()).expect_err("none").to_string().contains("name it"));
    }
}
