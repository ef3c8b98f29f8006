//! Runners that die, hang or stop early: nothing is lost, and nothing is left.

use crate::cli::kit::{Project, Running, case, verdicts};
use crate::command::kit::{FORMS, command, outcomes, project};
use std::time::Duration;

fn broken(report: &serde_json::Value) -> Vec<String> {
    let mut found: Vec<String> =
        verdicts(report).into_iter().filter(|(_, verdict)| verdict == "broken").map(|(id, _)| id).collect();
    found.sort();
    found
}

#[test]
fn a_case_that_ends_the_runner_is_crashed_and_no_other_case_is() {
    for (form, profile) in FORMS {
        let Some(project) = project("crashes", profile) else { return };
        command(&project, "run", &["--seed", "1", "--rounds", "2"]).exits(1);
        let report = project.report();
        assert_eq!(broken(&report), ["exits", "killed"], "{form}");
        assert!(verdicts(&report).iter().all(|(_, verdict)| verdict == "broken" || verdict == "stable"), "{form}");
        let message = |id: &str| case(&report, id)["message"].as_str().unwrap_or_default().to_owned();
        assert!(message("killed").contains("killed by signal 9"), "{form}: {}", message("killed"));
        assert!(message("exits").contains("exit code 7"), "{form}: {}", message("exits"));
        project.assert_nothing_left();
    }
}

#[test]
fn a_case_that_hangs_meets_its_deadline_and_leaves_no_process() {
    // A runner that tells at its end is tried again, with fewer cases: that takes its deadlines again.
    for ((form, profile), time) in FORMS[1..].iter().zip(["30s", "90s"]) {
        let profile = profile.replace("run: { ", "run: { start_within: 5, ");
        let Some(project) = project("hangs", &profile) else { return };
        project.write("order.txt", "plain\nhangs\nlast\n");
        let limits = ["--order", "order.txt", "--case-timeout", "3s", "--max-time", time, "--no-history"];
        command(&project, "run", &limits).exits(1);
        assert_eq!(outcomes(&project, 1), ["timed_out"], "{form}");
        assert_eq!(
            (outcomes(&project, 0), outcomes(&project, 2)),
            (vec!["passed".into()], vec!["passed".into()]),
            "{form}"
        );
        let message = case(&project.report(), "hangs")["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains("did not end within 3 s"), "{form}: {message}");
        project.assert_nothing_left();
    }
}

#[test]
fn a_runner_that_says_nothing_is_told_with_its_last_words() {
    let form = "run: { command: [python3, runner.py, says-nothing, '${cases}'] }\nresults: { tap: {} }\n";
    let Some(project) = project("orders", form) else { return };
    command(&project, "run", &[]).exits(4).says(&["exit code 2", "--frobnicate"]);
    project.assert_nothing_left();
}

#[test]
fn a_runner_that_can_not_list_is_an_error_of_the_input() {
    let Some(project) = project("no-such-suite", FORMS[0].1) else { return };
    command(&project, "run", &[]).exits(2).says(&["could not be listed", "KeyError"]);
}

/// A case that leaves a file, one that fails if it is there, one that takes it away: in the tree itself the next round, and
/// each case alone, would find what the last one left.
#[test]
fn what_is_left_in_the_tree_ends_with_its_round() {
    let runner = "case $1 in writes) echo bad > cache.txt;; clean) if [ -e cache.txt ]; then echo found cache.txt; exit 1; \
                  fi;; esac";
    let profile = format!(
        "list: {{ command: [printf, 'writes\\nother\\nclean\\n'] }}\nrun: {{ command: [sh, -c, '{runner}', sh, '${{case}}'] }}\n\
         results: {{ exit_code: {{}} }}\n"
    );
    for more in [&[][..], &["--sandbox", "full"]] {
        let project = Project::new().with("suite.yaml", &profile);
        command(&project, "run", &[&["--seed", "1", "--rounds", "3", "--no-history"], more].concat()).exits(1);
        let report = project.report();
        let clean = case(&report, "clean");
        assert_eq!(clean["verdict"], "order_dependent", "{clean:#}");
        assert_eq!(clean["polluters"], serde_json::json!([["writes"]]), "{clean:#}");
        assert!(!project.path("cache.txt").exists() || more.is_empty(), "a copy was asked for");
        project.assert_nothing_left();
    }
}

/// A package of a repository with several: its cases read what its neighbours have, in the copy as in the tree.
#[test]
fn what_packages_share_is_found_from_a_fresh_copy_of_one_of_them() {
    let runner = "cat ../shared/prices.txt node_modules/tool.js ../../node_modules/other.js >/dev/null || exit 1; case $1 in writes) \
                  echo bad > cache.txt;; clean) test ! -e cache.txt;; esac";
    let profile = format!(
        "list: {{ command: [printf, 'writes\\nother\\nclean\\n'] }}\nrun: {{ command: [sh, -c, '{runner}', sh, '${{case}}'] }}\n\
         results: {{ exit_code: {{}} }}\n"
    );
    let project = Project::new()
        .with(".git/HEAD", "ref: refs/heads/main\n")
        .with("node_modules/tool.js", "")
        .with("node_modules/other.js", "")
        .with("packages/shared/prices.txt", "1")
        .with("packages/shop/suite.yaml", &profile);
    std::os::unix::fs::symlink("../../node_modules", project.path("packages/shop/node_modules")).expect("a link");
    let run = ["run", "--suite", "command:suite.yaml", "--effort", "quick", "--seed", "1", "--no-history"];
    let mut command = project.command(&run);
    command.current_dir(project.path("packages/shop"));
    Running::of(command).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.read("packages/shop/reports/latest/report.json");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let found = verdicts(&report).into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>();
    assert_eq!(found, ["stable", "stable", "order_dependent"], "{:?}", verdicts(&report));
    assert_eq!(case(&report, "clean")["polluters"], serde_json::json!([["writes"]]));
}

/// A runner that lists a case that it then does not know: another profile's mistake, or a case that is gone.
#[test]
fn a_runner_that_ran_nothing_of_a_name_and_ended_well_crashed_under_nobody() {
    for (form, profile) in FORMS {
        // Alone, so that nothing is heard of others either.
        let profile = profile.replace("run: { ", "run: { at_most: 1, ");
        let Some(project) = project("gap", &profile) else { return };
        command(&project, "run", &["--rounds", "2"]).exits(0);
        let journal = project.read("reports/latest/events.jsonl");
        assert!(journal.contains("the runner ran nothing of that name"), "{form}");
        assert_eq!(case(&project.report(), "not run")["verdict"], "skipped", "{form}");
    }
}

/// One that was told of by its name before has a name that the runner knows: then silence is a crash, however it ends.
#[test]
fn a_case_that_ends_its_runner_well_without_a_result_is_still_crashed() {
    // Beside the project's tree, of which rounds may get a copy.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let seen = elsewhere.path().join("seen");
    let runner = format!(
        "\
import os, sys
if sys.argv[1] == 'list':
    print('a\\nb')
elif sys.argv[1] == 'b' and os.path.exists('{seen}'):
    os._exit(0)
else:
    print('ok 1 - ' + sys.argv[1])
    open('{seen}', 'a').write(sys.argv[1]) if sys.argv[1] == 'b' else None
",
        seen = seen.display()
    );
    let form = "run: { command: [python3, quits.py, '${case}'] }\nresults: { tap: {} }\n";
    let Some(project) = project("gap", form) else { return };
    project.write("quits.py", runner);
    project.write("suite.yaml", format!("list: {{ command: [python3, quits.py, list] }}\n{form}"));
    let limits = ["--rounds", "3", "--no-alone", "--no-history", "--seed", "1"];
    command(&project, "run", &limits).exits(1);
    assert_eq!(outcomes(&project, 1), ["crashed", "passed"]);
}

/// A runner whose own parts go while the run is under way: no case is to blame, whichever was its turn.
#[test]
fn a_runner_that_tells_of_no_case_any_more_is_down_and_accuses_none() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let starts = elsewhere.path().join("starts");
    let runner = format!(
        "echo >> {starts}; if [ $(wc -l < {starts}) -gt 6 ]; then echo no such module: reporter >&2; exit 1; fi; \
         for case; do echo ok 1 - $case; done",
        starts = starts.display()
    );
    let profile = format!(
        "list: {{ command: [printf, 'a\\nb\\nc\\n'] }}\nrun: {{ command: [sh, -c, '{runner}', sh, '${{cases}}'], at_most: 1 }}\n\
         results: {{ tap: {{}} }}\n"
    );
    let project = Project::new().with("suite.yaml", &profile);
    let ended = command(&project, "run", &["--seed", "1", "--no-history"]).exits(4);
    ended.says(&["says nothing of any case any more", "no such module: reporter"]);
    assert!(
        verdicts(&project.report()).iter().all(|(_, verdict)| verdict != "broken"),
        "{:?}",
        verdicts(&project.report())
    );
    project.assert_nothing_left();
}

/// The end of its output is not its end: what is killed then was never heard out.
#[test]
fn a_runner_that_closes_its_output_long_before_it_ends_is_waited_for() {
    let closes = "exec >&- 2>&-; sleep 0.3; exit $0";
    let profile = |code: u8| {
        format!(
            "list: {{ command: [sh, -c, 'echo a; exec >&- 2>&-; sleep 0.3'] }}\nrun: {{ command: [sh, -c, '{closes}', '{code}', \
             '${{case}}'] }}\nresults: {{ exit_code: {{}} }}\n"
        )
    };
    let arguments = ["run", "--suite", "command:suite.yaml", "--orders", "declared", "--no-alone"];
    Project::new().with("suite.yaml", profile(0)).run(&arguments).exits(0);
    let failing = Project::new().with("suite.yaml", profile(3));
    failing.run(&arguments).exits(1);
    let report = failing.report();
    assert_eq!(case(&report, "a")["message"], "exit code 3");
}

#[test]
fn a_case_that_the_runner_passes_over_is_skipped_with_the_reason() {
    for (form, profile) in FORMS {
        let Some(project) = project("gap", profile) else { return };
        project.write("order.txt", "plain\nnot run\nlast\n");
        command(&project, "run", &["--order", "order.txt"]).exits(0);
        let journal = project.read("reports/latest/events.jsonl");
        assert!(journal.contains("the runner reported others and not this one"), "{form}");
        assert_eq!(case(&project.report(), "not run")["verdict"], "skipped", "{form}");
    }
}

/// What a runner leaves behind is killed with its group, and told: by the case that was alone with it.
#[test]
fn a_process_that_a_case_leaves_running_is_told_and_killed() {
    let leaves = "(sleep 600 >&- 2>&- &) ; exit 0";
    let profile = format!(
        "run: {{ command: [sh, -c, '[ $0 = leaves ] && {{ {leaves}; }}; exit 0', '${{case}}'] }}\n\
         results: {{ exit_code: {{}} }}\n"
    );
    let project = Project::new();
    project.write("suite.yaml", format!("list: {{ command: [printf, 'leaves\\nstays\\n'] }}\n{profile}"));
    command(&project, "run", &["--rounds", "1", "--no-alone", "--seed", "1"]).exits(0);
    let notes = crate::pytest::kit::notes(&project);
    let told: Vec<&String> = notes.iter().filter(|note| note.contains("running when its runner had ended")).collect();
    if cfg!(target_os = "linux") {
        assert_eq!(told, ["leaves left a process running when its runner had ended, which was killed: sleep 600"]);
    }
    project.assert_nothing_left();
}
