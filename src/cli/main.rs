//! From arguments to a use case, and from what it came to, to an exit.

use crate::adapter::{Explain, Start};
use crate::app::{self, AppError, MinimiseLimits};
use crate::cli::Exit;
use crate::cli::arguments::{
    Arguments, Command, InputArguments, MinimiseArguments, ReportArguments, ReproArguments, SchemaOf,
    SelfCheckArguments, SystemCommand, TutorArguments,
};
use crate::cli::config::{ConfigError, Surroundings};
use crate::cli::demo::demo;
use crate::cli::door::{self, Colours};
use crate::cli::leave::{grants, tested_root};
use crate::cli::live::{Live, Telling};
use crate::cli::look::{Color, style};
use crate::cli::memory;
use crate::cli::merge::merge;
use crate::cli::providers::providers;
use crate::cli::running::{run, say, summarise};
use crate::cli::selfcheck::{markdown_matrix, progress, terminal_matrix};
use crate::cli::signals::{Stoppable, watch};
use crate::cli::stand_in::stand_in;
use crate::cli::surroundings::{environment, project, random_seed, temporary_place, tool};
use crate::cli::trouble::Trouble;
use crate::cli::why::why;
use crate::cli::worker::worker;
use crate::cli::{comment, config, start, suite_arguments};
use crate::disk::{Limit, replace};
use crate::engine::{Scratch, end_orphans};
use crate::model::SystemClock;
use crate::platform::adopt_orphans;
use crate::report::{Format, RenderOptions};
use clap::{CommandFactory, Parser};
use std::io::{self, Write};
use std::path::PathBuf;

/// How many trials the healthy tutor must stand in a whole self-check.
const ENOUGH_TRIALS: u32 = 10_000;

/// Runs the program.
pub fn main() -> Exit {
    if let Some(exit) = stand_in() {
        return exit;
    }
    // Where that can't be had, what hides from its parents is found by its group and its mark alone.
    let _ = adopt_orphans();
    let exit = ended();
    end_orphans();
    exit
}

/// Does what was asked for, and tells what kept it from being done.
fn ended() -> Exit {
    let done = configured().and_then(|(arguments, shown)| {
        let temporary = temporary(&arguments.command)?;
        let stoppable = Stoppable::default();
        if temporary.is_some() {
            watch(stoppable.clone())?;
        }
        let done = carry_out(arguments.command, &shown, &stoppable);
        stoppable.wait_if_ending();
        temporary.into_iter().for_each(Scratch::remove);
        done
    });
    match done {
        Ok(exit) => exit,
        Err(Trouble::Config(ConfigError::CommandLine(error))) => {
            let is_wrong = error.use_stderr();
            let _ = error.print();
            if is_wrong { Exit::Usage } else { Exit::Good }
        }
        Err(Trouble::Config(error)) => {
            let _ = writeln!(door::err(), "error: {error}");
            Exit::Usage
        }
        Err(Trouble::App(error)) => {
            // A message may show a line of a file, or what a program said as it ended.
            let mut err = door::err();
            let _ = writeln!(err, "error: {error}");
            if let Some(limit) = error.limit() {
                let _ = writeln!(err, "limit: {limit}");
            }
            if let Some(help) = error.help() {
                let _ = writeln!(err, "help: {help}");
            }
            Exit::from(&error)
        }
        // Whoever read the output has seen enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Good,
        Err(Trouble::Output(error)) => {
            let _ = writeln!(door::err(), "error: {error}");
            match Limit::of(&error) {
                Some(limit) => {
                    let _ = writeln!(door::err(), "limit: {limit}");
                    Exit::Subject
                }
                None => Exit::Usage,
            }
        }
    }
}

/// The arguments over all layers of configuration, and a text that says where each comes from. From here on the current
/// folder is the project's: the one that holds `steadfast.toml`, if there is one.
fn configured() -> Result<(Arguments, String), Trouble> {
    let mut typed: Vec<_> = std::env::args_os().collect();
    if typed.len() < 2 {
        typed.push("run".into());
    }
    let around = Surroundings { typed, environment: environment(), folder: std::env::current_dir()? };
    let effective = config::effective(&Arguments::command(), &around)?;
    if !around.folder.starts_with(&effective.root) {
        writeln!(door::err(), "the project is {}: reports are written below it", effective.root.display())?;
    }
    if effective.root != around.folder {
        std::env::set_current_dir(&effective.root)?;
    }
    for slip in &effective.slips {
        writeln!(io::stderr(), "warning: {slip}")?;
    }
    let arguments = Arguments::try_parse_from(&effective.arguments).map_err(ConfigError::from)?;
    Ok((arguments, effective.shown))
}

/// A folder for what a command makes on the way, to list a suite say, and watches over it: it goes whatever happens.
fn temporary(command: &Command) -> Result<Option<Scratch>, Trouble> {
    match command {
        Command::Run(arguments) if arguments.show_config => return Ok(None),
        Command::Run(_) | Command::Why(_) | Command::Repro(_) | Command::Minimise(_) | Command::Merge(_) => {}
        Command::Check(_) | Command::List(_) => {}
        Command::Selfcheck(_) | Command::Demo { .. } => {}
        Command::Worker(arguments) if arguments.connect.is_some() => {}
        Command::Providers(arguments) if arguments.command.is_some() => {}
        Command::System { .. } => {}
        _ => return Ok(None),
    }
    let folder = temporary_place()?;
    let made = Scratch::make(&folder, "session", None);
    let scratch = made.map_err(|source| AppError::Io { path: folder, source })?;
    scratch.hand_down();
    // Whatever makes a temporary file in this process makes it there.
    let _ = tempfile::env::override_temp_dir(scratch.path());
    Ok(Some(scratch))
}

fn carry_out(command: Command, shown: &str, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    match command {
        Command::Run(arguments) if arguments.show_config => {
            write!(io::stdout(), "{shown}")?;
            Ok(Exit::Good)
        }
        Command::Run(arguments) => run(*arguments, stoppable),
        Command::Why(arguments) => why(*arguments, stoppable),
        Command::Repro(arguments) => repro(&arguments, stoppable),
        Command::Minimise(arguments) => minimise(&arguments, stoppable),
        Command::Merge(arguments) => merge(*arguments, stoppable),
        Command::Check(arguments) => check(&arguments),
        Command::List(arguments) => list(&arguments),
        Command::Report(arguments) => report(&arguments),
        Command::Demo { folder, python } => demo(&folder, python.as_deref(), stoppable),
        Command::Init { ci, shards } => start::init(&project()?, &ci, shards),
        Command::Explain { topic } => start::explain(topic.as_deref(), style(Color::Auto)),
        Command::Man => start::man(&Arguments::command()),
        Command::Selfcheck(arguments) => selfcheck(arguments, stoppable),
        Command::History(arguments) => memory::history(&arguments),
        Command::Comment(arguments) => comment::comment(&arguments),
        Command::Diff(arguments) => memory::diff(&arguments),
        Command::Quarantine { what } => memory::quarantine(&what, &project()?),
        Command::Tutor(arguments) => tutor(arguments),
        Command::Providers(arguments) => providers(&arguments),
        Command::System { what } => system(&what),
        Command::Worker(arguments) => worker(*arguments, stoppable),
        Command::Schema { of } => {
            let schema = match of {
                SchemaOf::Scenario => crate::scenario::schema(),
                SchemaOf::System => crate::scenario::system_schema(),
                SchemaOf::Report => crate::report::json_schema(),
                SchemaOf::Tape => crate::provider::tape_schema(),
                SchemaOf::Config => config::schema(&Arguments::command()),
            };
            writeln!(io::stdout(), "{schema:#}")?;
            Ok(Exit::Good)
        }
        Command::Completions { shell } => {
            // Into memory: it panics where it can't write, and who reads may be gone.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "steadfast", &mut script);
            io::stdout().write_all(&script)?;
            io::stdout().flush()?;
            Ok(Exit::Good)
        }
    }
}

fn repro(arguments: &ReproArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let mut stop = |handle| stoppable.set(handle);
    let (root, grants) = (tested_root(&arguments.leave)?, grants(&arguments.leave)?);
    let (file, times, jobs) = (&arguments.file, arguments.times, arguments.jobs);
    let outcome = match app::repro(file, times, jobs, &tool, &SystemClock, (&root, &grants), &mut stop) {
        Ok(outcome) => outcome,
        Err(error) if arguments.bisect => {
            writeln!(door::err(), "can't run the repro here: {error}")?;
            return Ok(Exit::CannotTell);
        }
        Err(error) => return Err(error.into()),
    };
    writeln!(door::err(), "{}", outcome.tested)?;
    let mut out = door::out(Colours::None);
    for id in &outcome.missing {
        writeln!(out, "note: the case {id} no longer exists: left out")?;
    }
    if outcome.otherwise > 0 {
        writeln!(out, "note: it failed in another way {} times", outcome.otherwise)?;
    }
    if outcome.seen.failures() == 0 {
        writeln!(out, "gone (0 of {})", outcome.seen.trials())?;
        return Ok(if outcome.seen.trials() == 0 { Exit::Interrupted } else { Exit::Good });
    }
    writeln!(out, "shows ({})", outcome.seen)?;
    if let Some(message) = &outcome.message {
        writeln!(out, "{message}")?;
    }
    Ok(Exit::Found)
}

fn minimise(arguments: &MinimiseArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let folder = app::run_folder(&arguments.report_dir, &arguments.run)?;
    let limits = MinimiseLimits {
        probes: arguments.max_probes,
        time: arguments.max_time,
        jobs: arguments.jobs,
        case_timeout: arguments.case_timeout,
    };
    let mut told = door::err();
    let mut live = Live::new(&mut told, false, Telling::Usual);
    let mut stop = |handle| stoppable.set(handle);
    let (root, grants) = (tested_root(&arguments.leave)?, grants(&arguments.leave)?);
    let (case, leave) = (arguments.case.as_deref(), (root.as_path(), &grants));
    let finished = app::minimise_again(&folder, case, limits, &tool, leave, &mut live, &mut stop)?;
    live.finish();
    summarise(&finished, &tool, None, style(Color::Auto))?;
    Ok(Exit::from(&finished.judgement.gate))
}

fn paths(arguments: &InputArguments) -> Vec<PathBuf> {
    if arguments.paths.is_empty() { vec![PathBuf::from("scenarios")] } else { arguments.paths.clone() }
}

fn check(arguments: &InputArguments) -> Result<Exit, Trouble> {
    let (files, cases) = app::check(&project()?, &paths(arguments), &arguments.system, &tool()?)?;
    writeln!(io::stdout(), "{files} scenarios, {cases} cases: nothing is wrong with them")?;
    Ok(Exit::Good)
}

fn list(arguments: &InputArguments) -> Result<Exit, Trouble> {
    let filter = arguments.filter.as_deref().or(arguments.keyword.as_deref());
    let names_nothing = arguments.paths.is_empty() && arguments.system == crate::adapter::DEFAULT_SYSTEM;
    let (suite, why) = suite_arguments::meant(arguments.suite.clone(), names_nothing, &project()?)?;
    say(why)?;
    let cases = match suite {
        None => app::list(&project()?, &paths(arguments), &arguments.system, filter, &tool()?)?,
        Some(suite) => {
            let (python, given) = (arguments.python.clone(), arguments.suite_arguments.clone());
            let suite = suite.options(python, given, Start::Fork, Explain::Repro, None);
            app::list_suite(&suite, &project()?, filter, &tool()?)?
        }
    };
    let mut out = door::out(Colours::None);
    for case in cases {
        match case.skip {
            None => writeln!(out, "{}", case.id)?,
            Some(reason) => writeln!(out, "{}  # skipped: {reason}", case.id)?,
        }
    }
    out.flush()?;
    Ok(Exit::Good)
}

fn report(arguments: &ReportArguments) -> Result<Exit, Trouble> {
    let folder = app::run_folder(&arguments.report_dir, &arguments.run)?;
    let options = RenderOptions { style: style(arguments.color), junit_detail: arguments.junit_detail.meant() };
    let text = app::render(&folder, arguments.format, options, &tool()?)?;
    match arguments.format {
        Format::Terminal => {
            let mut out = door::out(options.style.colours());
            write!(out, "{text}")?;
            out.flush()?;
        }
        // A file of its format, whose writer has cleaned it.
        _ => write!(io::stdout(), "{text}")?,
    }
    Ok(Exit::Good)
}

fn selfcheck(arguments: SelfCheckArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let cores = crate::platform::cores();
    let usual_trials = if arguments.only.is_empty() { ENOUGH_TRIALS } else { 1 };
    let options = app::SelfCheckOptions {
        scenarios: match arguments.project {
            Some(project) => app::ScenarioSource::Project(self::project()?.join(project)),
            None => app::ScenarioSource::Shipped,
        },
        only: arguments.only,
        seed: arguments.seed.unwrap_or_else(random_seed),
        jobs: arguments.jobs.map_or_else(|| cores.clamp(1, 4), |jobs| jobs as usize),
        report_dir: arguments.report_dir,
        healthy_trials: arguments.healthy_trials.unwrap_or(usual_trials),
    };
    let mut errors = io::stderr();
    let mut told = |known: app::Progress<'_>| {
        // A terminal that is gone does not stop the check: the matrix stands in its folder.
        let _ = writeln!(errors, "{}", progress(&known));
    };
    let stop = |handle| stoppable.add(handle);
    let matrix = app::selfcheck(&options, &app::expectation, &tool, &SystemClock, &mut told, &stop)?;
    replace(&matrix.folder.join("matrix.md"), markdown_matrix(&matrix))?;
    write!(io::stdout(), "{}", terminal_matrix(&matrix))?;
    Ok(Exit::from(&matrix))
}

fn tutor(arguments: TutorArguments) -> Result<Exit, Trouble> {
    let settings = app::TutorSettings {
        port: arguments.port,
        store: arguments.store,
        admin_token: arguments.admin_token,
        limit: arguments.limit,
        provider_timeout: std::time::Duration::from_millis(arguments.provider_timeout_ms),
        password_iterations: arguments.password_iterations,
        claude: (arguments.claude_url, arguments.claude_key),
        mistral: (arguments.mistral_url, arguments.mistral_key),
        deepseek: (arguments.deepseek_url, arguments.deepseek_key),
        ollama: arguments.ollama_url,
        piper: arguments.piper_url,
    };
    app::serve_tutor(settings, &mut io::stdout())?;
    Ok(Exit::Good)
}

fn system(what: &SystemCommand) -> Result<Exit, Trouble> {
    let (text, is_well) = match what {
        SystemCommand::Check { file } => app::look_at_system(&project()?, file, &tool()?)?,
        SystemCommand::Init { document } => (app::begin_system_file(document)?, true),
    };
    let mut out = door::out(Colours::None);
    write!(out, "{text}")?;
    out.flush()?;
    Ok(if is_well { Exit::Good } else { Exit::Found })
}
