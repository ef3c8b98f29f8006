//! Mock providers around a runner's cases.

use crate::command::kit::{command, project};
use crate::pytest::kit::notes;

/// A runner of two cases, one of which asks somebody whom it should not.
const RUNNER: &str = "\
import sys, urllib.request
form, *cases = sys.argv[1:]
if form == 'list':
    sys.exit(print('asks nobody\\nasks a stranger'))
print('1..%d' % len(cases), flush=True)
for case in cases:
    if case == 'asks a stranger':
        try:
            urllib.request.urlopen('https://stranger.example/', timeout=30)
        except OSError:
            pass
    print('ok - ' + case, flush=True)
";

fn check(form: &str, expected: &str) {
    let Some(project) = project("orders", form) else { return };
    project.write("runner.py", RUNNER);
    project.write("providers.yaml", "providers: { mistral: { reply: Hello } }\n");
    project.write("order.txt", "asks nobody\nasks a stranger\n");
    command(&project, "run", &["--providers", "providers.yaml", "--order", "order.txt"]).exits(0);
    let notes = notes(&project);
    assert!(notes.iter().any(|note| note.contains(expected)), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("mistral client was never called")), "{notes:?}");
    assert!(!notes.iter().any(|note| note.starts_with("asks nobody: ")), "{notes:?}");
    project.assert_nothing_left();
}

#[test]
fn a_host_that_is_refused_is_told_with_the_case() {
    check(
        "run: { command: [python3, runner.py, tap, '${case}'] }\nresults: { tap: {} }\n",
        "asks a stranger: stranger.example:443 is no provider's: refused",
    );
}

#[test]
fn where_no_runner_tells_when_a_case_begins_nobody_is_named() {
    let junit = "run: { command: [sh, -c, 'python3 runner.py tap \"$@\" >out && echo \"<testsuite><testcase \
                 name=\\\"asks nobody\\\"/><testcase name=\\\"asks a stranger\\\"/></testsuite>\" >out.xml', sh, '${cases}'] }\n\
                 results: { junit: { files: [out.xml], id: '${name}' } }\n";
    check(junit, "one of the cases that were run together: stranger.example:443");
}
