//! The comment on a pull request, and what a webhook is told: findings that are new first, then those that were known
//! before, then those that are gone.

use crate::event::KnownFinding;
use crate::model::FindingKind;
use crate::record::Record;
use crate::report::Context;
use crate::report::brief::Brief;
use crate::report::finding::{Finding, Novelty};
use crate::report::markdown::{html, plain, span};
use crate::report::summary::{CauseStory, Summary};
use crate::report::text::{one_line, shorten};
use crate::report::view::View;
use crate::report::words::{count, day};
use crate::verdict::Judgement;
use serde_json::{Value, json};

/// GitHub takes 65,536 characters.
const LONGEST: usize = 60_000;

/// So many findings are told with all answers; the others in a line each.
const AT_LENGTH: usize = 10;

/// So many are told at all.
const SHOWN: usize = 50;

/// What a team is told of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Stands in the comment, unseen: by it the comment of an earlier run of the same suite is found.
    pub marker: String,
    /// The comment in Markdown, with the marker.
    pub body: String,
    /// The run in a line, without markup.
    pub headline: String,
    /// Whether there is something to say: without a finding, only an earlier comment is brought up to date.
    pub has_findings: bool,
    /// What a webhook that takes JSON is told.
    pub payload: Value,
}

/// Puts a run into a comment. `mentions` says whether owners are written so that the service calls them.
pub fn comment(record: &Record, judgement: &Judgement, context: &Context) -> Comment {
    let view = View::new(record, judgement, context);
    let summary = Summary::new(&view);
    let marker = format!("<!-- steadfast: {} -->", record.header.subject.name.replace("--", "- -"));
    let gone = gone(&view);
    let mut lines = vec![marker.clone(), format!("### {}: {}", summary.gate, plain(&summary.headline)), String::new()];
    let (new, known): (Vec<&CauseStory>, Vec<&CauseStory>) =
        summary.causes.iter().partition(|cause| !matches!(cause.lead.novelty, Some(Novelty::Known(_))));
    let mut told = 0;
    for (name, causes) in [("New", new), ("Known before", known)] {
        if causes.is_empty() {
            continue;
        }
        lines.push(format!("**{name} ({})**", causes.len()));
        lines.push(String::new());
        for cause in causes {
            told += 1;
            if told <= SHOWN {
                lines.extend(finding(&view, cause, told <= AT_LENGTH));
            }
        }
        lines.push(String::new());
    }
    if told > SHOWN {
        lines.push(format!("… and {} in the report.", count(told - SHOWN, "more finding")));
        lines.push(String::new());
    }
    if !gone.is_empty() {
        lines.push(format!("**Not seen again ({})**", gone.len()));
        lines.push(String::new());
        for (id, known) in gone.iter().take(SHOWN) {
            let (kind, until) = (known.kind.as_str(), day(known.until));
            lines.push(format!("- {kind} {}, last found on {until}", span(&shorten(id, 160))));
        }
        lines.push(String::new());
    }
    lines.push(format!("{}.", plain(&summary.evidence)));
    lines.push(format!("<sub>{}</sub>", html(&footer(&view, &summary))));
    let headline = format!("{}: {}", summary.gate, summary.headline);
    Comment {
        body: cut(lines.join("\n")),
        headline,
        has_findings: !summary.causes.is_empty(),
        payload: payload(&view, &summary, &gone),
        marker,
    }
}

/// The six answers, folded but for the first.
fn finding(view: &View<'_>, cause: &CauseStory, at_length: bool) -> Vec<String> {
    let lead = &cause.lead;
    let brief = Brief::of(view, lead);
    let more = if cause.others.is_empty() { String::new() } else { format!(" and {} more", cause.others.len()) };
    let mark = lead.mark().map_or_else(String::new, |mark| format!(" ({mark})"));
    let owners = if lead.owners.is_empty() { String::new() } else { format!(" {}", html(&lead.owners.join(" "))) };
    let head = format!(
        "<b>{}</b>{mark} <code>{}</code>{more}: {}",
        lead.verdict,
        html(&shorten(&lead.id, 160)),
        html(&shorten(&brief.what, 200))
    );
    if !at_length {
        return vec![format!("- {}{owners}", inert(&head))];
    }
    let command = if brief.command == brief.repeat {
        String::new()
    } else {
        format!("<br><sub>or <code>{}</code></sub>", html(&brief.command))
    };
    vec![
        format!("<details open><summary>{head}</summary>"),
        String::new(),
        "| | |".to_owned(),
        "| --- | --- |".to_owned(),
        row("cause", &html(&brief.cause)),
        row("where", &format!("<code>{}</code>", html(&one_line(&brief.location(), 300)))),
        row("repeat", &format!("<code>{}</code>{command}", html(&brief.repeat))),
        row("sure", &html(&brief.sure)),
        row("remedy", &html(&brief.remedy)),
    ]
    .into_iter()
    .chain((!lead.owners.is_empty()).then(|| row("owner", &html(&lead.owners.join(" ")))))
    .chain([String::new(), "</details>".to_owned()])
    .collect()
}

/// A row of a table.
fn row(name: &str, text: &str) -> String {
    format!("| {name} | {} |", inert(text.trim()))
}

/// Text in which Markdown finds nothing of its own: a bar would end its cell, and an underscore of an id begins no emphasis.
fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '_' | '`' | '[' | ']' | '~' | '\\' => out.push_str(&format!("&#{};", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out
}

fn footer(view: &View<'_>, summary: &Summary) -> String {
    let revision = view.record.header.background.revision.clone().unwrap_or_default();
    let commit = revision
        .commit
        .map_or_else(String::new, |commit| format!(", commit {}", commit.chars().take(10).collect::<String>()));
    format!("{}{commit}, run {}", summary.ran, view.record.header.run)
}

/// What earlier runs found in cases of this one, the last of them in the newest run that found anything, and this
/// one did not. A case that failed in this run may be what it was, whatever this run makes of it.
fn gone(view: &View<'_>) -> Vec<(String, KnownFinding)> {
    let Some(past) = &view.record.header.background.past else { return Vec::new() };
    let Some(newest) = past.known.iter().map(|known| known.until).max() else { return Vec::new() };
    let is_gone = |known: &&KnownFinding| {
        let judged = view.judged(known.case);
        known.until == newest
            && judged.is_some_and(|judged| {
                judged.rate.trials() > 0 && judged.failure.is_none() && !judged.findings.contains(&known.kind)
            })
    };
    past.known.iter().filter(is_gone).map(|known| (view.id(known.case), known.clone())).collect()
}

/// The body within what a service takes, cut at a line.
fn cut(body: String) -> String {
    if body.len() <= LONGEST {
        return body;
    }
    let mut end = LONGEST;
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    let end = body[..end].rfind('\n').unwrap_or(end);
    format!("{}\n\n</details>\n\n… the rest stands in the report.", &body[..end])
}

fn payload(view: &View<'_>, summary: &Summary, gone: &[(String, KnownFinding)]) -> Value {
    let header = &view.record.header;
    let revision = header.background.revision.clone().unwrap_or_default();
    let kind = |kind: FindingKind| kind.as_str();
    json!({
        "version": 1,
        "event": "run_finished",
        "suite": header.subject.name,
        "run": header.run,
        "started": header.started.to_string(),
        "gate": view.judgement.gate.as_str(),
        "headline": summary.headline,
        "evidence": summary.evidence,
        "commit": revision.commit,
        "branch": revision.branch,
        "job": revision.job,
        "findings": summary.causes.iter().take(SHOWN).map(|cause| told(view, &cause.lead, cause.others.len())).collect::<Vec<Value>>(),
        "findings_left_out": summary.causes.len().saturating_sub(SHOWN),
        "gone": gone.iter().map(|(id, known)| json!({ "case": id, "kind": kind(known.kind) })).collect::<Vec<Value>>(),
    })
}

fn told(view: &View<'_>, finding: &Finding, others: usize) -> Value {
    let brief = Brief::of(view, finding);
    json!({
        "case": finding.id,
        "verdict": finding.verdict.as_str(),
        "others": others,
        "new": finding.novelty.as_ref().map(|novelty| *novelty == Novelty::New),
        "owners": finding.owners,
        "what": brief.what,
        "cause": brief.cause,
        "where": brief.location(),
        "repeat": brief.repeat,
        "sure": brief.sure,
        "remedy": brief.remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_each_of_their_letters_and_markdown_finds_none_of_its_own() {
        let cell = row("repeat", "<code>pytest test_a.py::test_x[__init__|a*b]</code>");
        let marks = "<code>pytest test&#95;a.py::test&#95;x&#91;&#95;&#95;init&#95;&#95;&#124;a&#42;b&#93;</code>";
        assert_eq!(cell, format!("| repeat | {marks} |"));
    }
}
