//! Mock providers around a suite: who was really called, and who never.

use crate::cli::kit::{case, verdicts};
use crate::pytest::kit::{Suite, notes};

#[test]
fn a_test_that_leaves_one_collaborator_out_is_named_with_the_host_that_it_called() {
    let Some(suite) = Suite::of_fixture("providers") else { return };
    suite.project.write("providers.yaml", suite.project.read("suite/providers.yaml"));
    let more = ["--providers", "providers.yaml", "--seed", "1", "--rounds", "2", "--no-alone"];
    suite.command("run", &more).exits(0).says(&["test_that_leaves_one_out: api.x-ray.example:443"]);
    let notes = notes(&suite.project);
    let naming = |what: &str| notes.iter().filter(|note| note.contains(what)).collect::<Vec<_>>();
    assert_eq!(naming("test_that_stubs_all"), Vec::<&String>::new(), "the healthy twin is accused");
    assert_eq!(naming("test_that_leaves_one_out: api.").len(), 1, "{notes:?}");
    assert_eq!(naming("test_is_answered").len(), 0, "{notes:?}");
    // All twelve, each of them told of the test that asked for it.
    assert_eq!(naming("test_that_fails_for_want_of_one: api.").len(), 12, "{notes:?}");
    assert_eq!(naming("deepseek client was never called: could it be built?").len(), 1, "{notes:?}");
    assert_eq!(naming("claude client was never called").len(), 0);
    assert_eq!(naming("plain pytest agrees 5 of 5").len(), 1, "{notes:?}");
    let report = suite.project.report();
    assert!(verdicts(&report).iter().all(|(_, verdict)| verdict == "stable"), "{:?}", verdicts(&report));
    suite.project.assert_nothing_left();
}

#[test]
fn what_a_suite_asks_of_its_providers_is_recorded_and_plays_in_their_place() {
    let Some(suite) = Suite::of_fixture("providers") else { return };
    suite.project.write("providers.yaml", suite.project.read("suite/providers.yaml"));
    let about = ["--seed", "1", "--rounds", "1", "--no-alone", "-k", "test_is_answered"];
    let record = [&["--providers", "providers.yaml", "--record", "tapes"], about.as_slice()].concat();
    suite.command("run", &record).exits(0);
    let tapes = suite.project.files("tapes");
    assert!(!tapes.is_empty(), "nothing was recorded");
    let text: String = tapes.iter().map(|tape| std::fs::read_to_string(tape).expect("a tape")).collect();
    assert!(text.contains("\"answer\"") && !text.contains("key-of-"), "{text}");
    suite.command("run", &record).exits(2).says(&["tapes holds tapes already"]);
    suite.command("run", &["--record", "others"]).exits(2).says(&["--providers FILE"]);
    // A tape in the script's place, and the same test passes.
    let replay: String = tapes
        .iter()
        .map(|tape| {
            let name = tape.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            format!("  {name}: {{ replay: tapes/{name}.jsonl, speed: instant }}\n")
        })
        .collect();
    suite.project.write("replay.yaml", format!("providers:\n{replay}"));
    suite.command("run", &[&["--providers", "replay.yaml"], about.as_slice()].concat()).exits(0);
}

#[test]
fn without_providers_the_same_tests_can_not_reach_them() {
    let Some(suite) = Suite::of_fixture("providers") else { return };
    suite.command("run", &["--seed", "1", "--rounds", "1", "--no-alone", "--", "test_tutor.py"]).exits(1);
    assert_eq!(case(&suite.project.report(), "test_tutor.py::test_is_answered")["verdict"], "broken");
}

#[test]
fn a_file_of_providers_that_is_wrong_is_an_error_of_the_input() {
    let Some(suite) = Suite::of_fixture("providers") else { return };
    suite.project.write("providers.yaml", "providers: { clade: { reply: Hello } }\n");
    suite.command("run", &["--providers", "providers.yaml"]).exits(2).says(&["clade"]);
}
