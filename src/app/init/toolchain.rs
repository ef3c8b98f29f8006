//! What a CI service must set up before the tests of a project can run.

use std::path::Path;

/// How the language of a project is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolchain {
    Python,
    Node,
    Go,
    Rust,
    Ruby,
    /// Scenarios need nothing.
    None,
}

impl Toolchain {
    /// That of a suite, by what `--suite` takes.
    pub(super) fn of(suite: &str) -> Self {
        let runner = suite.strip_prefix("command:").unwrap_or(suite);
        match runner.split(':').next().unwrap_or(runner) {
            "pytest" | "unittest" | "django" => Self::Python,
            "jest" | "vitest" | "node" | "mocha" => Self::Node,
            "go-test" => Self::Go,
            "cargo" | "cargo-nextest" | "libtest" => Self::Rust,
            "rspec" => Self::Ruby,
            _ => Self::None,
        }
    }

    /// The steps of a GitHub job.
    pub(super) fn github(self, root: &Path) -> String {
        let uses = match self {
            Self::Python => "      - uses: actions/setup-python@v5\n        with: { python-version: \"3.x\" }\n",
            Self::Node => "      - uses: actions/setup-node@v4\n        with: { node-version: \"lts/*\" }\n",
            Self::Go => "      - uses: actions/setup-go@v5\n        with: { go-version-file: go.mod }\n",
            Self::Ruby => "      - uses: ruby/setup-ruby@v1\n        with: { bundler-cache: true }\n",
            Self::Rust | Self::None => "",
        };
        let commands = self.commands(root);
        let commands: String = commands.iter().map(|command| format!("      - run: {command}\n")).collect();
        (uses.to_owned() + &commands).trim_end().to_owned()
    }

    /// The lines of a GitLab script.
    pub(super) fn gitlab(self, root: &Path) -> String {
        let commands = self.commands(root);
        let commands: String = commands.iter().map(|command| format!("    - {command}\n")).collect();
        commands.trim_end().to_owned()
    }

    /// The image in which the tests can run.
    pub(super) fn image(self) -> &'static str {
        match self {
            Self::Python => "python:3",
            Self::Node => "node:lts",
            Self::Go => "golang:1",
            Self::Rust => "rust:1",
            Self::Ruby => "ruby:3",
            Self::None => "buildpack-deps:stable-curl",
        }
    }

    /// What brings the tests' own needs, as far as the project's files say.
    fn commands(self, root: &Path) -> Vec<&'static str> {
        let has = |name: &str| root.join(name).exists();
        match self {
            Self::Python => {
                let requirements = ["requirements.txt", "requirements-dev.txt", "dev-requirements.txt"];
                let given = requirements.iter().zip([
                    "python -m pip install -r requirements.txt",
                    "python -m pip install -r requirements-dev.txt",
                    "python -m pip install -r dev-requirements.txt",
                ]);
                let mut commands: Vec<&str> = given.filter(|(file, _)| has(file)).map(|(_, command)| command).collect();
                if has("pyproject.toml") || has("setup.py") {
                    commands.push("python -m pip install -e .");
                }
                commands.push("python -m pip install pytest");
                commands
            }
            Self::Node if has("pnpm-lock.yaml") => vec!["corepack enable", "pnpm install --frozen-lockfile"],
            Self::Node if has("yarn.lock") => vec!["corepack enable", "yarn install"],
            Self::Node if has("package-lock.json") => vec!["npm ci"],
            Self::Node => vec!["npm install"],
            Self::Go | Self::Rust | Self::Ruby | Self::None => Vec::new(),
        }
    }
}
