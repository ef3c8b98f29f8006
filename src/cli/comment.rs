//! `comment`: a run is told to a pull request and to webhooks.

use crate::app::{self, CommentOptions, Commented, GivenPlace, Place, Service, WebhookFormat};
use crate::cli::Exit;
use crate::cli::door::{Colours, out};
use crate::cli::surroundings::tool;
use crate::cli::trouble::Trouble;
use crate::report::count;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct CommentArguments {
    /// The run: its folder, its name, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// Whose API [default: GitLab's in its jobs, else GitHub's]
    #[arg(long, value_enum, value_name = "SERVICE")]
    pub service: Option<ServiceWord>,
    /// Where the API begins [default: as the CI job says, or https://api.github.com]
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
    /// OWNER/NAME, or GitLab's project [default: as the CI job says]
    #[arg(long, value_name = "NAME")]
    pub repository: Option<String>,
    /// The number of the pull request [default: as the CI job says]
    #[arg(long, value_name = "N")]
    pub request: Option<u64>,
    /// Tell this address too; may be given several times
    #[arg(long, env = "STEADFAST_WEBHOOK", hide_env_values = true, value_name = "URL", value_delimiter = ' ')]
    pub webhook: Vec<String>,
    /// What webhooks take [default: slack for addresses of Slack, else json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub webhook_format: Option<WebhookWord>,
    /// Print the comment and tell nobody
    #[arg(long)]
    pub dry_run: bool,
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
}

/// A service that keeps comments.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum ServiceWord {
    GitHub,
    GitLab,
}

/// What a webhook takes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum WebhookWord {
    Slack,
    Json,
}

pub(super) fn comment(arguments: &CommentArguments) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let folder = app::run_folder(&arguments.report_dir, &arguments.run)?;
    let mut out = out(Colours::None);
    if arguments.dry_run {
        writeln!(out, "{}", app::comment_text(&folder, &tool)?.body)?;
        return Ok(Exit::Good);
    }
    let given = GivenPlace {
        service: arguments.service.map(|service| match service {
            ServiceWord::GitHub => Service::GitHub,
            ServiceWord::GitLab => Service::GitLab,
        }),
        api: arguments.api.clone(),
        project: arguments.repository.clone(),
        request: arguments.request,
    };
    let place = Place::find(&given, &tool.environment).map_err(|error| app::AppError::Usage(error.to_string()))?;
    if place.is_none() && arguments.webhook.is_empty() {
        writeln!(out, "this is no pull request, and no webhook is given: nobody was told")?;
        return Ok(Exit::Good);
    }
    let format = |address: &String| match arguments.webhook_format {
        Some(WebhookWord::Slack) => WebhookFormat::Slack,
        Some(WebhookWord::Json) => WebhookFormat::Json,
        None if address.starts_with("https://hooks.slack.com/") => WebhookFormat::Slack,
        None => WebhookFormat::Json,
    };
    let options = CommentOptions {
        place,
        webhooks: arguments.webhook.iter().map(|address| (address.clone(), format(address))).collect(),
        summary: tool.environment.get("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(PathBuf::from),
    };
    match app::tell(&folder, &options, &tool)? {
        Commented::Created => writeln!(out, "wrote a comment")?,
        Commented::Updated => writeln!(out, "brought the comment up to date")?,
        Commented::NotNeeded => writeln!(out, "nothing was found and there is no comment: none was written")?,
        Commented::NotAsked => writeln!(out, "told {}", count(options.webhooks.len(), "webhook"))?,
        Commented::Refused { why, body: None } => {
            writeln!(out, "the service refused ({why}): the comment stands in the job's summary")?;
        }
        Commented::Refused { why, body: Some(body) } => {
            writeln!(out, "the service refused ({why}); the comment would be:\n\n{body}")?;
        }
    }
    Ok(Exit::Good)
}
