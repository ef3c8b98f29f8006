//! SARIF 2.1.0, for code scanning: a result for each case with a finding.
//!
//! The format: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use crate::model::{ContentHash, FindingKind};
use crate::record::Record;
use crate::report::brief::Brief;
use crate::report::finding::Finding;
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::{Context, ReportError, recipe};
use crate::verdict::Judgement;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

/// What a path in a URI does not hold as it is.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%')
    .add(b'[')
    .add(b']')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// Renders the findings as SARIF.
///
/// # Errors
/// If it can't be serialised, which no run causes.
pub fn sarif(record: &Record, judgement: &Judgement, context: &Context) -> Result<String, ReportError> {
    let view = View::new(record, judgement, context);
    let findings: Vec<Finding> = judgement.cases.iter().filter_map(|judged| view.finding(judged.case)).collect();
    let mut kinds: Vec<FindingKind> = findings.iter().map(|finding| finding.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let results: Vec<Value> = findings.iter().map(|finding| result(&view, finding, &kinds)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "steadfast",
                "version": record.header.program,
                "rules": kinds.iter().map(|kind| rule(*kind)).collect::<Vec<Value>>(),
            }},
            "automationDetails": { "id": format!("steadfast/{}", record.header.run) },
            "originalUriBaseIds": { "PROJECT": { "description": { "text": "The project's folder." } } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn rule(kind: FindingKind) -> Value {
    let recipe = recipe(kind);
    json!({
        "id": kind.as_str(),
        "shortDescription": { "text": recipe.means },
        "fullDescription": { "text": format!("{} {}", recipe.means, recipe.impact) },
        "help": { "text": format!("Usually: {}\n{}", recipe.usual_cause, recipe.fix.join("\n")) },
    })
}

fn result(view: &View<'_>, finding: &Finding, kinds: &[FindingKind]) -> Value {
    let brief = Brief::of(view, finding);
    let text = format!(
        "{} {}.\nCause: {}.\nWhere: {}\nRepeat: {}\nSure: {}.\nRemedy: {}.",
        finding.id,
        brief.what,
        brief.cause,
        brief.location(),
        brief.repeat,
        brief.sure,
        brief.remedy
    );
    let mut result = json!({
        "ruleId": finding.kind.as_str(),
        "ruleIndex": kinds.iter().position(|kind| *kind == finding.kind),
        "level": match finding.weight { Weight::Fails => "error", Weight::Warns => "warning" },
        "message": { "text": text },
        "partialFingerprints": { "case/v1": fingerprint(finding) },
        "properties": { "case": finding.id, "owners": finding.owners },
    });
    if !finding.place.file.is_empty() {
        let mut region = json!({ "startLine": finding.place.line.max(1) });
        if finding.place.column > 1 {
            region["startColumn"] = finding.place.column.into();
        }
        let file = utf8_percent_encode(finding.place.file.trim_start_matches("./"), IN_PATH).to_string();
        let file = if file.starts_with('/') {
            json!({ "uri": format!("file://{file}") })
        } else {
            json!({ "uri": file, "uriBaseId": "PROJECT" })
        };
        result["locations"] = json!([{ "physicalLocation": { "artifactLocation": file, "region": region } }]);
    }
    if let Some(who) = &finding.quarantine {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": who }]);
    }
    result
}

/// Equal for the same kind of finding in the same case, whatever line it has moved to.
pub(super) fn fingerprint(finding: &Finding) -> String {
    ContentHash::of([finding.kind.as_str(), &finding.id]).as_str().to_owned()
}
