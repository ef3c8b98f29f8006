//! `worker`, from its arguments to its end.

use crate::app::{self, JoinOptions};
use crate::cli::Exit;
use crate::cli::door::{self, Colours};
use crate::cli::fleet_arguments::WorkerArguments;
use crate::cli::leave::{configured_run, grants, tested_root};
use crate::cli::signals::Stoppable;
use crate::cli::surroundings::tool;
use crate::cli::trouble::Trouble;
use crate::engine::Fence;
use crate::fleet::{Ended, NatsPost, Role};
use crate::platform::leave_network;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

/// Asks for the fence within programs alone, if it is `within`.
const FENCE: &str = "STEADFAST_FENCE";

/// Plays rounds: of another steadfast over pipes, or of a fleet.
pub(super) fn worker(arguments: WorkerArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    if let Some(role) = arguments.permissions {
        let permissions = Role::from(role).permissions(&arguments.meeting.fleet);
        let mut out = door::out(Colours::None);
        out.write_all(permissions.as_bytes()).and_then(|()| out.flush())?;
        return Ok(Exit::Good);
    }
    if arguments.try_fence {
        leave_network()?;
        return Ok(Exit::Good);
    }
    let Some(url) = arguments.connect.clone() else {
        let fence = arguments.fence.as_deref().map(fence).transpose()?;
        app::worker(io::stdin(), io::stdout().lock(), fence)?;
        return Ok(Exit::Good);
    };
    let address = arguments.meeting.address(url);
    let mut tool = tool()?;
    tool.passwords = address.secrets();
    let (root, grants) = (tested_root(&arguments.leave)?, grants(&arguments.leave)?);
    let options = JoinOptions {
        fleet: arguments.meeting.fleet.clone(),
        jobs: arguments.jobs as usize,
        idle: arguments.idle,
        once: arguments.once,
        host: arguments.meeting.host(),
        run: configured_run(arguments.report_dir.as_deref(), &root)?,
        address,
    };
    let say = |line: &str| {
        let _ = writeln!(door::err(), "{line}");
    };
    let told = move |line: String| {
        let _ = writeln!(door::err(), "{line}");
    };
    let post = NatsPost::open(&options.address, &options.fleet, options.jobs, told).map_err(app::AppError::from)?;
    let mut stop = |handle| stoppable.set(handle);
    let ended = app::join(&options, &grants, &tool, &say, &post, &mut stop);
    post.close();
    Ok(match ended? {
        Ended::RunOver | Ended::Idle | Ended::Dismissed => Exit::Good,
        Ended::Asked => Exit::Interrupted,
    })
}

/// Puts a fence around this process, which has one thread still.
fn fence(relay: &Path) -> io::Result<Fence> {
    if std::env::var_os(FENCE).is_some_and(|fence| fence == "within") {
        return Ok(Fence::Within { reason: format!("{FENCE}=within asks for that") });
    }
    let mut trial = Command::new(std::env::current_exe()?);
    trial.args(["worker", "--try-fence"]);
    Fence::raise(trial, relay)
}
