//! `providers`: the mock providers served alone, what a program reaches, and whether the mocks are like the real ones.

use crate::adapter::{LiveSpec, PURSE, Reach};
use crate::app::{self, AppError};
use crate::cli::Exit;
use crate::cli::arguments::{DoctorArguments, ProvidersArguments, ProvidersCommand, VerifyArguments};
use crate::cli::door::{self, Colours};
use crate::cli::surroundings::{environment, project, tool};
use crate::cli::trouble::Trouble;
use crate::model::Money;
use crate::provider::Recorder;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// `providers` and what stands below it.
pub(super) fn providers(arguments: &ProvidersArguments) -> Result<Exit, Trouble> {
    match &arguments.command {
        Some(ProvidersCommand::Doctor(arguments)) => return doctor(arguments),
        Some(ProvidersCommand::Verify(arguments)) => return verify(arguments),
        None => {}
    }
    let purse = tempfile::tempdir()?;
    let (live, allow_network) = (&arguments.live, arguments.allow_network);
    let live = arguments.spend_limit.map(|limit| served_live(live, limit, allow_network, purse.path()));
    let settings = app::ProvidersSettings {
        script: arguments.script.clone(),
        port: arguments.port,
        key: arguments.key.clone(),
        recorder: recorder(arguments.record.as_deref())?,
        live,
    };
    app::serve_providers(settings, &project()?, &mut io::stdout(), io::stderr())?;
    Ok(Exit::Good)
}

/// What records exchanges of providers that are served alone, without the secrets of the environment.
fn recorder(folder: Option<&Path>) -> Result<Option<Arc<Recorder>>, Trouble> {
    let Some(folder) = folder else { return Ok(None) };
    if Recorder::is_used(folder) {
        let text = format!("{} holds tapes already: name another folder", folder.display());
        return Err(AppError::Usage(text).into());
    }
    let secrets = app::secrets_of_environment(&environment(), &project()?);
    Ok(Some(Arc::new(Recorder::new(folder, secrets)?)))
}

fn served_live(hosts: &[(String, Option<String>)], limit: Money, allow_network: bool, purse: &Path) -> app::ServedLive {
    app::ServedLive {
        spec: LiveSpec { hosts: hosts.iter().cloned().collect(), limit, purse: purse.join(PURSE) },
        reach: if allow_network { Reach::Network } else { Reach::Loopback },
        environment: environment(),
    }
}

fn verify(arguments: &VerifyArguments) -> Result<Exit, Trouble> {
    let temporary = tool()?.temporary;
    if let Some(recording) = &arguments.recording {
        let is_same = app::verify_recording(recording, &temporary, &mut io::stdout())?;
        return Ok(if is_same { Exit::Good } else { Exit::Found });
    }
    let purse = tempfile::tempdir_in(&temporary)?;
    let limit = arguments.spend_limit.unwrap_or_default();
    let comparison = app::LiveComparison {
        live: served_live(&arguments.live, limit, arguments.allow_network, purse.path()),
        system: arguments.system.clone(),
        models: arguments.model.iter().cloned().collect(),
        record: arguments.record.clone(),
        secrets: app::secrets_of_environment(&environment(), &project()?),
    };
    let likeness = app::verify_live(&comparison, &project()?, &temporary, &mut io::stdout())?;
    Ok(match likeness {
        app::Likeness::Alike => Exit::Good,
        app::Likeness::Different => Exit::Found,
        app::Likeness::Unproven => Exit::Unproven,
    })
}

fn doctor(arguments: &DoctorArguments) -> Result<Exit, Trouble> {
    let options = app::DoctorOptions {
        root: project()?,
        providers: arguments.providers.clone(),
        command: arguments.program.clone(),
    };
    let diagnosis = app::doctor(&options, &tool()?)?;
    let mut out = door::Door::new(io::stdout(), door::of_environment(), Colours::None);
    write!(out, "{diagnosis}")?;
    out.flush()?;
    Ok(match diagnosis.health() {
        app::Health::Well => Exit::Good,
        app::Health::Ill => Exit::Found,
    })
}
