//! `steadfast demo`: a small project, its finding, and what to do about it, step by step.

use crate::app::{self, DEMO};
use crate::cli::Exit;
use crate::cli::arguments::{Arguments, Command};
use crate::cli::config::ConfigError;
use crate::cli::running::run;
use crate::cli::signals::Stoppable;
use crate::cli::trouble::Trouble;
use clap::Parser;
use std::io::{self, Write};
use std::path::Path;

/// How the demo runs the suite; the seed makes its orders the same everywhere.
const SUITE: [&str; 7] = ["steadfast", "run", "--quiet", "--suite", "pytest:.", "--seed", "5eed"];

/// How the demo runs the scenario.
const SCENARIOS: [&str; 6] = ["steadfast", "run", "--quiet", "--seed", "5eed", "scenarios"];

/// Makes a small project, runs it, and explains what is found.
pub(super) fn demo(folder: &Path, python: Option<&Path>, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let python = python.map(std::path::absolute).transpose()?;
    app::write_demo(folder)?;
    std::env::set_current_dir(folder)?;
    let mut out = io::stdout();
    tell_files(&mut out, folder)?;
    let mut suite: Vec<String> = SUITE.iter().copied().map(str::to_owned).collect();
    suite.extend(python.iter().flat_map(|python| ["--python".to_owned(), python.display().to_string()]));
    let found = demonstrate(&suite, &mut out, stoppable)?;
    if found == Exit::Found {
        explain(&mut out, folder)?;
    }
    introduce_scenarios(&mut out)?;
    let scenarios = demonstrate(&SCENARIOS.map(str::to_owned), &mut out, stoppable)?;
    if found != Exit::Found {
        writeln!(
            out,
            "\nThe finding in the tests is still to be seen. Where an interpreter has pytest:\n  cd {} && steadfast run --suite \
             pytest:. --python EXE",
            folder.display()
        )?;
    }
    // The suite's finding is what the demo is for.
    Ok(if found == Exit::Found { scenarios } else { found })
}

/// Runs a command as if somebody had typed it.
fn demonstrate(command: &[String], out: &mut dyn Write, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    writeln!(out, "$ {}\n", command.join(" "))?;
    match Arguments::try_parse_from(command).map_err(ConfigError::from)?.command {
        Command::Run(arguments) => match run(*arguments, stoppable) {
            // Without pytest here, the rest can still be seen.
            Err(Trouble::App(error)) => {
                writeln!(out, "{error}\n")?;
                Ok(Exit::from(&error))
            }
            ended => ended,
        },
        _ => Ok(Exit::Usage),
    }
}

/// Says what was written.
fn tell_files(out: &mut dyn Write, folder: &Path) -> io::Result<()> {
    writeln!(out, "{}/ is a small project:\n", folder.display())?;
    for file in DEMO {
        writeln!(out, "  {:<24} {}", file.path, file.purpose)?;
    }
    writeln!(out, "\nIts tests pass as they are written: pytest has nothing to say. In other orders:\n")
}

/// Says what the finding means and what a reader can try.
fn explain(out: &mut dyn Write, folder: &Path) -> io::Result<()> {
    writeln!(
        out,
        "
What that says
  test_two_apples_cost_six passes alone and fails after test_a_sale_makes_apples_cheaper, which sets a
  price and never puts it back. The first is the victim, the second its polluter: no retry mends that,
  and the day on which somebody renames a file, it fails for everybody.

Now you
  1  cd {}
  2  run the line behind `repeat`: two tests, and it fails every time
  3  mend test_sale.py: take pytest's `monkeypatch` and write
     monkeypatch.setitem(PRICES, \"apple\", 1)
  4  steadfast run --suite pytest:.
",
        folder.display()
    )
}

/// Says what there is besides suites.
fn introduce_scenarios(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "Scenarios are the other thing that it runs: what an AI tutor must answer, over mock providers that speak
the real wire formats. A tutor is built in:
"
    )
}
