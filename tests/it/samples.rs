//! What is committed and made by the program is what the program makes: samples of every report, and the schemas.
//!
//! `STEADFAST_BLESS=1 cargo test --test it samples` writes them anew.

use std::path::Path;
use steadfast::report::{Context, Format, json_schema};
use steadfast::{record, scenario, verdict};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compares a committed file with what it should be, or writes it.
fn check(path: &Path, expected: &str) {
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder that can be made");
        std::fs::write(path, expected).expect("a file that can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let line = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{} is not what the program makes (first difference in line {:?}): STEADFAST_BLESS=1 cargo test --test it samples",
        path.display(),
        line.map(|line| line + 1)
    );
}

#[test]
fn the_samples_are_what_the_program_renders() {
    let journal = root().join("fixtures/journals/sample.jsonl");
    let record = record::read(&journal).expect("the committed journal");
    let judgement = verdict::judge(&record);
    let context = Context::new("steadfast", format!("reports/runs/{}", record.header.run));
    let samples = [
        (Format::Terminal, "sample.txt"),
        (Format::Junit, "sample.junit.xml"),
        (Format::Json, "sample.report.json"),
        (Format::Markdown, "sample.summary.md"),
        (Format::Html, "sample.report.html"),
    ];
    for (format, name) in samples {
        let text = format.render(&record, &judgement, &context).expect("a report");
        check(&root().join("reports").join(name), &text);
    }
}

#[test]
fn the_schemas_are_what_the_program_prints() {
    let schemas = [
        ("scenario.schema.json", scenario::schema()),
        ("system.schema.json", scenario::system_schema()),
        ("report.schema.json", json_schema()),
        ("tape.schema.json", steadfast::provider::tape_schema()),
    ];
    for (name, schema) in schemas {
        check(&root().join("docs/schema").join(name), &format!("{schema:#}\n"));
    }
}
