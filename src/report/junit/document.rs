//! The test cases and what is said of them.

use crate::model::{CaseIndex, OutcomeKind, Position, Verdict};
use crate::record::{Record, RoundRecord, Slot};
use crate::report::brief::Brief;
use crate::report::finding::Finding;
use crate::report::junit::complete::{Property, complete};
use crate::report::summary::Summary;
use crate::report::text::{bounded, one_line, visible};
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::{count, percent};
use crate::report::{Context, ReportError};
use crate::verdict::{CaseJudgement, Judgement};
use junit_report::{Duration, OffsetDateTime, ReportBuilder, TestCase, TestCaseBuilder, TestSuite, TestSuiteBuilder};

/// What a test case of the document stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JunitDetail {
    /// A case with its verdict over all rounds.
    #[default]
    Case,
    /// A trial with its outcome; a suite for each round.
    Trial,
}

/// How many bytes of a failure's text are kept. Servers cut or refuse files of many megabytes.
const FAILURE_BYTES: usize = 64 * 1024;

/// How many columns of a message go into an attribute.
const MESSAGE_COLUMNS: usize = 300;

/// Renders JUnit XML. It is well-formed whatever the messages contain.
///
/// # Errors
/// If the XML can't be written or read back, which no input causes.
pub fn junit(
    record: &Record,
    judgement: &Judgement,
    context: &Context,
    detail: JunitDetail,
) -> Result<String, ReportError> {
    let view = View::new(record, judgement, context);
    let suites: Vec<TestSuite> = match detail {
        JunitDetail::Case => vec![cases(&view)],
        JunitDetail::Trial => view.record.rounds.iter().map(|round| trials(&view, round)).collect(),
    };
    let report = ReportBuilder::new().add_testsuites(suites.iter().cloned()).build();
    let mut xml = Vec::new();
    report.write_xml(&mut xml).map_err(|error| ReportError::Junit(error.to_string()))?;
    let xml = String::from_utf8(xml).map_err(|error| ReportError::Junit(error.to_string()))?;
    complete(&xml, &visible(&record.header.subject.name), &suites, &properties(&view))
}

fn cases(view: &View<'_>) -> TestSuite {
    let mut suite = suite(view, &view.record.header.subject.name);
    suite.add_testcases(view.judgement.cases.iter().filter_map(|judged| case(view, judged)));
    suite.build()
}

fn suite(view: &View<'_>, name: &str) -> TestSuiteBuilder {
    let started = view.record.header.started.as_second();
    let mut suite = TestSuiteBuilder::new(&visible(name));
    suite.set_timestamp(OffsetDateTime::from_unix_timestamp(started).unwrap_or(OffsetDateTime::UNIX_EPOCH));
    suite
}

fn case(view: &View<'_>, judged: &CaseJudgement) -> Option<TestCase> {
    let name = Name::of(view, judged.case)?;
    let time = microseconds(view.mean_micros(judged.case));
    let reason = || one_line(judged.reason.as_deref().unwrap_or("no reason given"), MESSAGE_COLUMNS);
    let mut case = match (view.finding(judged.case), judged.verdict) {
        (Some(finding), _) => finding_case(view, &finding, &name, time),
        (None, Verdict::Skipped) => TestCase::skipped_with_cause(&name.name, "skipped", &reason()),
        (None, Verdict::Unproven) => {
            TestCase::skipped_with_cause(&name.name, "unproven", &format!("unproven: {}", reason()))
        }
        (None, _) => TestCase::success(&name.name, time),
    };
    case.set_classname(&name.class);
    Some(case)
}

/// A finding that fails the gate is a failure. One that only warns must not turn red what the gate lets pass: its text
/// goes to `system-out`.
fn finding_case(view: &View<'_>, finding: &Finding, name: &Name, time: Duration) -> TestCase {
    let text = cdata(&told(view, finding));
    match finding.weight {
        Weight::Warns => {
            let mut case = TestCase::success(&name.name, time);
            case.set_system_out(&text);
            case
        }
        Weight::Fails => {
            let message = one_line(&finding.message, MESSAGE_COLUMNS);
            let mut case = TestCaseBuilder::failure(&name.name, time, finding.verdict.as_str(), &message);
            case.set_trace(&text).build()
        }
    }
}

/// Everything about a finding, as text.
fn told(view: &View<'_>, finding: &Finding) -> String {
    let brief = Brief::of(view, finding);
    let (message, cut) = bounded(&finding.message, FAILURE_BYTES);
    let mut lines = vec![
        format!("{}: {}", finding.verdict, brief.what),
        format!("cause:   {}", brief.cause),
        format!("where:   {}", brief.place),
        message.to_owned(),
    ];
    if cut > 0 {
        lines.push(format!("[{cut} bytes more in events.jsonl]"));
    }
    lines.push(format!("repeat:  {}", brief.repeat));
    lines.push(format!("sure:    {}", brief.sure));
    lines.push(format!("remedy:  {}\n", brief.remedy));
    if brief.repeat != brief.command {
        lines.push(format!("command: {}", brief.command));
    }
    lines.push(format!("rate:    {} trials failed ({})", finding.rate, finding.kinds()));
    let (lower, upper) = finding.interval;
    let confidence = view.record.header.policy.confidence;
    lines.push(format!("         {} to {} with {} confidence", percent(lower), percent(upper), percent(confidence)));
    lines.push(format!("seed:    {}", view.record.header.seed));
    lines.extend(finding.known(view).map(|known| format!("history: {known}")));
    if !finding.owners.is_empty() {
        lines.push(format!("owner:   {}", finding.owners.join(" ")));
    }
    lines.extend(finding.quarantine.as_ref().map(|who| format!("held back in quarantine: {who}")));
    if let Some(seen) = &finding.seen {
        let kind = seen.kind.map_or_else(String::new, |kind| format!(" ({kind})"));
        lines.push(format!(
            "seen:    {} in round {}{kind} after {}",
            seen.outcome,
            seen.round.ordinal(),
            count(seen.before.len(), "other")
        ));
    }
    lines.extend(finding.remarks.iter().map(|remark| format!("note:    {remark}")));
    if !finding.details.is_empty() {
        let (details, cut) = bounded(&finding.details, FAILURE_BYTES.saturating_sub(message.len()));
        lines.push(format!("\n{details}"));
        if cut > 0 {
            lines.push(format!("[{cut} bytes more in events.jsonl]"));
        }
    }
    lines.join("\n")
}

fn trials(view: &View<'_>, round: &RoundRecord) -> TestSuite {
    let mut suite = suite(view, &format!("round {} ({}, seed {})", round.id.ordinal(), round.kind, round.seed));
    let slots = Position::all().zip(&round.slots);
    suite.add_testcases(slots.filter_map(|(position, slot)| trial(view, round, position, *slot)));
    suite.build()
}

fn trial(view: &View<'_>, round: &RoundRecord, position: Position, slot: Slot) -> Option<TestCase> {
    let name = Name::of(view, slot.case)?;
    // Readers keep only the first of two equal names.
    let label = format!("{} · round {}.{position}", name.name, round.id.ordinal());
    let time = microseconds(u64::from(slot.micros));
    let mut case = match slot.outcome {
        Some(OutcomeKind::Passed) => TestCase::success(&label, time),
        Some(OutcomeKind::Skipped) => {
            let reason = view.record.skips.get(&slot.case).map_or("no reason given", String::as_str);
            TestCase::skipped_with_cause(&label, "skipped", &one_line(reason, MESSAGE_COLUMNS))
        }
        None => TestCase::skipped_with_cause(&label, "unproven", "was never reported"),
        Some(outcome) => failed_trial(view, round, position, slot.case, (&label, time, outcome)),
    };
    case.set_classname(&name.class);
    Some(case)
}

fn failed_trial(
    view: &View<'_>,
    round: &RoundRecord,
    position: Position,
    case: CaseIndex,
    (label, time, outcome): (&str, Duration, OutcomeKind),
) -> TestCase {
    let kept = view.record.failures.get(&case).into_iter().flatten();
    let mut same = kept.filter(|seen| seen.round == round.id && seen.position == position);
    let failure = same.find_map(|seen| seen.outcome.failure());
    let message = failure.map_or("the text of this failure was not kept; see events.jsonl", |failure| &failure.message);
    let mut trial = TestCaseBuilder::failure(label, time, outcome.as_str(), &one_line(message, MESSAGE_COLUMNS));
    if let Some(failure) = failure {
        let text = visible(&failure.message);
        let (text, cut) = bounded(&text, FAILURE_BYTES);
        let rest = if cut > 0 { format!("\n[{cut} bytes more in events.jsonl]") } else { String::new() };
        trial.set_trace(&cdata(&format!("{text}{rest}\nseed: {}", round.seed)));
    }
    trial.build()
}

/// How test reports name a case: stable over runs, without the trial's number.
struct Name {
    class: String,
    name: String,
}

impl Name {
    /// Of a test of pytest, what pytest's own report says, so that the two can be joined. Of another case the class is
    /// the path, the id up to `[`; the name is the title and the cell.
    fn of(view: &View<'_>, case: CaseIndex) -> Option<Self> {
        let info = view.info(case)?;
        let id = info.id.as_str();
        if view.record.header.subject.folder_of_modules().is_some() {
            return Some(Self::by_modules(id));
        }
        let (path, cell) = match id.find('[') {
            Some(at) if id.ends_with(']') => id.split_at(at),
            _ => (id, ""),
        };
        let title = if info.title.trim().is_empty() { path } else { info.title.trim() };
        let name = if cell.is_empty() || title.ends_with(cell) { title.to_owned() } else { format!("{title} {cell}") };
        Some(Self { class: visible(path).into_owned(), name: single(&name) })
    }
}

impl Name {
    /// `tests/test_a.py::TestB::test_c[x::y]` is `test_c[x::y]` of `tests.test_a.TestB`.
    fn by_modules(id: &str) -> Self {
        let (path, parameters) = id.find('[').map_or((id, ""), |at| id.split_at(at));
        let mut names: Vec<String> = path.split("::").map(str::to_owned).collect();
        if let Some(file) = names.first_mut() {
            *file = file.strip_suffix(".py").unwrap_or(file).replace('/', ".");
        }
        let name = names.pop().unwrap_or_default();
        Self { class: visible(&names.join(".")).into_owned(), name: single(&format!("{name}{parameters}")) }
    }
}

/// A name in one line.
fn single(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Text that may stand in a CDATA section. Where it would command a CI service that shows the file in a log, a line begins with
/// the end of a section.
fn cdata(text: &str) -> String {
    let text = text.replace("]]>", "]]]]><![CDATA[>").replace("##[", "##]]><![CDATA[[");
    let lines = text.split_inclusive('\n').map(|line| match line.trim_start().starts_with("::") {
        true => format!("]]><![CDATA[{line}"),
        false => line.to_owned(),
    });
    lines.collect()
}

fn microseconds(micros: u64) -> Duration {
    Duration::microseconds(i64::try_from(micros).unwrap_or(i64::MAX))
}

fn properties(view: &View<'_>) -> Vec<Property> {
    let header = &view.record.header;
    let summary = Summary::new(view);
    let mut properties = vec![
        Property::new("steadfast.version", &header.program),
        Property::new("steadfast.run", &header.run),
        Property::new("steadfast.seed", &header.seed.to_string()),
        Property::new("steadfast.gate", view.judgement.gate.as_str()),
        Property::new("steadfast.evidence", &summary.evidence),
    ];
    for judged in view.judgement.cases.iter().filter(|judged| judged.verdict.is_finding()) {
        let value = format!("{}: {} trials failed", judged.verdict, judged.rate);
        properties.push(Property::new(&format!("steadfast.rate {}", view.id(judged.case)), &value));
        let owners = view.info(judged.case).map(|info| view.owners.of(&info.file)).unwrap_or_default();
        if !owners.is_empty() {
            properties.push(Property::new(&format!("steadfast.owner {}", view.id(judged.case)), &owners.join(" ")));
        }
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_section_is_a_command_of_a_ci_service() {
        let text = "shop\n::error file=x::it\n  ::debug::a\nfine :: here ##[error]b ]]>";
        let told = cdata(text);
        let commands = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!told.lines().any(commands), "{told}");
        let parsed = format!("<a><![CDATA[{told}]]></a>").replace("]]><![CDATA[", "");
        assert_eq!(parsed, format!("<a><![CDATA[{text}]]></a>"));
    }

    #[test]
    fn tests_by_modules_are_named_as_pytest_names_them() {
        let check = |id: &str, class: &str, name: &str| {
            let named = Name::by_modules(id);
            assert_eq!((named.class.as_str(), named.name.as_str()), (class, name));
        };
        check("test_a.py::test_b", "test_a", "test_b");
        check("tests/unit/test_a.py::TestB::test_c[x::y/z.py]", "tests.unit.test_a.TestB", "test_c[x::y/z.py]");
    }
}
