//! Runs a program among the mock providers, and watches where it goes.

use crate::adapter::SubjectProblem;
use crate::app::doctor::diagnosis::{Diagnosis, Scripted, Seen};
use crate::app::doctor::sockets::{Outward, outward};
use crate::app::{AppError, ToolInfo};
use crate::engine::{Family, Owned};
use crate::model::{Position, RoundId, Seed, TrialKey, with_causes};
use crate::provider::{EnclosedTrial, Enclosure, ServeProviders};
use crate::scenario::{ProviderFile, load_providers, load_system};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

/// The pause between two looks at the program's sockets.
const LOOK: Duration = Duration::from_millis(5);

/// How long answers may take to end once the program has.
const QUIET: Duration = Duration::from_secs(2);

/// What the doctor is asked for.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// The project's folder.
    pub root: PathBuf,
    /// What the providers do; plain answers without one.
    pub providers: Option<PathBuf>,
    /// The program and its arguments.
    pub command: Vec<OsString>,
}

/// Runs a program with the mock providers and the proxy around it, its standard streams untouched, and says which
/// providers it reached.
///
/// # Errors
/// If the file of providers is wrong, or something can't be started.
pub fn doctor(options: &DoctorOptions, tool: &ToolInfo) -> Result<Diagnosis, AppError> {
    let file = match &options.providers {
        Some(file) => load_providers(file, &options.root).map_err(SubjectProblem::from)?,
        None => {
            let decls = load_system("embedded", &options.root).map_err(SubjectProblem::from)?.providers;
            let script = ServeProviders::default_script(&decls);
            ProviderFile { decls, script }
        }
    };
    let scripted: BTreeSet<_> =
        if options.providers.is_some() { file.script.providers.keys().cloned().collect() } else { BTreeSet::new() };
    let folder = crate::disk::temporary_folder().map_err(AppError::io(&tool.temporary))?;
    let mut enclosure = Enclosure::start(&file.decls, file.script, folder.path(), None)
        .map_err(|error| AppError::Usage(format!("can't start the mock providers: {}", with_causes(&error))))?;
    enclosure.begin(TrialKey { round: RoundId(0), position: Position(0) }, Seed::new(0));
    let mark = format!("STEADFAST_OWNER=doctor-{}", std::process::id());
    let watched = run(options, &enclosure, tool, &mark);
    let trial = enclosure.end(QUIET);
    let reach = enclosure.reach();
    enclosure.shutdown();
    let (status, sockets) = watched?;
    let seen = reach.into_iter().map(|(provider, reach)| {
        let scripted = if scripted.contains(&provider) { Scripted::ByName } else { Scripted::NotByName };
        Seen { asked: asked(&trial, provider.as_str()), provider, reach, scripted }
    });
    let unscripted = trial.calls.calls.iter().filter(|call| trial.calls.unscripted.contains(&call.seq));
    Ok(Diagnosis {
        seen: seen.collect(),
        unscripted: unscripted.cloned().collect(),
        strays: trial.strays.clone(),
        outward: sockets.into_iter().map(|outward| outward.to).collect(),
        ended: status.to_string(),
        file: options.providers.clone(),
    })
}

fn asked(trial: &EnclosedTrial, provider: &str) -> BTreeMap<String, u64> {
    let mut asked = BTreeMap::new();
    let calls = trial.calls.calls.iter().chain(&trial.calls.late);
    for call in calls.filter(|call| call.provider.as_str() == provider) {
        *asked.entry(call.endpoint.as_str().to_owned()).or_default() += 1;
    }
    asked
}

/// Runs the program to its end: how it ended, and where its sockets led.
fn run(
    options: &DoctorOptions,
    enclosure: &Enclosure,
    tool: &ToolInfo,
    mark: &str,
) -> Result<(ExitStatus, BTreeSet<Outward>), AppError> {
    let Some((program, arguments)) = options.command.split_first() else {
        return Err(AppError::Usage("no program to run".to_owned()));
    };
    let python_path = tool.python_path.as_deref();
    let (name, value) = mark.split_once('=').unwrap_or((mark, ""));
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(&options.root)
        .envs(enclosure.environment(python_path))
        .env(name, value)
        .spawn()
        .map_err(|error| AppError::Start(format!("can't start `{}`: {error}", program.display())))?;
    let owned = Owned::new(child.id(), mark);
    let watched = watch(&mut child);
    // What it left running would go on calling providers that are gone.
    owned.iter().for_each(Owned::kill);
    watched.map_err(AppError::io(PathBuf::from(program)))
}

fn watch(child: &mut Child) -> std::io::Result<(ExitStatus, BTreeSet<Outward>)> {
    let mut sockets = BTreeSet::new();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, sockets));
        }
        let pids: Vec<i32> = i32::try_from(child.id()).into_iter().chain(Family::of(child.id()).pids()).collect();
        sockets.append(&mut outward(&pids));
        std::thread::sleep(LOOK);
    }
}
