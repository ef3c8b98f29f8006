//! The pass that adds what the `junit-report` crate leaves out: totals, counts of what was skipped, properties, times
//! with three decimals.

use crate::report::ReportError;
use crate::report::text::visible;
use junit_report::TestSuite;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};

/// A name with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    name: String,
    value: String,
}

impl Property {
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self { name: visible(name).into_owned(), value: visible(value).into_owned() }
    }
}

/// What is counted in a suite.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    seconds: f64,
}

/// Completes the document; the properties go into its first suite.
pub(super) fn complete(
    xml: &str,
    name: &str,
    suites: &[TestSuite],
    properties: &[Property],
) -> Result<String, ReportError> {
    let suites: Vec<Counts> = suites.iter().map(Counts::of).collect();
    let mut writer = Writer::new(Vec::with_capacity(xml.len() + xml.len() / 8));
    let mut reader = Reader::from_str(xml);
    let mut next = suites.iter();
    let mut properties = Some(properties);
    loop {
        match reader.read_event().map_err(wrong)? {
            Event::Eof => break,
            Event::Start(start) => {
                let start = rewritten(&start, name, &suites, &mut next)?;
                let is_suite = start.name().as_ref() == b"testsuite";
                line(&mut writer, &start);
                writer.write_event(Event::Start(start))?;
                if let Some(properties) = properties.take_if(|_| is_suite) {
                    write_properties(&mut writer, properties)?;
                }
            }
            Event::Empty(start) => {
                let start = rewritten(&start, name, &suites, &mut next)?;
                line(&mut writer, &start);
                match properties.take_if(|_| start.name().as_ref() == b"testsuite") {
                    None => writer.write_event(Event::Empty(start))?,
                    Some(properties) => {
                        let end = start.to_end().into_owned();
                        writer.write_event(Event::Start(start))?;
                        write_properties(&mut writer, properties)?;
                        writer.write_event(Event::End(end))?;
                    }
                }
            }
            event => writer.write_event(event)?,
        }
    }
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| ReportError::Junit(error.to_string()))
}

fn wrong(error: impl std::fmt::Display) -> ReportError {
    ReportError::Junit(error.to_string())
}

/// Suites and cases stand on lines of their own, so that a difference between two files can be read.
fn line(writer: &mut Writer<Vec<u8>>, start: &BytesStart<'_>) {
    if matches!(start.name().as_ref(), b"testsuites" | b"testsuite" | b"testcase") {
        writer.get_mut().push(b'\n');
    }
}

impl Counts {
    fn of(suite: &TestSuite) -> Self {
        Self {
            tests: suite.tests(),
            failures: suite.failures(),
            errors: suite.errors(),
            skipped: suite.skipped(),
            seconds: suite.time().as_seconds_f64(),
        }
    }
}

/// The element with the attributes that it should have.
fn rewritten<'a>(
    start: &BytesStart<'_>,
    name: &str,
    suites: &[Counts],
    next: &mut std::slice::Iter<'_, Counts>,
) -> Result<BytesStart<'a>, ReportError> {
    match start.name().as_ref() {
        b"testsuites" => {
            let mut all = Counts::default();
            for suite in suites {
                all.tests += suite.tests;
                all.failures += suite.failures;
                all.errors += suite.errors;
                all.seconds += suite.seconds;
            }
            let mut start = BytesStart::new("testsuites");
            start.push_attribute(("name", name));
            start.push_attribute(("tests", all.tests.to_string().as_str()));
            start.push_attribute(("failures", all.failures.to_string().as_str()));
            start.push_attribute(("errors", all.errors.to_string().as_str()));
            start.push_attribute(("time", format!("{:.3}", all.seconds).as_str()));
            Ok(start)
        }
        b"testsuite" => {
            let counts = next.next().copied().unwrap_or_default();
            let mut suite = with_time(start, counts.seconds)?;
            suite.push_attribute(("skipped", counts.skipped.to_string().as_str()));
            Ok(suite)
        }
        b"testcase" => {
            let time = start.try_get_attribute("time").map_err(wrong)?;
            let seconds = time.and_then(|time| std::str::from_utf8(&time.value).ok()?.parse().ok()).unwrap_or(0.0);
            with_time(start, seconds)
        }
        _ => Ok(start.to_owned()),
    }
}

/// The element with its time in three decimals.
fn with_time<'a>(start: &BytesStart<'_>, seconds: f64) -> Result<BytesStart<'a>, ReportError> {
    let tag = start.name();
    let mut out = BytesStart::new(String::from_utf8_lossy(tag.as_ref()).into_owned());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(wrong)?;
        if attribute.key.as_ref() != b"time" {
            out.push_attribute(attribute);
        }
    }
    out.push_attribute(("time", format!("{seconds:.3}").as_str()));
    Ok(out)
}

fn write_properties(writer: &mut Writer<Vec<u8>>, properties: &[Property]) -> Result<(), ReportError> {
    writer.create_element("properties").write_inner_content(|writer| {
        for property in properties {
            let element = writer.create_element("property");
            let attributes = [("name", property.name.as_str()), ("value", property.value.as_str())];
            element.with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}
