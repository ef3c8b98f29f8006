//! From arguments to a use case, and from what it came to, to an exit.

use crate::adapter::Start;
use crate::app::{self, AppError, Finished, MinimiseLimits, Rendered, ToolInfo};
use crate::cli::Exit;
use crate::cli::arguments::{
    Arguments, Command, Format, InputArguments, MinimiseArguments, ProvidersArguments, ReportArguments, ReproArguments,
    SchemaOf, TutorArguments,
};
use crate::cli::live::Live;
use crate::cli::run_arguments::{Annotations, RunArguments};
use crate::cli::signals::{Stoppable, watch};
use crate::model::{Seed, SystemClock};
use crate::report::Style;
use clap::{CommandFactory, Parser};
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The widest that a summary gets.
const WIDEST: usize = 100;

/// Runs the program.
pub fn main() -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_wrong = error.use_stderr();
            let _ = error.print();
            return if is_wrong { Exit::Usage } else { Exit::Good };
        }
    };
    match carry_out(arguments.command) {
        Ok(exit) => exit,
        Err(Trouble::App(error)) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            Exit::from(&error)
        }
        // Whoever read the output has seen enough.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Good,
        Err(Trouble::Output(error)) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            Exit::Usage
        }
    }
}

/// What keeps a command from being carried out.
enum Trouble {
    App(AppError),
    Output(io::Error),
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn carry_out(command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Run(arguments) => run(*arguments),
        Command::Repro(arguments) => repro(&arguments),
        Command::Minimise(arguments) => minimise(&arguments),
        Command::Check(arguments) => check(&arguments),
        Command::List(arguments) => list(&arguments),
        Command::Report(arguments) => report(&arguments),
        Command::Tutor(arguments) => tutor(arguments),
        Command::Providers(arguments) => providers(&arguments),
        Command::Worker => {
            app::worker(io::stdin(), io::stdout().lock())?;
            Ok(Exit::Good)
        }
        Command::Schema { of } => {
            let schema = match of {
                SchemaOf::Scenario => crate::scenario::schema(),
                SchemaOf::System => crate::scenario::system_schema(),
                SchemaOf::Report => crate::report::json_schema(),
            };
            writeln!(io::stdout(), "{schema:#}")?;
            Ok(Exit::Good)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "steadfast", &mut io::stdout());
            Ok(Exit::Good)
        }
    }
}

/// What is known of this program and its surroundings.
fn tool() -> Result<ToolInfo, Trouble> {
    let program = std::env::current_exe()?;
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_else(|| "steadfast".into());
    Ok(ToolInfo {
        program,
        called: called.display().to_string(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        temporary: std::env::temp_dir(),
    })
}

fn project() -> Result<PathBuf, Trouble> {
    Ok(std::env::current_dir()?)
}

/// How a summary on standard output looks.
fn style() -> Style {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| value != OsStr::new(""));
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let color = io::stdout().is_terminal() && !is_set("NO_COLOR") || is_set("CLICOLOR_FORCE");
    Style { color, width: columns.unwrap_or(WIDEST).min(WIDEST) }
}

/// A seed that nobody chose: from the random keys that the standard library gives its hash maps.
fn random_seed() -> Seed {
    use std::hash::{BuildHasher, RandomState};
    Seed::new(RandomState::new().hash_one("root seed"))
}

fn run(arguments: RunArguments) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let stoppable = Stoppable::default();
    watch(stoppable.clone())?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (resumed, annotations) = (arguments.resume.clone(), arguments.annotations);
    let options = arguments.options(project()?, random_seed(), cores);
    let mut out = io::stdout();
    let mut live = Live::new(&mut out, io::stderr().is_terminal());
    let mut stop = |handle| stoppable.set(handle);
    let finished = match resumed {
        None => app::run(&options, &tool, &SystemClock, &mut live, &mut stop),
        Some(run) => {
            let folder = app::run_folder(&options.report_dir, &run)?;
            app::resume(&folder, &options, &tool, &mut live, &mut stop)
        }
    };
    live.finish();
    let finished = finished?;
    match summarise(&finished, &tool, annotations) {
        // A reader that is gone changes nothing about what was found.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    Ok(Exit::from(&finished.judgement.gate))
}

fn summarise(finished: &Finished, tool: &ToolInfo, annotations: Option<Annotations>) -> Result<(), Trouble> {
    let context = crate::report::Context::new(tool.called.clone(), display(&finished.folder));
    let text = crate::report::terminal(&finished.record, &finished.judgement, &context, style());
    write!(io::stdout(), "\n{text}")?;
    match annotations {
        Some(Annotations::Github) => {
            let lines = crate::report::github_annotations(&finished.record, &finished.judgement, &context);
            write!(io::stdout(), "{lines}")?;
        }
        None => {}
    }
    Ok(())
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

fn repro(arguments: &ReproArguments) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let stoppable = Stoppable::default();
    watch(stoppable.clone())?;
    let mut stop = |handle| stoppable.set(handle);
    let outcome = match app::repro(&arguments.file, arguments.times, arguments.jobs, &tool, &SystemClock, &mut stop) {
        Ok(outcome) => outcome,
        Err(error) if arguments.bisect => {
            writeln!(io::stderr(), "can't run the repro here: {error}")?;
            return Ok(Exit::CannotTell);
        }
        Err(error) => return Err(error.into()),
    };
    let mut out = io::stdout();
    for id in &outcome.missing {
        writeln!(out, "note: the case {id} no longer exists: left out")?;
    }
    if outcome.otherwise > 0 {
        writeln!(out, "note: it failed in another way {} times", outcome.otherwise)?;
    }
    if outcome.seen.failures == 0 {
        writeln!(out, "gone (0 of {})", outcome.seen.trials)?;
        return Ok(if outcome.seen.trials == 0 { Exit::Interrupted } else { Exit::Good });
    }
    writeln!(out, "shows ({})", outcome.seen)?;
    if let Some(message) = &outcome.message {
        writeln!(out, "{message}")?;
    }
    Ok(Exit::Found)
}

fn minimise(arguments: &MinimiseArguments) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let stoppable = Stoppable::default();
    watch(stoppable.clone())?;
    let folder = app::run_folder(&arguments.report_dir, &arguments.run)?;
    let limits = MinimiseLimits {
        probes: arguments.max_probes,
        time: arguments.max_time,
        jobs: arguments.jobs,
        case_timeout: arguments.case_timeout,
    };
    let mut out = io::stdout();
    let mut live = Live::new(&mut out, false);
    let mut stop = |handle| stoppable.set(handle);
    let finished = app::minimise_again(&folder, arguments.case.as_deref(), limits, &tool, &mut live, &mut stop)?;
    live.finish();
    summarise(&finished, &tool, None)?;
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
    let filter = arguments.filter.as_deref();
    let cases = match &arguments.suite {
        None => app::list(&project()?, &paths(arguments), &arguments.system, filter, &tool()?)?,
        Some(suite) => {
            let (python, given) = (arguments.python.clone(), arguments.suite_arguments.clone());
            let suite = suite.clone().options(python, given, Start::Fork);
            app::list_suite(&suite, &project()?, filter, &tool()?)?
        }
    };
    let mut out = io::BufWriter::new(io::stdout());
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
    let format = match arguments.format {
        Format::Terminal => Rendered::Terminal(style()),
        Format::Junit => Rendered::Junit,
        Format::Html => Rendered::Html,
        Format::Markdown => Rendered::Markdown,
        Format::Json => Rendered::Json,
    };
    write!(io::stdout(), "{}", app::render(&folder, format, &tool()?)?)?;
    Ok(Exit::Good)
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
    };
    app::serve_tutor(settings, &mut io::stdout())?;
    Ok(Exit::Good)
}

fn providers(arguments: &ProvidersArguments) -> Result<Exit, Trouble> {
    app::serve_providers(
        arguments.script.as_deref(),
        arguments.port,
        arguments.key.as_deref(),
        &project()?,
        &mut io::stdout(),
        io::stderr(),
    )?;
    Ok(Exit::Good)
}
