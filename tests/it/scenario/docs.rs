//! Every example of the manual is a good file.

use super::{Files, cases};
use std::path::Path;
use steadfast::scenario::load_system;

/// The blocks of YAML in a page of the manual.
fn examples(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_example_of_the_scenario_format_loads() {
    let examples = examples("scenario-format.md");
    assert!(examples.len() >= 10, "{}", examples.len());
    for example in examples {
        assert!(!cases(&example).is_empty(), "{example}");
    }
}

#[test]
fn every_example_of_a_system_file_loads() {
    let examples = examples("system-files.md");
    assert!(examples.len() >= 2, "{}", examples.len());
    for example in examples {
        let files = Files::new(&[("system.yaml", &example), ("service/app.py", "")]);
        load_system("system.yaml", files.0.path()).unwrap_or_else(|problems| panic!("{example}\n{problems}"));
    }
}
