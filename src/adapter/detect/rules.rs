//! What files show of runners, a rule for each language.

use crate::adapter::detect::files::{below, name, text};
use crate::adapter::detect::found::FoundSuite;
use crate::adapter::is_shipped_profile;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Runners of JavaScript by the package that brings them, with the words that start them in a script.
const JAVASCRIPT: &[(&str, &str, &str)] = &[
    ("jest", "jest", "jest"),
    ("vitest", "vitest", "vitest"),
    ("mocha", "mocha", "mocha"),
    ("@playwright/test", "playwright", "playwright test"),
    ("bun-types", "bun", "bun test"),
];

/// A project under examination.
struct Project<'a> {
    root: &'a Path,
    files: Vec<PathBuf>,
}

/// All suites that a project's files show, the ones of a configured runner first.
pub(super) fn all(root: &Path) -> Vec<FoundSuite> {
    let project = Project { root, files: below(root) };
    let mut found = Vec::new();
    found.extend(project.python());
    found.extend(project.javascript());
    found.extend(project.rust());
    found.extend(project.by_file("go.mod", "go-test"));
    found.extend(project.ruby());
    found.extend(project.php());
    found.extend(project.java());
    found.extend(project.by_file("mix.exs", "exunit"));
    found.extend(project.shell());
    found
}

fn pytest(because: &str) -> FoundSuite {
    FoundSuite { suite: "pytest:.".to_owned(), because: because.to_owned() }
}

/// A suite of a shipped profile; none if there is no such profile.
fn command(profile: &str, because: impl Into<String>) -> Option<FoundSuite> {
    is_shipped_profile(profile).then(|| FoundSuite { suite: format!("command:{profile}"), because: because.into() })
}

/// What the script `test` of package.json comes to: its text, and those of the scripts that it starts by `npm run NAME`
/// and the like, in turn.
fn testing_script(scripts: &Value) -> String {
    let mut names = vec!["test".to_owned()];
    let mut at = 0;
    let mut whole = String::new();
    while let Some(name) = names.get(at) {
        at += 1;
        let Some(text) = scripts[name.as_str()].as_str() else { continue };
        whole.push_str(text);
        whole.push('\n');
        // The name of another script is a word of its own, whoever starts it.
        for word in text.split(|c: char| c.is_whitespace() || ";&|()\"'".contains(c)) {
            if scripts.get(word).is_some() && !names.iter().any(|known| known == word) {
                names.push(word.to_owned());
            }
        }
    }
    whole
}

impl Project<'_> {
    fn text(&self, name: &str) -> Option<String> {
        text(self.root, name)
    }

    /// A pipe or a device of that name would keep the runner waiting for ever.
    fn has(&self, name: &str) -> bool {
        self.root.join(name).is_file()
    }

    /// The first file of which this holds.
    fn first(&self, holds: impl Fn(&Path, &str) -> bool) -> Option<&Path> {
        self.files.iter().map(PathBuf::as_path).find(|path| holds(path, &name(path)))
    }

    fn by_file(&self, file: &str, profile: &str) -> Option<FoundSuite> {
        self.has(file).then(|| command(profile, format!("{file} is here"))).flatten()
    }

    fn python(&self) -> Option<FoundSuite> {
        let sections = [
            ("pyproject.toml", "[tool.pytest"),
            ("pytest.toml", "[pytest]"),
            ("pytest.ini", ""),
            (".pytest.ini", ""),
            ("setup.cfg", "[tool:pytest]"),
            ("tox.ini", "[pytest]"),
        ];
        for (file, section) in sections {
            if self.text(file).is_some_and(|text| text.lines().any(|line| line.trim_start().starts_with(section))) {
                return Some(pytest(&format!("{file} configures pytest")));
            }
        }
        if let Some(file) = self.first(|_, name| name == "conftest.py") {
            return Some(pytest(&format!("{} is pytest's", file.display())));
        }
        if self.text("manage.py").is_some_and(|text| text.contains("DJANGO_SETTINGS_MODULE")) {
            return command("django", "manage.py is Django's");
        }
        let is_test = |name: &str| name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"));
        let tests: Vec<&PathBuf> = self.files.iter().filter(|path| is_test(&name(path))).collect();
        let first = tests.first()?;
        let texts = || tests.iter().filter_map(|path| self.text(&path.to_string_lossy()));
        let is_unittest = texts().any(|text| text.contains("unittest")) && texts().all(|text| !text.contains("pytest"));
        let of_unittest = is_unittest.then(|| command("unittest", format!("{} imports unittest", first.display())));
        of_unittest.flatten().or_else(|| Some(pytest(&format!("{} is a test", first.display()))))
    }

    /// The runners that package.json names; only the one that its script of tests starts, if it starts one.
    fn javascript(&self) -> Vec<FoundSuite> {
        let Some(package) = self.text("package.json").and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
            return Vec::new();
        };
        let script = testing_script(&package["scripts"]);
        let starts = |words: &str| {
            let at = script.find(words);
            at.is_some_and(|at| {
                let before = script[..at].chars().next_back();
                let after = script[at + words.len()..].chars().next();
                let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '-');
                is_end(before) && is_end(after)
            })
        };
        let started = JAVASCRIPT.iter().find(|(_, _, words)| starts(words));
        if let Some((_, profile, words)) = started {
            return command(profile, format!("the test script of package.json starts `{words}`")).into_iter().collect();
        }
        if starts("node --test") || starts("--test") && starts("node") || starts("borp") {
            return command("node", "the test script of package.json starts `node --test`").into_iter().collect();
        }
        let names = |package_name: &str| {
            ["devDependencies", "dependencies"].iter().any(|key| package[*key].get(package_name).is_some())
        };
        let mut found: Vec<FoundSuite> = JAVASCRIPT
            .iter()
            .filter(|(package, ..)| names(package))
            .filter_map(|(package, profile, _)| command(profile, format!("package.json names {package}")))
            .collect();
        if found.is_empty() && package.get("jest").is_some() {
            found.extend(command("jest", "package.json configures jest"));
        }
        found
    }

    fn rust(&self) -> Option<FoundSuite> {
        if self.has(".config/nextest.toml") {
            return command("cargo-nextest", ".config/nextest.toml configures nextest");
        }
        self.by_file("Cargo.toml", "cargo")
    }

    /// Java's builds name their runner.
    fn java(&self) -> Option<FoundSuite> {
        let builds = ["pom.xml", "build.gradle", "build.gradle.kts"];
        let build = builds.into_iter().find(|file| self.text(file).is_some_and(|text| text.contains("junit")))?;
        command("junit5", format!("{build} names JUnit"))
    }

    fn ruby(&self) -> Vec<FoundSuite> {
        let gemfile = self.text("Gemfile").unwrap_or_default();
        let mut found = Vec::new();
        let of_minitest = |file: &Path| {
            let helper = self.text("spec/spec_helper.rb").or_else(|| self.text("spec/minitest_helper.rb"));
            [helper, self.text(&file.to_string_lossy())].into_iter().flatten().any(|text| text.contains("minitest"))
        };
        if self.has(".rspec") {
            found.extend(command("rspec", ".rspec configures RSpec"));
        } else if let Some(file) = self.first(|path, name| name.ends_with("_spec.rb") && !path.starts_with("test")) {
            let profile = if of_minitest(file) { "minitest" } else { "rspec" };
            found.extend(command(profile, format!("{} is a spec", file.display())));
        } else if gemfile.contains("rspec") {
            found.extend(command("rspec", "Gemfile names rspec"));
        }
        let is_test = |path: &Path, name: &str| {
            path.starts_with("test")
                && name.ends_with(".rb")
                && (["_test.rb", "_spec.rb"].iter().any(|end| name.ends_with(end))
                    || ["test_", "spec_"].iter().any(|begin| name.starts_with(begin)))
                && !name.ends_with("_helper.rb")
        };
        if let Some(file) = self.first(is_test) {
            found.extend(command("minitest", format!("{} is a test", file.display())));
        }
        found
    }

    fn php(&self) -> Option<FoundSuite> {
        let file = ["phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"].into_iter().find(|file| self.has(file));
        if let Some(file) = file {
            return command("phpunit", format!("{file} configures PHPUnit"));
        }
        let composer: Value = serde_json::from_str(&self.text("composer.json")?).ok()?;
        let is_named = ["require-dev", "require"].iter().any(|key| composer[*key].get("phpunit/phpunit").is_some());
        is_named.then(|| command("phpunit", "composer.json names phpunit/phpunit")).flatten()
    }

    /// Suites of ctest, bats and prove, which have no file of configuration.
    fn shell(&self) -> Vec<FoundSuite> {
        let mut found = Vec::new();
        if self.has("CTestTestfile.cmake") || self.has("build/CTestTestfile.cmake") {
            found.extend(command("ctest", "CTestTestfile.cmake is CMake's list of tests"));
        }
        if let Some(file) = self.first(|_, name| name.ends_with(".bats")) {
            found.extend(command("bats", format!("{} is a suite of bats", file.display())));
        }
        if let Some(file) = self.first(|path, name| path.starts_with("t") && name.ends_with(".t")) {
            found.extend(command("prove", format!("{} is a test of prove", file.display())));
        }
        found
    }
}
