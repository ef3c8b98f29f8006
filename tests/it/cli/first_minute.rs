//! The first minute: what the README shows is what the program prints, a run ends at its first failure where that is
//! asked for, and an old suite is offered a line that works when it is pasted.

use crate::cli::kit::{BROKEN, Ended, GREETING, Project, Running};
use crate::pytest::kit::python;
use std::path::Path;

const SHOP: &str = "PRICES = {\"apple\": 3}\n";
const CART: &str = "from shop import PRICES\n\n\ndef test_price():\n    assert PRICES[\"apple\"] == 3\n\n\n\
                    def test_equal():\n    assert {\"a\": 1, \"b\": [1, 2]} == {\"a\": 1, \"b\": [1, 3]}\n";
const SALE: &str = "from shop import PRICES\n\n\ndef test_sale():\n    PRICES[\"apple\"] = 1\n";

/// Runs the program where pytest is at hand, as in CI, where pytest shows differences in full.
fn with_pytest(project: &Project, python: &Path, arguments: &[&str]) -> Ended {
    let mut command = project.command(arguments);
    command.env("STEADFAST_PYTHON", python).env("CI", "true");
    Running::of(command).wait()
}

/// The block of the README that begins with this line, without the line.
fn shown_in_readme(first: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let block = readme.lines().skip_while(|line| *line != first).skip(1);
    block.take_while(|line| !line.starts_with("```")).map(str::to_owned).collect()
}

/// A line without what differs from run to run: the run's folder, the interpreter, how often something was tried.
fn settled(line: &str) -> String {
    let line = line.split(" --python ").next().unwrap_or_default().trim_end();
    let line = match line.split_once("reports/runs/") {
        Some((before, rest)) => {
            let rest = rest.split_once('/').map_or("", |(_, rest)| rest);
            format!("{before}reports/runs/…/{rest}")
        }
        None => line.to_owned(),
    };
    let is_counted = line.trim_start().starts_with("sure ");
    // Where the program is on no path, it calls itself by its place.
    let words = line.split(' ').map(|word| if word.ends_with("/steadfast") { "steadfast" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().map(|c| if is_counted && c.is_ascii_digit() { '#' } else { c }).collect()
}

/// What of the shown lines is not in the text, in this order; `…` stands for any number of lines.
fn missing<'a>(shown: &'a [String], text: &str) -> Option<&'a str> {
    let printed: Vec<String> = text.lines().map(settled).collect();
    let mut left = printed.as_slice();
    let mut may_skip = true;
    for line in shown {
        if line.trim() == "…" {
            may_skip = true;
            continue;
        }
        let wanted = settled(line);
        let at = left.iter().position(|printed| *printed == wanted).filter(|at| may_skip || *at == 0);
        match at {
            Some(at) => left = &left[at + 1..],
            None => return Some(line),
        }
        may_skip = false;
    }
    None
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let Some(python) = python() else { return };
    let project = Project::new();
    let ended = project.run(&["demo", "here", "--python", &python.display().to_string()]).exits(0);
    let command = "$ steadfast run --quiet --suite pytest:. --seed 5eed";
    let shown = shown_in_readme(command);
    assert!(shown.len() > 10, "{shown:?}");
    let (_, printed) = ended.out.split_once(command).expect("the demo runs that command");
    let printed = printed.split_once('\n').map_or("", |(_, rest)| rest);
    assert_eq!(missing(&shown, printed), None, "{}", ended.out);
}

#[test]
fn a_line_that_the_program_does_not_print_is_found() {
    let shown = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let text =
        "first\n\n   sure       failed 7 of 7 times\n   command    steadfast repro reports/runs/1-a/x --python p\n";
    let lines = ["first", " …", "   sure       failed 9 of 9 times", "   command    steadfast repro reports/runs/…/x"];
    assert_eq!(missing(&shown(&lines), text), None);
    assert_eq!(
        missing(&shown(&["first", "   sure       failed 9 of 9 times"]), text),
        Some("   sure       failed 9 of 9 times")
    );
    assert_eq!(missing(&shown(&["…", "second"]), text), Some("second"));
}

#[test]
fn a_run_that_is_to_end_at_its_first_failure_examines_that_and_goes_on_when_it_is_resumed() {
    let Some(python) = python() else { return };
    let project = Project::new().with("shop.py", SHOP).with("test_cart.py", CART).with("test_sale.py", SALE);
    let ended = with_pytest(&project, &python, &["run", "--fail-fast", "--seed", "5eed"]).exits(1);
    let ended = ended.says(&["broken  test_cart.py::test_equal", "ended at the first failure: ", "--resume"]);
    // The line is there to be copied: it stands by itself, however long the program's path is.
    let line = ended.out.lines().skip_while(|line| *line != "or         run the rest:").nth(1);
    let run = project.report()["run"].as_str().unwrap_or_default().to_owned();
    assert!(line.is_some_and(|line| line.ends_with(&format!(" run --resume {run}"))), "{}", ended.out);
    let report = project.report();
    assert_eq!(report["gate"]["outcome"].as_str().or_else(|| report["gate"].as_str()), Some("failed"), "{report}");
    let planned = |journal: &[serde_json::Value]| {
        journal.iter().filter(|line| line["event"]["round_finished"]["end"] == "completed").count()
    };
    let before = planned(&project.journal());
    let python = python.display().to_string();
    let resumed = project.run(&["run", "--resume", "latest", "--python", &python]).exits(1);
    let resumed = resumed.says(&["order_dependent  test_cart.py::test_price", "fails after test_sale.py::test_sale"]);
    assert!(planned(&project.journal()) > before);
    assert!(!resumed.out.contains("ended at the first failure"), "{}", resumed.out);
}

#[test]
fn a_run_that_is_to_end_at_its_first_failure_passes_as_a_whole_where_nothing_fails() {
    let project = Project::new().with("scenarios/one.yaml", GREETING).with("steadfast.toml", "fail_fast = true\n");
    project.run(&["run", "--rounds", "3", "--no-leaks"]).exits(0).says(&["PASSED", "8 rounds"]);
    project.write("scenarios/two.yaml", BROKEN);
    let ended = project.run(&["run", "--jobs", "1", "--orders", "declared", "--rounds", "9", "--no-alone"]).exits(1);
    ended.says(&["broken, new  two", "ended at the first failure"]);
    project.run(&["quarantine", "add", "--from", "latest", "--owner", "me", "--until", "2099-01-01"]).exits(0);
    let held = project.run(&["run", "--rounds", "3", "--no-leaks", "--no-alone"]).exits(0);
    assert!(!held.out.contains("ended at the first failure"), "what is held back ends nothing: {}", held.out);
}

#[test]
fn the_first_run_of_an_old_suite_offers_a_line_that_works_when_it_is_pasted() {
    let Some(python) = python() else { return };
    let project = Project::new().with("shop.py", SHOP).with("test_cart.py", CART).with("test_sale.py", SALE);
    let ended = with_pytest(&project, &python, &["run", "--effort", "quick", "-q"]).exits(1);
    // pytest's own difference, with its spaces and carets.
    let ended =
        ended.says(&["|   {\n", "|       'a': 1,\n", "| -         3,\n", "| ?         ^\n", "| +         2,\n"]);
    let offered = ended.out.lines().map(str::trim).find(|line| line.contains(" quarantine add ")).expect("an offer");
    let words: Vec<&str> = offered.split_whitespace().skip(1).collect();
    project.run(&words).exits(0).says(&["2 added"]);
    let again = with_pytest(&project, &python, &["run", "--effort", "quick", "-q"]).exits(0).says(&["PASSED"]);
    assert!(!again.out.contains("quarantine add"), "{}", again.out);
}

/// Ten mistakes: what is typed, and the line that helps.
#[test]
fn ten_mistakes_each_end_with_the_line_that_helps() {
    let Some(python) = python() else { return };
    let pytest = || Project::new().with("shop.py", SHOP).with("test_cart.py", CART).with("test_sale.py", SALE);
    let jest = || Project::new().with("package.json", r#"{"devDependencies": {"jest": "30"}}"#);
    let check = |project: &Project, arguments: &[&str], code: i32, helps: &[&str]| {
        with_pytest(project, &python, arguments).exits(code).says(helps);
    };
    check(&pytest(), &["run", "tests/test_x.py"], 2, &["there is no file tests/test_x.py", "steadfast list"]);
    check(&pytest(), &["run", "test_card.py"], 2, &["did you mean test_cart.py?"]);
    check(&pytest(), &["run", "test_cart.py::test_x"], 2, &["not found", "-m pytest --collect-only"]);
    check(&Project::new(), &["run"], 2, &["nothing to run here", "steadfast init"]);
    check(&pytest(), &["run", "--suite", "pytst"], 2, &["did you mean `pytest`?"]);
    check(&pytest(), &["run", "-k", "nothing"], 2, &["matches none of 3 tests", "steadfast list"]);
    check(&pytest(), &["run", "--python", "/nowhere/python"], 2, &["--python .venv/bin/python"]);
    check(&pytest(), &["run", "--python", "/bin/ls"], 2, &["/bin/ls -m pytest --collect-only"]);
    check(&pytest(), &["rum"], 2, &["'run'"]);
    check(&jest(), &["init", "--ci", "none"], 0, &["the suite is command:jest", "next: "]);
}

#[test]
fn a_repro_of_another_checkout_says_where_it_belongs() {
    let there = Project::new().with("scenarios/wrong.yaml", BROKEN);
    there.run(&["run", "--rounds", "2", "--no-leaks"]).exits(1);
    let repro =
        there.files("reports").into_iter().find(|file| file.parent().is_some_and(|folder| folder.ends_with("repros")));
    let repro = repro.expect("a repro file").display().to_string();
    let here = Project::that_passes();
    here.run(&["repro", &repro]).exits(2).says(&["a checkout of the project that it was made in", "steadfast list"]);
}
