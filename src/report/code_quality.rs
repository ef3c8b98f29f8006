//! GitLab's code quality report: what a merge request shows beside the lines that it changes.
//!
//! The format: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use crate::model::FindingKind;
use crate::record::Record;
use crate::report::brief::Brief;
use crate::report::finding::Finding;
use crate::report::sarif::fingerprint;
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::{Context, ReportError};
use crate::verdict::Judgement;
use serde_json::{Value, json};

/// Renders the findings as a code quality report. GitLab keeps nothing that has no place.
///
/// # Errors
/// If it can't be serialised, which no run causes.
pub fn code_quality(record: &Record, judgement: &Judgement, context: &Context) -> Result<String, ReportError> {
    let view = View::new(record, judgement, context);
    let findings = judgement.cases.iter().filter_map(|judged| view.finding(judged.case));
    let issues: Vec<Value> =
        findings.filter(|finding| !finding.place.file.is_empty()).map(|finding| issue(&view, &finding)).collect();
    let mut text = serde_json::to_string_pretty(&issues)?;
    text.push('\n');
    Ok(text)
}

fn issue(view: &View<'_>, finding: &Finding) -> Value {
    let brief = Brief::of(view, finding);
    let severity = match (finding.weight, finding.kind) {
        (Weight::Warns, _) => "minor",
        (Weight::Fails, FindingKind::Broken) => "critical",
        (Weight::Fails, _) => "major",
    };
    let line = finding.place.line.max(1);
    json!({
        // GitLab needs no type, category or end; Code Climate's own specification asks for them.
        "type": "issue",
        "categories": ["Bug Risk"],
        "description": format!(
            "{}: {} {}. Cause: {}. Repeat: {}. Sure: {}. Remedy: {}.",
            finding.verdict, finding.id, brief.what, brief.cause, brief.repeat, brief.sure, brief.remedy
        ),
        "check_name": format!("steadfast.{}", finding.kind.as_str()),
        "fingerprint": fingerprint(finding),
        "severity": severity,
        "location": {
            "path": finding.place.file.trim_start_matches("./"),
            "lines": { "begin": line, "end": line },
        },
    })
}
