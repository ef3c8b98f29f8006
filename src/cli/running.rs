//! `run`, from its arguments to the summary.

use crate::adapter::{NamedSuite, SuiteChoice, tests_named};
use crate::app::{self, AppError, Finished, Outline, Patches, RunOptions, ShardRun, ToolInfo, WhyOptions};
use crate::cli::Exit;
use crate::cli::door::{self, Colours};
use crate::cli::live::{Live, Telling};
use crate::cli::look::style;
use crate::cli::run_arguments::RunArguments;
use crate::cli::run_choices::Annotations;
use crate::cli::signals::Stoppable;
use crate::cli::suite_arguments;
use crate::cli::surroundings::{project, random_seed, tool};
use crate::cli::trouble::Trouble;
use crate::event::RunEnd;
use crate::model::{Seed, SystemClock};
use crate::report::{Style, count};
use crate::scenario::SCENARIO_FOLDER;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// What is said in a folder that shows nothing to run.
const NOTHING_HERE: &str = "nothing to run here: there is no folder `scenarios`, and no file shows a test runner\n\
     help: `steadfast demo` shows what this program does, `steadfast init` begins with scenarios, and \
     `steadfast run --suite pytest:DIR` or `command:PROFILE` names a suite";

/// What is said of shards that could come to different plans.
const NO_SEED: &str = "all shards must have the same seed: add --seed HEX, or set STEADFAST_RUN_ID to the same text for all \
     of them (in CI the run's own id serves)";

/// Runs what the arguments ask for.
pub(super) fn run(arguments: RunArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    run_asking(arguments, None, stoppable)
}

/// The same, where a question is asked about one case.
pub(super) fn run_asking(
    mut arguments: RunArguments,
    question: Option<WhyOptions>,
    stoppable: &Stoppable,
) -> Result<Exit, Trouble> {
    let mut tool = tool()?;
    if arguments.suite.is_none()
        && let Some((suite, tests)) =
            tests_named(&arguments.paths, &project()?).map_err(|problem| AppError::Usage(problem.to_string()))?
    {
        arguments.suite = Some(SuiteChoice::Named(suite));
        arguments.suite_arguments.extend(tests);
        arguments.paths.clear();
    }
    let cores = crate::platform::cores();
    let (resumed, annotations) = (arguments.resume.clone(), arguments.annotations);
    let (telling, color, is_dry) = (arguments.telling(), arguments.color, arguments.dry_run);
    let root = project()?;
    let names_nothing =
        arguments.paths.is_empty() && arguments.system == crate::adapter::DEFAULT_SYSTEM && resumed.is_none();
    let (suite, why) = suite_arguments::meant(arguments.suite.clone(), names_nothing, &root)?;
    say(why)?;
    if suite.is_none() && names_nothing && !root.join(SCENARIO_FOLDER).exists() {
        return Err(AppError::Usage(NOTHING_HERE.to_owned()).into());
    }
    let patches = arguments.patch.take().map(|folder| {
        (root.clone(), suite.as_ref().map(NamedSuite::folder).unwrap_or(Path::new("")).to_owned(), folder)
    });
    let is_sharded = arguments.shard.is_some();
    let seed = match (is_sharded && arguments.seed.is_none(), app::seed_of_ci(&tool.environment)) {
        (false, _) => random_seed(),
        (true, Some(seed)) => seed,
        (true, None) => return Err(AppError::Usage(NO_SEED.to_owned()).into()),
    };
    let options = RunOptions { question, ..arguments.options(suite, root, seed, cores) };
    tool.passwords = options.fleet.iter().flat_map(|fleet| fleet.address.secrets()).collect();
    if is_dry {
        return tell_outline(&app::outline(&options, &tool)?, options.seed);
    }
    let mut told = door::err();
    let mut live = Live::new(&mut told, io::stderr().is_terminal(), telling);
    let mut stop = |handle| stoppable.set(handle);
    if is_sharded {
        let ran = app::run_shard(&options, &tool, &SystemClock, &mut live, &mut stop);
        live.finish();
        return tell_shard(&ran?);
    }
    let finished = match resumed {
        None => app::run(&options, &tool, &SystemClock, &mut live, &mut stop),
        Some(run) => {
            let folder = app::run_folder(&options.report_dir, &run)?;
            app::resume(&folder, &options, &tool, &mut live, &mut stop)
        }
    };
    live.finish();
    let finished = finished?;
    if telling != Telling::Nothing {
        let _ = writeln!(io::stderr());
    }
    let exit = tell_finished(&finished, &tool, annotations, style(color))?;
    if let Some((root, suite, folder)) = patches {
        tell_patches(&app::write_patches(&finished.record, &root, &suite, &folder)?, &root)?;
    }
    Ok(exit)
}

/// Prints the summary of a run that was judged, and says how the program ends.
pub(super) fn tell_finished(
    finished: &Finished,
    tool: &ToolInfo,
    annotations: Option<Annotations>,
    style: Style,
) -> Result<Exit, Trouble> {
    match summarise(finished, tool, annotations, style) {
        // A reader that is gone changes nothing about what was found.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    if let Some(error) = &finished.not_in_history {
        let _ = writeln!(
            door::err(),
            "warning: the history has not got this run: {error}. `steadfast run --resume {}` tries again",
            finished.record.header.run
        );
    }
    Ok(Exit::from(&finished.judgement.gate))
}

/// Says which patches were written and how one is applied, and what of the findings has none.
fn tell_patches(patches: &Patches, root: &Path) -> io::Result<()> {
    for path in &patches.written {
        let path = std::path::absolute(path)?;
        say(Some(format!("patch: cd {} && patch -p1 < {}", root.display(), path.display())))?;
    }
    if patches.written.is_empty() && patches.without.is_empty() {
        say(Some("patch: no finding has a part of the state as its cause".to_owned()))?;
    }
    for part in &patches.without {
        say(Some(format!("no patch for {part}: its finding says what mends it")))?;
    }
    Ok(())
}

/// Says what a shard came to.
fn tell_shard(ran: &ShardRun) -> Result<Exit, Trouble> {
    let mut out = door::out(Colours::None);
    let (shard, rounds) = (ran.shard, count(ran.rounds, "round"));
    match ran.rounds {
        0 => writeln!(out, "shard {shard}: no round of the plan falls to it")?,
        _ => writeln!(out, "shard {shard}: {} of {rounds} ran, {}", ran.completed, count(ran.failures, "failure"))?,
    }
    if let RunEnd::SubjectFailed { reason } = &ran.end {
        writeln!(out, "the subject could not be started: {reason}")?;
    }
    writeln!(out, "{}", ran.journal.display())?;
    writeln!(out, "nothing is judged yet: `steadfast merge` of the folders of all shards does that")?;
    out.flush()?;
    Ok(Exit::from(ran))
}

/// Says something besides what was asked for.
pub(super) fn say(line: Option<String>) -> io::Result<()> {
    line.map_or(Ok(()), |line| writeln!(door::err(), "{line}"))
}

/// Says what would be run.
pub(super) fn tell_outline(outline: &Outline, seed: Seed) -> Result<Exit, Trouble> {
    let mut out = door::out(Colours::None);
    let kinds: Vec<String> = outline.rounds.iter().map(|(kind, rounds)| format!("{rounds} {kind}")).collect();
    let rounds: u32 = outline.rounds.values().sum();
    let (cases, rounds) = (count(outline.cases, "case"), count(rounds as usize, "round"));
    let trials = count(outline.trials, "trial");
    writeln!(out, "{cases}, {}; {rounds} ({}), {trials}; seed {seed}", outline.subject, kinds.join(", "))?;
    for note in &outline.notes {
        writeln!(out, "note: {note}")?;
    }
    writeln!(out, "nothing was run; what fails would be examined besides")?;
    out.flush()?;
    Ok(Exit::Good)
}

/// Prints the summary and what CI services read.
pub(super) fn summarise(
    finished: &Finished,
    tool: &ToolInfo,
    annotations: Option<Annotations>,
    style: Style,
) -> Result<(), Trouble> {
    let context = crate::report::Context::new(tool.called.clone(), finished.folder.display().to_string());
    let text = crate::report::terminal(&finished.record, &finished.judgement, &context, style);
    let mut out = door::out(style.colours());
    write!(out, "{text}")?;
    out.flush()?;
    match annotations {
        Some(Annotations::Github) => {
            let lines = crate::report::github_annotations(&finished.record, &finished.judgement, &context);
            write!(io::stdout(), "{lines}")?;
        }
        None => {}
    }
    Ok(())
}
