//! One comment on a pull request that is kept up to date, and webhooks.
//!
//! The text is a function of the journal (`report::comment`); here it is carried to a service. What a service refuses
//! (a pull request from a fork, whose token may only read) is no failure: the text goes to the job's summary.

mod client;
mod service;

pub use client::CommentError;
pub use service::{GivenPlace, Place, Service};

use crate::app::reports::context;
use crate::app::{AppError, ToolInfo, files};
use crate::disk::append_output;
use crate::record;
use crate::report::{Comment, comment};
use crate::verdict::judge;
use client::Client;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where a run is told.
#[derive(Debug, Clone, Default)]
pub struct CommentOptions {
    /// The pull request; none tells webhooks only.
    pub place: Option<Place>,
    /// Webhooks and what they take.
    pub webhooks: Vec<(String, WebhookFormat)>,
    /// Where the text goes that no service takes: the summary of the job.
    pub summary: Option<PathBuf>,
}

/// What a webhook takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFormat {
    /// `{"text": …}` with Slack's markup; Mattermost and others take it too.
    Slack,
    /// The findings as JSON.
    Json,
}

/// What became of the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commented {
    /// A new one was written.
    Created,
    /// The earlier one was brought up to date.
    Updated,
    /// There is nothing to say and no earlier comment.
    NotNeeded,
    /// The service refused; the text is in the job's summary, or here where there is none.
    Refused {
        /// Why it could not be written.
        why: String,
        /// The text that no summary took.
        body: Option<String>,
    },
    /// No pull request was given.
    NotAsked,
}

/// The comment of a run, as it would be written.
///
/// # Errors
/// If the journal can't be read.
pub fn comment_text(folder: &Path, tool: &ToolInfo) -> Result<Comment, AppError> {
    let record = record::read(&files::journal(folder))?;
    let judgement = judge(&record);
    Ok(comment(&record, &judgement, &context(folder, tool)))
}

/// Tells a pull request and webhooks of a run.
///
/// # Errors
/// If the journal can't be read, or a service can't be reached.
pub fn tell(folder: &Path, options: &CommentOptions, tool: &ToolInfo) -> Result<Commented, AppError> {
    let comment = comment_text(folder, tool)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| AppError::Io { path: folder.to_owned(), source })?;
    let client = Client::new().map_err(|error| AppError::Start(error.to_string()))?;
    let commented = match &options.place {
        None => Commented::NotAsked,
        Some(place) => match runtime.block_on(keep_up_to_date(&client, place, &comment)) {
            Ok(commented) => commented,
            Err(error) if error.is_refusal() => refused(&comment, options.summary.as_deref(), &error)?,
            Err(error) => return Err(error.into()),
        },
    };
    for (address, format) in &options.webhooks {
        runtime.block_on(client.post_to_webhook(address, &message(&comment, *format)))?;
    }
    Ok(commented)
}

/// Looks for the comment of an earlier run, and writes it anew; else a new one.
async fn keep_up_to_date(client: &Client, place: &Place, comment: &Comment) -> Result<Commented, CommentError> {
    let mut refusal = None;
    for number in client.comments_with(place, &comment.marker).await? {
        match client.replace(place, number, &comment.body).await {
            Ok(()) => return Ok(Commented::Updated),
            // Somebody else wrote it, and quoted ours.
            Err(error) if error.is_refusal() => refusal = Some(error),
            Err(error) => return Err(error),
        }
    }
    if !comment.has_findings {
        return refusal.map_or(Ok(Commented::NotNeeded), Err);
    }
    client.create(place, &comment.body).await?;
    Ok(Commented::Created)
}

fn refused(comment: &Comment, summary: Option<&Path>, error: &CommentError) -> Result<Commented, AppError> {
    let why = error.to_string();
    let Some(path) = summary else { return Ok(Commented::Refused { why, body: Some(comment.body.clone()) }) };
    append_output(path, &format!("{}\n", comment.body))?;
    Ok(Commented::Refused { why, body: None })
}

/// What a webhook is sent.
fn message(comment: &Comment, format: WebhookFormat) -> Value {
    match format {
        WebhookFormat::Json => comment.payload.clone(),
        WebhookFormat::Slack => json!({ "text": slack(comment) }),
    }
}

/// How many findings a message in a chat names.
const IN_CHAT: usize = 5;

fn slack(comment: &Comment) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let field = |value: &Value, name: &str| escape(value[name].as_str().unwrap_or_default());
    let mut lines = vec![format!("*{}*", escape(&comment.headline))];
    let findings = comment.payload["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    for finding in findings.iter().take(IN_CHAT) {
        let new = if finding["new"] == true { "new: " } else { "" };
        lines.push(format!(
            "• {new}{} `{}` {}",
            field(finding, "verdict"),
            field(finding, "case"),
            field(finding, "what")
        ));
        lines.push(format!("   cause: {}", field(finding, "cause")));
        lines.push(format!("   repeat: `{}`", field(finding, "repeat")));
    }
    if findings.len() > IN_CHAT {
        lines.push(format!("… and {} more", findings.len() - IN_CHAT));
    }
    if let Some(job) = comment.payload["job"].as_str() {
        lines.push(format!("<{}|the job>", escape(job)));
    }
    lines.join("\n")
}
