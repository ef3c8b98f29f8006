//! `why`, from its arguments to the summary.

use crate::cli::Exit;
use crate::cli::config::ConfigError;
use crate::cli::running::run_asking;
use crate::cli::signals::Stoppable;
use crate::cli::trouble::Trouble;
use crate::cli::why_arguments::WhyArguments;

/// Asks why a case fails.
pub(super) fn why(arguments: WhyArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let (question, run) = arguments.meant().map_err(ConfigError::from)?;
    run_asking(run, Some(question), stoppable)
}
