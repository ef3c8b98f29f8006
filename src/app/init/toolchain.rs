//! What a CI service must set up before the tests of a project can run.

use crate::disk::read_text;
use std::path::Path;

/// The longest file of a project that is looked into, in bytes.
const LONGEST: u64 = 1 << 20;

/// How the language of a project is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// Python, and the runner that is installed besides what the project asks for.
    Python(Option<&'static str>),
    Node,
    /// Node, and the browsers of Playwright.
    Browsers,
    Bun,
    Go,
    Rust,
    /// Rust, and cargo-nextest.
    Nextest,
    /// Ruby, and the gem that has the runner.
    Ruby(&'static str),
    Php,
    Elixir,
    /// Tests in C and C++, which CMake builds.
    CMake,
    Bats,
    /// What a machine of the service has anyhow; scenarios need nothing.
    None,
}

impl Toolchain {
    /// That of a suite, by what `--suite` takes.
    pub(super) fn of(suite: &str) -> Self {
        let runner = suite.strip_prefix("command:").unwrap_or(suite);
        match runner.split(':').next().unwrap_or(runner) {
            "pytest" => Self::Python(Some("pytest")),
            "unittest" | "django" => Self::Python(None),
            "jest" | "jest-processes" | "vitest" | "node" | "mocha" => Self::Node,
            "playwright" => Self::Browsers,
            "bun" => Self::Bun,
            "go-test" => Self::Go,
            "cargo" | "libtest" => Self::Rust,
            "cargo-nextest" => Self::Nextest,
            "rspec" => Self::Ruby("rspec"),
            "minitest" => Self::Ruby("minitest"),
            "phpunit" => Self::Php,
            "exunit" => Self::Elixir,
            "ctest" | "gtest" => Self::CMake,
            "bats" => Self::Bats,
            _ => Self::None,
        }
    }

    /// The steps of a GitHub job.
    pub(super) fn github(self, root: &Path) -> String {
        let has = |name: &str| root.join(name).exists();
        let set_up = match self {
            Self::Python(_) => "actions/setup-python@v5\n        with: { python-version: \"3.x\" }",
            Self::Node | Self::Browsers => "actions/setup-node@v4\n        with: { node-version: \"lts/*\" }",
            Self::Bun => "oven-sh/setup-bun@v2",
            Self::Go => "actions/setup-go@v5\n        with: { go-version-file: go.mod }",
            // Without one of these files it has to be told a version.
            Self::Ruby(_) if [".ruby-version", ".tool-versions", "mise.toml"].into_iter().any(has) => {
                "ruby/setup-ruby@v1"
            }
            Self::Ruby(_) => "ruby/setup-ruby@v1\n        with: { ruby-version: ruby }",
            Self::Elixir => "erlef/setup-beam@v1\n        with: { otp-version: \"27\", elixir-version: \"1.18\" }",
            Self::Rust | Self::Nextest | Self::Php | Self::CMake | Self::Bats | Self::None => "",
        };
        let set_up = if set_up.is_empty() { String::new() } else { format!("      - uses: {set_up}\n") };
        let commands: String =
            self.commands(root, "sudo ").iter().map(|command| format!("      - run: {command}\n")).collect();
        (set_up + &commands).trim_end().to_owned()
    }

    /// The lines of a GitLab script.
    pub(super) fn gitlab(self, root: &Path) -> String {
        let commands: String = self.commands(root, "").iter().map(|command| format!("    - {command}\n")).collect();
        commands.trim_end().to_owned()
    }

    /// The image in which the tests can run.
    pub(super) fn image(self) -> &'static str {
        match self {
            Self::Python(_) => "python:3",
            Self::Node | Self::Browsers => "node:lts",
            Self::Bun => "oven/bun:debian",
            Self::Go => "golang:1",
            Self::Rust | Self::Nextest => "rust:1",
            Self::Ruby(_) => "ruby:3",
            Self::Php => "composer:2",
            Self::Elixir => "elixir:1",
            Self::CMake | Self::Bats | Self::None => "buildpack-deps:stable",
        }
    }

    /// What brings the tests' own needs, as far as the project's files say. `as_root` begins a command that needs root.
    fn commands(self, root: &Path, as_root: &str) -> Vec<String> {
        let has = |name: &str| root.join(name).exists();
        let install =
            |package: &str| [format!("{as_root}apt-get update"), format!("{as_root}apt-get install --yes {package}")];
        let mut commands: Vec<String> = Vec::new();
        match self {
            Self::Python(runner) => commands.extend(python(root, runner)),
            Self::Node | Self::Browsers => {
                let given: &[&str] = match () {
                    () if has("pnpm-lock.yaml") => &["corepack enable", "pnpm install --frozen-lockfile"],
                    () if has("yarn.lock") => &["corepack enable", "yarn install"],
                    () if has("package-lock.json") || has("npm-shrinkwrap.json") => &["npm ci"],
                    () if has("package.json") => &["npm install"],
                    () => &[],
                };
                commands.extend(given.iter().map(|command| (*command).to_owned()));
                if self == Self::Browsers {
                    commands.push("npx playwright install --with-deps".to_owned());
                }
            }
            Self::Bun => commands.push("bun install".to_owned()),
            Self::Nextest => {
                let archive = "curl --fail --silent --show-error --location https://get.nexte.st/latest/linux";
                commands.push(format!("{archive} | tar -xz -C \"${{CARGO_HOME:-$HOME/.cargo}}/bin\""));
            }
            Self::Ruby(_) if has("Gemfile") => commands.push("bundle install".to_owned()),
            Self::Ruby(gem) => commands.push(format!("gem install {gem}")),
            Self::Php if has("composer.json") => commands.push("composer install --no-interaction".to_owned()),
            Self::Elixir => commands.extend(["mix local.hex --force".to_owned(), "mix deps.get".to_owned()]),
            Self::CMake => {
                if as_root.is_empty() {
                    commands.extend(install("cmake"));
                }
                if has("CMakeLists.txt") {
                    commands.push("cmake -S . -B build && cmake --build build".to_owned());
                }
            }
            Self::Bats => commands.extend(install("bats")),
            Self::Go | Self::Rust | Self::Php | Self::None => {}
        }
        commands
    }
}

/// How a project in Python is installed, with the extra or the group that has what its tests need.
fn python(root: &Path, runner: Option<&str>) -> Vec<String> {
    let has = |name: &str| root.join(name).exists();
    let requirements = ["requirements.txt", "requirements-dev.txt", "requirements-test.txt", "dev-requirements.txt"];
    let mut commands: Vec<String> = requirements
        .into_iter()
        .filter(|file| has(file))
        .map(|file| format!("python -m pip install -r {file}"))
        .collect();
    let text = read_text(&root.join("pyproject.toml"), LONGEST).unwrap_or_default();
    let project: toml::Table = text.parse().unwrap_or_default();
    let table = |path: &[&str]| {
        path.iter().try_fold(&project, |table, name| table.get(*name)?.as_table()).filter(|table| !table.is_empty())
    };
    let for_tests = |of: Option<&toml::Table>| {
        ["test", "tests", "testing", "dev"].into_iter().find(|name| of.is_some_and(|of| of.contains_key(*name)))
    };
    // Without these, the file only configures tools.
    let is_package =
        [&["project"][..], &["build-system"], &["tool", "poetry"]].into_iter().any(|path| table(path).is_some());
    if is_package || has("setup.py") {
        let extra = for_tests(table(&["project", "optional-dependencies"]));
        let extra = extra.map(|name| format!("[{name}]")).unwrap_or_default();
        commands.push(format!("python -m pip install -e \".{extra}\""));
    }
    if let Some(group) = for_tests(table(&["dependency-groups"])) {
        commands.push(format!("python -m pip install --group {group}"));
    }
    commands.extend(runner.map(|runner| format!("python -m pip install {runner}")));
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(suite: &str, files: &[(&str, &str)], github: &[&str], gitlab: &[&str]) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let toolchain = Toolchain::of(suite);
        let lines = |text: String| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
        assert_eq!(lines(toolchain.github(folder.path())), github);
        assert_eq!(lines(toolchain.gitlab(folder.path())), gitlab);
    }

    #[test]
    fn python_is_installed_as_its_files_say() {
        let set_up = ["- uses: actions/setup-python@v5", "with: { python-version: \"3.x\" }"];
        let with = |commands: &[&'static str], files: &[(&str, &str)], suite: &str| {
            let github: Vec<String> = commands.iter().map(|command| format!("- run: {command}")).collect();
            let github: Vec<&str> = set_up.into_iter().chain(github.iter().map(String::as_str)).collect();
            let gitlab: Vec<String> = commands.iter().map(|command| format!("- {command}")).collect();
            check(suite, files, &github, &gitlab.iter().map(String::as_str).collect::<Vec<_>>());
        };
        let pytest = "python -m pip install pytest";
        with(&[pytest], &[], "pytest:.");
        with(&[], &[], "command:unittest");
        // A file that configures tools alone can't be installed.
        with(&[pytest], &[("pyproject.toml", "[tool.ruff]\nline-length = 100\n")], "pytest:.");
        let extra = "[project]\nname = \"shop\"\n[project.optional-dependencies]\ntest = [\"responses\"]\n";
        with(&["python -m pip install -e \".[test]\"", pytest], &[("pyproject.toml", extra)], "pytest:.");
        let group = "[project]\nname = \"shop\"\n[dependency-groups]\ndev = [\"responses\"]\n";
        let expected = ["python -m pip install -e \".\"", "python -m pip install --group dev", pytest];
        with(&expected, &[("pyproject.toml", group)], "pytest:.");
        with(&["python -m pip install -r requirements.txt", pytest], &[("requirements.txt", "")], "pytest:tests");
    }

    #[test]
    fn ruby_is_told_a_version_unless_a_file_says_one() {
        let (newest, gem) = ("with: { ruby-version: ruby }", "gem install minitest");
        check(
            "command:minitest",
            &[],
            &["- uses: ruby/setup-ruby@v1", newest, &format!("- run: {gem}")],
            &[&format!("- {gem}")],
        );
        let files = [(".ruby-version", "3.3\n"), ("Gemfile", "gem 'rspec'\n")];
        check("command:rspec", &files, &["- uses: ruby/setup-ruby@v1", "- run: bundle install"], &["- bundle install"]);
    }

    #[test]
    fn what_a_runner_needs_is_installed() {
        check("command:go-test", &[], &["- uses: actions/setup-go@v5", "with: { go-version-file: go.mod }"], &[]);
        check("command:cargo", &[], &[], &[]);
        let built = "cmake -S . -B build && cmake --build build";
        let cmake = ["- apt-get update", "- apt-get install --yes cmake", &format!("- {built}")];
        check("command:ctest", &[("CMakeLists.txt", "")], &[&format!("- run: {built}")], &cmake);
        let browsers = ["- uses: actions/setup-node@v4", "with: { node-version: \"lts/*\" }", "- run: npm ci"];
        let browsers = [&browsers[..], &["- run: npx playwright install --with-deps"]].concat();
        let files = [("package.json", "{}"), ("package-lock.json", "{}")];
        check("command:playwright", &files, &browsers, &["- npm ci", "- npx playwright install --with-deps"]);
    }
}
