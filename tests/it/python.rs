//! What runs in a Python process, on its own: needs a Python with aiohttp and httpx.

use std::process::Command;

/// A Python that can import all of `modules`: `STEADFAST_SDK_PYTHON`, else `python3`. Nothing, said in a line, without.
fn python(modules: &str) -> Option<String> {
    let python = std::env::var("STEADFAST_SDK_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return Some(python);
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: needs a Python with {modules} (STEADFAST_SDK_PYTHON names one)");
    }
    None
}

fn probe_holds(loops: &[&str]) {
    let output = |python: &str| {
        let root = env!("CARGO_MANIFEST_DIR");
        let script = format!("{root}/tests/python/probe_check.py");
        let mut command = Command::new(python);
        command.arg("-B").arg(script).arg(format!("{root}/src/adapter/python")).args(loops);
        command.output().expect("python runs")
    };
    let modules = ["aiohttp", "httpx"].iter().chain(loops).copied().collect::<Vec<_>>().join(", ");
    let Some(python) = python(&modules) else { return };
    let output = output(&python);
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{errors}");
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 10, "{told}\n{errors}");
}

#[test]
fn the_probe_names_what_outlives_its_loop_and_spares_what_does_not() {
    probe_holds(&[]);
}

#[test]
fn the_probe_holds_on_uvloop_too() {
    probe_holds(&["uvloop"]);
}
