//! `summary.md`: for a pull request or `$GITHUB_STEP_SUMMARY`. At most 60 lines; what is long is folded.

use crate::model::RoundId;
use crate::record::Record;
use crate::report::Context;
use crate::report::advice::Advice;
use crate::report::beside::{Beside, Row};
use crate::report::brief::Brief;
use crate::report::finding::Finding;
use crate::report::summary::{CauseStory, Summary};
use crate::report::text::{one_line, shorten};
use crate::report::view::View;
use crate::report::words::count;
use crate::verdict::Judgement;

/// So many findings are told with a line for each point.
const AT_LENGTH: usize = 4;

/// So many are told at all.
const SHOWN: usize = 20;

/// How much of a message is shown.
const MESSAGE_LINES: usize = 20;
const MESSAGE_COLUMNS: usize = 400;

/// How many lines of each log are shown.
const LOG_LINES: usize = 10;

/// Renders the summary. It ends with a line feed and has at most 60 lines.
pub fn markdown(record: &Record, judgement: &Judgement, context: &Context) -> String {
    let view = View::new(record, judgement, context);
    let summary = Summary::new(&view);
    let mut lines = vec![format!("## {}: {}", summary.gate, plain(&summary.headline)), String::new()];
    lines.push(format!("**{}.**", plain(&summary.evidence)));
    lines.push(format!("{}.", plain(&summary.ran)));
    if let Some(quarantine) = &summary.quarantine {
        lines.push(format!("{}.", plain(&quarantine.size)));
        lines.extend(quarantine.failing.iter().take(2).map(|line| format!("- {}", plain(line))));
        if quarantine.failing.len() > 2 {
            lines.push(format!("- … and {} more in `report.json`", quarantine.failing.len() - 2));
        }
    }
    lines.push(String::new());
    for cause in summary.causes.iter().take(SHOWN) {
        let points = points(&view, cause);
        if summary.causes.len() <= AT_LENGTH {
            lines.push(head(&view, cause));
            lines.push("<ul>".to_owned());
            lines.extend(points);
            lines.push("</ul></details>".to_owned());
        } else {
            lines.push(format!("{}<ul>{}</ul></details>", head(&view, cause), points.concat()));
        }
        // A blank line ends the block of HTML.
        lines.push(String::new());
    }
    if let Some(hidden) = summary.causes.len().checked_sub(SHOWN).filter(|hidden| *hidden > 0) {
        lines.push(format!("… and {} in `report.html`.", count(hidden, "more finding")));
        lines.push(String::new());
    }
    lines.extend(rest(&summary));
    lines.join("\n") + "\n"
}

/// The line that is seen while the rest is folded.
fn head(view: &View<'_>, cause: &CauseStory) -> String {
    let finding = &cause.lead;
    let more = if cause.others.is_empty() { String::new() } else { format!(" and {} more", cause.others.len()) };
    let mark = finding.mark().map_or_else(String::new, |mark| format!(" ({mark})"));
    let novelty = finding.novelty.as_ref().map_or_else(String::new, |novelty| format!(", {}", novelty.short()));
    format!(
        "<details><summary><b>{}</b>{mark} <code>{}</code>{more}: {}{novelty}</summary>",
        finding.verdict,
        html(&shorten(&finding.id, 160)),
        html(&shorten(&Brief::of(view, finding).what, 160))
    )
}

/// Cause, where, repeat, how sure, remedy: an item each. What else is worth saying follows in one.
fn points(view: &View<'_>, cause: &CauseStory) -> Vec<String> {
    let finding = &cause.lead;
    let brief = Brief::of(view, finding);
    let sentence = |text: &str| format!("{}.", html(text));
    let mut points = vec![
        ("Cause", sentence(&brief.cause)),
        ("Where", format!("<code>{}</code> {}", html(&shorten(&brief.place, 200)), message(finding))),
        ("Repeat", format!("<code>{}</code>", html(&brief.repeat))),
        ("Sure", sentence(&brief.sure)),
        ("Remedy", sentence(&brief.remedy)),
    ];
    points.extend(logs(view, finding).map(|logs| ("Log", logs)));
    let besides = besides(&brief, cause);
    if !besides.is_empty() {
        points.push(("Besides", besides));
    }
    points.into_iter().map(|(name, text)| format!("<li><b>{name}</b>: {text}</li>")).collect()
}

/// The program's own command, the cases with the same cause, who holds it back, a note.
fn besides(brief: &Brief, cause: &CauseStory) -> String {
    let finding = &cause.lead;
    let mut parts = Vec::new();
    if brief.repeat != brief.command {
        parts.push(format!("<code>{}</code> repeats it too.", html(&brief.command)));
    }
    if !cause.others.is_empty() {
        parts.push(format!("{} fail for this cause.", count(cause.cases(), "case")));
    }
    parts.extend(finding.quarantine.as_deref().map(|who| format!("Held back: {}.", html(who))));
    if !finding.owners.is_empty() {
        // As code: a summary calls nobody.
        let owners: Vec<String> = finding.owners.iter().map(|owner| format!("<code>{}</code>", html(owner))).collect();
        parts.push(format!("Owned by {}.", owners.join(", ")));
    }
    if let Some(remark) = finding.remarks.first().filter(|remark| **remark != finding.message) {
        parts.push(format!("Note: <code>{}</code>", html(&one_line(remark, 200))));
    }
    parts.join(" ")
}

/// The message as it is.
fn message(finding: &Finding) -> String {
    block(&finding.message.lines().collect::<Vec<&str>>(), MESSAGE_LINES)
}

/// The lines in which the log of a failure differs from that of a pass; `None` if there are none.
fn logs(view: &View<'_>, finding: &Finding) -> Option<String> {
    let logs = Beside::of(view, finding).logs?;
    let (mut failed, mut passed) = (Vec::new(), Vec::new());
    for row in &logs.rows {
        if let Row::Differs { failed: one, passed: other } = row {
            failed.extend(one.as_deref());
            passed.extend(other.as_deref());
        }
    }
    let side = |word: &str, round: RoundId, lines: &[&str]| match lines {
        [] => format!("nothing more where it {word} (round {})", round.ordinal()),
        _ => format!("only where it {word} (round {}): {}", round.ordinal(), block(lines, LOG_LINES)),
    };
    (!failed.is_empty() || !passed.is_empty())
        .then(|| format!("{} {}", side("failed", logs.failed, &failed), side("passed", logs.passed, &passed)))
}

/// Lines as they are. Their line feeds are written as references: a blank line would end the block of HTML.
fn block(lines: &[&str], most: usize) -> String {
    let mut shown: Vec<String> =
        lines.iter().take(most).map(|line| html(&shorten(line.trim_end(), MESSAGE_COLUMNS))).collect();
    if lines.len() > most {
        shown.push(format!("… {} in report.html", count(lines.len() - most, "more line")));
    }
    format!("<pre>{}</pre>", shown.join("&#10;"))
}

/// What is not a finding.
fn rest(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, reasons) in [("Unproven", &summary.unproven), ("Skipped", &summary.skipped)] {
        if reasons.is_empty() {
            continue;
        }
        let total: usize = reasons.iter().map(|(_, number)| number).sum();
        let parts: Vec<String> = reasons
            .iter()
            .take(3)
            .map(|(reason, number)| format!("{} ({number})", span(&one_line(reason, 80))))
            .collect();
        let more =
            if reasons.len() > 3 { format!(", {}", count(reasons.len() - 3, "other reason")) } else { String::new() };
        lines.push(format!("- **{name}:** {}: {}{more}", count(total, "case"), parts.join(", ")));
    }
    if !summary.notes.is_empty() {
        let more = if summary.notes.len() > 1 {
            format!(" and {} more in `report.json`", summary.notes.len() - 1)
        } else {
            String::new()
        };
        lines.push(format!("- **Notes:** {}{more}", span(&one_line(&summary.notes[0], 160))));
    }
    lines.push(format!("- **Coverage:** {}", plain(&summary.coverage)));
    if !summary.unmeasured.is_empty() {
        let parts: Vec<String> = summary
            .unmeasured
            .iter()
            .take(6)
            .map(|(kind, why)| span(&one_line(&format!("{kind}: {why}"), 120)))
            .collect();
        lines.push(format!("- **Not measured:** {}", parts.join(", ")));
    }
    lines.push(format!("- **More certainty:** {}", plain(&summary.price)));
    lines.push(format!("- **Next:** {}", advice(&summary.next)));
    lines.extend(summary.or.iter().map(|or| format!("- **Or:** {}", advice(or))));
    lines
}

/// What to do, with its line as code.
fn advice(advice: &Advice) -> String {
    let line = advice.line.as_ref().map_or_else(String::new, |line| format!(" {}", span(line)));
    format!("{}{line}", plain(&advice.text))
}

/// Text inside a block of HTML.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Text in a Markdown paragraph, as itself.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' => {
                out.push('\\');
                out.push(c);
            }
            // No account must be called by a message.
            '@' => out.push_str("@\u{200b}"),
            '\n' | '\r' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

/// Text as a code span: its fence is longer than any run of backticks in it.
pub(super) fn span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{gap}{}{gap}{fence}", text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_holds_any_backticks() {
        assert_eq!(span("plain"), "`plain`");
        assert_eq!(span("a `b` c"), "``a `b` c``");
        assert_eq!(span("``x"), "``` ``x ```");
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("*a* <b> @c"), "\\*a\\* \\<b\\> @\u{200b}c");
        assert_eq!(html("<a href=\"x\">&\n"), "&lt;a href=&quot;x&quot;&gt;&amp; ");
    }
}
