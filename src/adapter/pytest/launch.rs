//! How pytest is started with the plugin.

use crate::adapter::pytest::PytestSpec;
use crate::adapter::shared::python::{write_package, write_state};
use crate::adapter::shared::surroundings::Surroundings;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// The plugin, file by file, as it is written for each run.
const PLUGIN: &[(&str, &str)] = &[
    ("__init__.py", include_str!("steadfast_pytest/__init__.py")),
    ("aftermath.py", include_str!("steadfast_pytest/aftermath.py")),
    ("attempt.py", include_str!("steadfast_pytest/attempt.py")),
    ("blame.py", include_str!("steadfast_pytest/blame.py")),
    ("bound.py", include_str!("steadfast_pytest/bound.py")),
    ("capture.py", include_str!("steadfast_pytest/capture.py")),
    ("cases.py", include_str!("steadfast_pytest/cases.py")),
    ("collected.py", include_str!("steadfast_pytest/collected.py")),
    ("compared.py", include_str!("steadfast_pytest/compared.py")),
    ("difference.py", include_str!("steadfast_pytest/difference.py")),
    ("failure.py", include_str!("steadfast_pytest/failure.py")),
    ("fixtures.py", include_str!("steadfast_pytest/fixtures.py")),
    ("footprint.py", include_str!("steadfast_pytest/footprint.py")),
    ("keepers.py", include_str!("steadfast_pytest/keepers.py")),
    ("ledger.py", include_str!("steadfast_pytest/ledger.py")),
    ("marker.py", include_str!("steadfast_pytest/marker.py")),
    ("outputs.py", include_str!("steadfast_pytest/outputs.py")),
    ("plugin.py", include_str!("steadfast_pytest/plugin.py")),
    ("real.py", include_str!("steadfast_pytest/real.py")),
    ("remedy.py", include_str!("steadfast_pytest/remedy.py")),
    ("reuse.py", include_str!("steadfast_pytest/reuse.py")),
    ("server.py", include_str!("steadfast_pytest/server.py")),
    ("taken.py", include_str!("steadfast_pytest/taken.py")),
    ("walk.py", include_str!("steadfast_pytest/walk.py")),
    ("wire.py", include_str!("steadfast_pytest/wire.py")),
];

/// What the plugin is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Collect, tell, end.
    Look,
    /// Collect, and fork for each round.
    Serve,
    /// Collect, and run one round in the same process.
    Once,
    /// Run all tests as pytest does by itself, and tell how they ended.
    Plain,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Serve => "serve",
            Self::Once => "once",
            Self::Plain => "plain",
        }
    }
}

/// Where the plugin waits before each test, below `scratch`.
pub(super) const GATE: &str = "gate";

/// The command that starts pytest with the plugin; all that is written goes below `scratch`.
pub(super) fn command(
    spec: &PytestSpec,
    mode: Mode,
    hash_seed: Option<u32>,
    scratch: &Path,
    around: Option<&Surroundings>,
) -> io::Result<Command> {
    let plugin = scratch.join("plugin");
    crate::disk::make_folders(&plugin)?;
    write_package(&plugin, "steadfast_pytest", PLUGIN)?;
    write_state(&plugin)?;
    let temporary = scratch.join("t");
    crate::disk::make_folders(&temporary)?;
    let mut command = Command::new(&spec.python);
    command.args(["-m", "pytest", "-p", "steadfast_pytest", "--continue-on-collection-errors", "-o"]);
    command.arg(format!("cache_dir={}", scratch.join("cache").display()));
    command.args(&spec.arguments);
    command.env("STEADFAST_PYTEST_MODE", mode.as_str()).env("STEADFAST_PYTEST_OUTPUTS", scratch.join("out"));
    // Nothing is written beside the suite's files, and what is compiled already is used: with a folder of its own, each
    // start would compile pytest and all its plugins anew.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    if !spec.own_temporary {
        command.env("TMPDIR", temporary);
    }
    // Else one round's example would make the next ones fail. The plugin empties it when a round begins.
    command.env("HYPOTHESIS_STORAGE_DIRECTORY", scratch.join("hypothesis"));
    // The plugin sets it back before anything of the suite is imported.
    let mut python_path = spec.python_path.clone();
    if let Some(around) = around {
        let mut environment = around.environment(python_path.as_deref());
        python_path = environment.remove("PYTHONPATH").or(python_path);
        command.envs(environment).env("STEADFAST_PYTEST_GATE", scratch.join(GATE));
    }
    match &python_path {
        Some(path) => {
            command.env("PYTHONPATH", format!("{}:{path}", plugin.display())).env("STEADFAST_PYTEST_PATH", path);
        }
        None => {
            command.env("PYTHONPATH", plugin);
        }
    }
    if let Some(zone) = spec.time_zone(hash_seed) {
        command.env("TZ", zone);
    }
    if let Some(seed) = hash_seed {
        command.env("PYTHONHASHSEED", seed.to_string());
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}
