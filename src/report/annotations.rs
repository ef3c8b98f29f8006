//! GitHub annotations: workflow commands that put a finding beside the line it is about.

use crate::record::Record;
use crate::report::Context;
use crate::report::brief::Brief;
use crate::report::finding::Finding;
use crate::report::summary::Summary;
use crate::report::text::one_line;
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::count;
use crate::verdict::Judgement;

/// GitHub shows ten errors of a step and drops the rest.
const SHOWN: usize = 10;

/// A line for each cause: `::error file=…,line=…,title=…::message`. Empty if nothing was found.
pub fn github_annotations(record: &Record, judgement: &Judgement, context: &Context) -> String {
    let view = View::new(record, judgement, context);
    let summary = Summary::new(&view);
    let mut out = String::new();
    for cause in summary.causes.iter().take(SHOWN) {
        out.push_str(&annotation(&view, &cause.lead, cause.others.len()));
        out.push('\n');
    }
    if let Some(quarantine) = &summary.quarantine {
        for (text, (file, line)) in quarantine.failing.iter().zip(&quarantine.places).take(SHOWN) {
            let (file, text) = (property(file), data(text));
            out.push_str(&format!("::error file={file},line={line},title=quarantine::{text}\n"));
        }
    }
    if let Some(hidden) = summary.causes.len().checked_sub(SHOWN).filter(|hidden| *hidden > 0) {
        let text = format!("{} in {}/report.html", count(hidden, "more finding"), context.run_dir);
        out.push_str(&format!("::notice title=steadfast::{}\n", data(&text)));
    }
    out
}

fn annotation(view: &View<'_>, finding: &Finding, others: usize) -> String {
    let level = match finding.weight {
        Weight::Fails => "error",
        Weight::Warns => "warning",
    };
    let more = if others == 0 { String::new() } else { format!(" and {others} more") };
    let mark = finding.quarantine.as_ref().map_or("", |_| " (quarantined)");
    let title = property(&one_line(&format!("{}{mark}: {}{more}", finding.verdict, finding.id), 200));
    let brief = Brief::of(view, finding);
    let text = format!(
        "{}\ncause: {}\nwhere: {}\nrepeat: {}\nsure: {}\nremedy: {}",
        one_line(&brief.what, 500),
        one_line(&brief.cause, 500),
        one_line(&brief.location(), 500),
        brief.repeat,
        one_line(&brief.sure, 500),
        one_line(&brief.remedy, 500)
    );
    let place = &finding.place;
    // Line and column count from 1; what says nothing is left out.
    let line = if place.line > 0 { format!(",line={}", place.line) } else { String::new() };
    let column = if place.line > 0 && place.column > 1 { format!(",col={}", place.column) } else { String::new() };
    if place.file.is_empty() {
        return format!("::{level} title={title}::{}", data(&text));
    }
    format!("::{level} file={}{line}{column},title={title}::{}", property(&place.file), data(&text))
}

/// What stands after `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands after `name=`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
