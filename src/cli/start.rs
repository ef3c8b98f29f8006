//! The first five minutes: `init`, `explain`, `man`.

use crate::app::{self, AppError, CiService, Written};
use crate::cli::Exit;
use crate::cli::arguments::Ci;
use crate::cli::trouble::Trouble;
use crate::report::{Style, Topic};
use crate::scenario::did_you_mean;
use std::io::{self, Write};
use std::path::Path;

/// Writes what a project needs to begin, and says what to do next.
pub(super) fn init(root: &Path, ci: &[Ci], shards: Option<u32>) -> Result<Exit, Trouble> {
    let service = |ci: &Ci| match ci {
        Ci::Github => Some(CiService::Github),
        Ci::Gitlab => Some(CiService::Gitlab),
        Ci::Slurm => Some(CiService::Slurm),
        Ci::Kubernetes => Some(CiService::Kubernetes),
        Ci::None => None,
    };
    let services: Vec<CiService> = ci.iter().filter_map(service).collect();
    let done = app::init(root, &services, shards)?;
    let mut out = io::stdout();
    if let Some(suite) = &done.suite {
        writeln!(out, "the suite is {}: {}", suite.suite, suite.because)?;
    }
    for other in &done.others {
        writeln!(out, "also here: --suite {}, since {}", other.suite, other.because)?;
    }
    for file in &done.files {
        match file {
            Written::New(path) => writeln!(out, "wrote {}", path.display())?,
            Written::Kept(path) => writeln!(out, "kept  {}: it was there", path.display())?,
        }
    }
    let is_first_scenario = |file: &Written| matches!(file, Written::New(path) if path.starts_with("scenarios"));
    if done.files.iter().any(is_first_scenario) {
        writeln!(
            out,
            "\nno tests of a known runner were found here: the scenario asks the reference tutor, which is built in. For \
             tests of your own, put suite = \"pytest:tests\", say, in place of `paths` and `system` in steadfast.toml"
        )?;
    }
    if let Some(variable) = done.variable {
        writeln!(
            out,
            "\nbefore the workflow can run: set the variable {variable} of the repository to the address of the folder that \
             has a release's archive and its checksum"
        )?;
    }
    let next = match &done.suite {
        Some(_) => "`steadfast list` shows the tests, `steadfast run --profile local` runs them for a minute",
        None => "`steadfast check` reads the scenarios, `steadfast run --profile local` runs them",
    };
    writeln!(out, "\nnext: {next}")?;
    Ok(Exit::Good)
}

/// Explains a topic, or lists them.
pub(super) fn explain(topic: Option<&str>, style: Style) -> Result<Exit, Trouble> {
    let mut out = io::stdout();
    let Some(word) = topic else {
        for topic in Topic::ALL {
            writeln!(out, "{:<22} {}", topic.name(), topic.summary())?;
        }
        writeln!(out, "\n`steadfast explain TOPIC` says what helps. What these words mean is told too:")?;
        write!(out, "{}", Topic::list_of_words(style.width))?;
        return Ok(Exit::Good);
    };
    let Some(topic) = Topic::named(word) else {
        let help = did_you_mean(word, "known", Topic::ALL.into_iter().chain(Topic::words()).map(Topic::name));
        return Err(AppError::Usage(format!("there is nothing to explain under `{word}`: {help}")).into());
    };
    write!(out, "{}", topic.text(style.width))?;
    Ok(Exit::Good)
}

/// Prints the man page, with a section for each command.
pub(super) fn man(program: &clap::Command) -> Result<Exit, Trouble> {
    let mut page = Vec::new();
    let mut program = program.clone();
    program.build();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name().to_uppercase();
        writeln!(page, ".SH \"STEADFAST {name}\"")?;
        let man = clap_mangen::Man::new(command.clone());
        let mut section = Vec::new();
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // A part of the command's section, not one of its own.
        page.extend(String::from_utf8_lossy(&section).replace(".SH ", ".SS ").into_bytes());
    }
    io::stdout().write_all(&page)?;
    Ok(Exit::Good)
}
