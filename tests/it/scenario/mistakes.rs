//! What is wrong with a file is told with its place, and all of it at once.

use super::{Files, problems, shown, with_steps};
use std::fmt::Write;

fn check(text: &str, expected: &[&str]) {
    assert_eq!(problems(text), expected, "{text}");
}

/// A mistake in the steps; the lines count from the first step.
fn check_step(steps: &str, expected: &[&str]) {
    let found = problems(&with_steps(steps));
    let found: Vec<String> = found
        .iter()
        .map(|problem| {
            let (line, rest) = problem.split_once(':').unwrap();
            format!("{}:{rest}", line.parse::<i64>().unwrap() - 2)
        })
        .collect();
    assert_eq!(found, expected, "{steps}");
}

/// A mistake in what stands beside a good step.
fn check_top(top: &str, expected: &[&str]) {
    check(&format!("{top}\nscenario: s\nsteps: [budget: ]\n"), expected);
}

/// A mistake in what one provider does.
fn check_provider(does: &str, expected: &[&str]) {
    check_top(&format!("providers:\n  ollama: {does}"), expected);
}

const TEN: &str = "\
scenario: ten mistakes and more
tagz: [budget]
matrix:
  language: [en, fr]
  unused: [1]
given:
  budget: { limit: lots }
  provider_timeout: 20
providers:
  clode: { reply: x }
  claude: { fail: rate_limitd }
  mistral: { fixture: fixtures/none.json }
steps:
  - chat: { language: \"${lnguage}\", mesage: Hello }
    expect: { status: ok, provider: olama, alert_level: GREEN }
  - budget:
    expect: { used_budget: [], alert_level: PURPLE, \"$.a[\": 1 }
  - http: { get: /x }
    expect: { body: { matches: \"(\" } }
    capture: { x: $.y }
calls: { claude: { generate: 1 } }
calls: {}
";

#[test]
fn a_file_with_many_mistakes_shows_all_of_them_with_their_places() {
    check(
        TEN,
        &[
            "2:1 unknown key `tagz`",
            "5:3 the variable `unused` is never used",
            "7:20 an amount of money is wanted: `lots` is not a decimal number",
            "8:21 `20` is no duration",
            "10:3 unknown provider `clode`",
            "11:19 `rate_limitd` is not a known failure",
            "12:23 missing fixture: there is no `fixtures/none.json`",
            "14:23 nothing is known by the name `lnguage`",
            "14:37 unknown argument `mesage`",
            "15:23 an integer is wanted, not a text",
            "15:37 unknown provider `olama`",
            "15:44 unknown field `alert_level`",
            "17:28 an amount of money is wanted, not a list",
            "17:45 `PURPLE` is no alert level",
            "17:56 not a JSONPath (RFC 9535): parser error",
            "19:32 not a regular expression: unclosed group",
            "20:16 what is captured as `x` is never used",
            "21:20 unknown key `generate`",
            "22:1 the key `calls` is given twice",
        ],
    );
}

#[test]
fn a_problem_is_shown_with_its_line_a_caret_and_a_suggestion() {
    let problems = Files::new(&[("scenarios/m/s.yaml", TEN)]).load().unwrap_err();
    insta::assert_snapshot!(problems.to_string());
}

#[test]
fn the_problems_of_all_files_come_at_once_ordered_by_file() {
    let files = Files::new(&[
        ("scenarios/b.yaml", "scenario: b\nstep: []\n"),
        ("scenarios/a.yaml", "scenario: [\n"),
        ("scenarios/c.yaml", "scenario: c\nsteps: [budget: ]\n"),
    ]);
    let problems = files.load().unwrap_err();
    let files: Vec<String> = problems.iter().map(|problem| problem.place().file).collect();
    assert_eq!(files, ["scenarios/a.yaml", "scenarios/b.yaml", "scenarios/b.yaml"]);
    assert!(problems.to_string().ends_with("3 problems in 2 files\n"));
}

#[test]
fn top_level_mistakes() {
    check("steps: [budget: ]\n", &["1:1 `scenario` is missing"]);
    check("scenario: s\n", &["1:1 `steps` is missing"]);
    check("scenario: s\nsteps: []\n", &["2:8 no step at all"]);
    check("- a\n", &["1:1 a scenario is a mapping, not a list"]);
    check("scenario: 5\nsteps: [budget: ]\n", &["1:11 a title is wanted, not an integer"]);
    check_top("tags: budget", &["1:7 a list of tags is wanted, not a text"]);
    check_top("tags: [a, a, 'b c']", &["1:11 the tag `a` is there twice", "1:14 `b c` can't be a tag"]);
    check_top("needs: [clok]", &["1:9 `clok` is not something that a system can do"]);
    check_top("skip:", &["1:5 a reason is wanted, not nothing"]);
    check_top("timeout: 30", &["1:10 `30` is no duration"]);
    check_top("timeout: 25h", &["1:10 `25h` is longer than a day"]);
    check_top("leaks: [{ kind: descriptor }]", &["1:9 `reason` is missing"]);
    check_top("leaks: [{ kind: threads, reason: kept }]", &["1:17 there is no kind of resource `threads`"]);
}

#[test]
fn mistakes_in_given() {
    check_top("given: { budgt: {} }", &["1:10 unknown key `budgt`"]);
    check_top("given: { budget: { used: -1 } }", &["1:26 `used` can't be below zero"]);
    check_top("given: { now: yesterday }", &["1:15 `yesterday` is no instant"]);
    check_top("given: { now: 2025-01-31 }", &["1:15 `2025-01-31` is no instant"]);
    check_top(
        "given: { models: [a, a, 5] }",
        &["1:22 the model `a` is there twice", "1:25 a model's name is wanted, not an integer"],
    );
    check_top(
        "given: { health: { claude: sick, x: down } }",
        &["1:28 `sick` is not a state of health", "1:34 unknown provider `x`"],
    );
    check_top("given: { learner: { local_only: 1 } }", &["1:33 true or false is wanted, not an integer"]);
    check_top("given: { learner: { token: x } }", &["1:21 unknown key `token`"]);
    check_top(
        "given: { learners: { ada: , 'b c': } }",
        &["1:22 the learner `ada` is there already", "1:29 `b c` can't be a learner's name"],
    );
}

#[test]
fn mistakes_in_what_providers_do() {
    check_provider("hello", &["2:11 a mapping is wanted, not a text"]);
    check_provider("", &["2:9 a provider's answer is a mapping, not nothing"]);
    check_provider("[]", &["2:11 an empty list answers nothing"]);
    check_provider("{ after: 1s }", &["2:11 nothing says what is answered"]);
    check_provider("{ repla: x }", &["2:13 unknown key `repla`"]);
    check_provider("{ replay: x }", &["2:21 missing tape: there is no `x`"]);
    check_provider("{ replay: x, speed: 0 }", &["2:21 missing tape: there is no `x`", "2:31 `0` is no speed"]);
    check_provider("{ reply: x, hang: true }", &["2:23 `reply` and `hang` can't both be answered"]);
    check_provider("{ hang: false }", &["2:19 only `true` makes sense here"]);
    check_provider("{ fail: overloaded, usage: none }", &["2:31 `usage` has no meaning beside `fail`"]);
    check_provider("{ fail: overloaded, status: 200 }", &["2:39 a failure's status is 400 or above"]);
    check_provider("{ fail: overloaded, status: 42 }", &["2:39 42 is not between 100 and 599"]);
    check_provider("{ reply: x, times: 2 }", &["2:23 `times` has no meaning here: this answers every attempt"]);
    check_provider("[{ reply: x, times: 0 }]", &["2:31 0 is not between 1 and 4294967295"]);
    check_provider(
        "{ reset: soon }",
        &["2:20 `soon` is not a place in an answer (start, headers, middle, or a number of bytes)"],
    );
    check_provider("{ reset: start, trickle: 5ms }", &["2:27 `reset` and `trickle` can't both happen to one answer"]);
    check_provider("{ hang: true, reset: start }", &["2:25 `reset` has no meaning beside `hang`"]);
    check_provider("{ wrong_length: 0 }", &["2:27 a length that is wrong by 0 is right"]);
    check_provider("{ stream: [] }", &["2:21 a stream without any chunk"]);
    check_provider("{ stream: [a, 1] }", &["2:25 a text is wanted, not an integer"]);
    check_provider(
        "{ reply: a, then: { status: 500 } }",
        &["2:29 `then` says how a stream goes on failing: `fail` is missing"],
    );
    check_provider("{ reply: a, usage: { input: 1 } }", &["2:30 `output` is missing"]);
    check_provider("{ malformed: yaml }", &["2:24 `yaml` is not a way to be malformed"]);
    check_provider("{ reply: a, hold_until: { calls: 0 } }", &["2:44 0 is not between 1 and 4294967295"]);
    check_provider("{ rules: [{ when: { txt: x }, reply: a }] }", &["2:31 unknown key `txt`"]);
    check_provider("{ reply: \"${trial}\" }", &["2:20 `${trial}` is known only when the case runs"]);
    check_provider("{ reply: a, headers: { 'a b': c } }", &["2:34 `a b` can't be a header's name"]);
}

#[test]
fn mistakes_in_steps() {
    check_step("  - 5\n", &["1:5 a step is wanted, not an integer"]);
    check_step("  - budget\n", &["1:5 a step is wanted, not a text"]);
    check_step("  - {}\n", &["1:5 the step does nothing"]);
    check_step("  - { expect: { status: 200 } }\n", &["1:5 the step does nothing"]);
    check_step("  - chatt: {}\n", &["1:5 unknown key `chatt`"]);
    check_step("  - budget:\n    models:\n", &["2:5 a step does one thing: `budget` or `models`"]);
    check_step("  - chat: { message: hi }\n", &["1:5 `chat` needs `language`"]);
    check_step("  - chat:\n", &["1:5 `chat` needs `message`", "1:5 `chat` needs `language`"]);
    check_step("  - chat: hello\n", &["1:11 the arguments of `chat` are a mapping, not a text"]);
    check_step(
        "  - chat: { message: hi, language: en, stream: maybe }\n",
        &["1:48 true or false is wanted, not a text"],
    );
    check_step("  - chat: { message: 5, language: en }\n", &["1:22 a text is wanted, not an integer"]);
    check_step(
        "  - chat: { message: hi, language: en, hang_up_after: 2 }\n",
        &["1:40 `hang_up_after` counts the events of a stream"],
    );
    check_step("  - budget:\n    as: bob\n", &["2:9 unknown learner `bob`"]);
    check_step("  - budget:\n    within: 5\n", &["2:13 `5` is no duration"]);
    check_step("  - budget:\n    times: 5\n", &["2:5 `times` has no meaning beside `budget`"]);
    check_step("  - restart: no\n", &["1:14 true or false is wanted, not a text"]);
    check_step("  - look:\n", &["1:5 `look` only looks: `expect` says at what"]);
    check_step(
        "  - look:\n    expect: { status: 200 }\n",
        &["2:15 there is no answer of which `status` could be asked"],
    );
}

#[test]
fn mistakes_in_raw_requests() {
    check_step("  - http: {}\n", &["1:11 the request has no method"]);
    check_step("  - http: { get: x }\n", &["1:18 `x` is no path"]);
    check_step("  - http: { get: /x, post: /y }\n", &["1:22 a request has one method"]);
    check_step("  - http: { post: /x, json: {}, text: a }\n", &["1:33 a request has one body: `json` or `text`"]);
    check_step("  - http: { get: /x }\n    expect: { provider: claude }\n", &["2:15 unknown expectation `provider`"]);
}

#[test]
fn mistakes_in_expectations() {
    let check_expect = |expect: &str, expected: &[&str]| {
        check_step(&format!("  - chat: {{ message: hi, language: en }}\n    expect: {{ {expect} }}\n"), expected);
    };
    check_expect("status: 99", &["2:23 99 is no HTTP status"]);
    check_expect("cached: 3", &["2:23 true or false is wanted, not an integer"]);
    check_expect("reason: bored", &["2:23 `bored` is no reason"]);
    check_expect("text: 5", &["2:21 a text is wanted, not an integer"]);
    check_expect("text: { starts: x }", &["2:23 unknown operator `starts`"]);
    check_expect("text: { contains: a, matchs: b }", &["2:36 unknown operator `matchs`"]);
    check_expect("text: {}", &["2:21 an empty mapping expects nothing"]);
    check_expect("text: { at_least: 3 }", &["2:23 `at_least` compares numbers; this is a text"]);
    check_expect("cost: { at_most: lots }", &["2:32 a number is wanted, not a text"]);
    check_expect("text: { one_of: [] }", &["2:31 nothing is one of no values"]);
    check_expect("provider: { one_of: [claude, x] }", &["2:44 unknown provider `x`"]);
    check_expect("text: { is: text }", &["2:27 `text` is not a type"]);
    check_expect("warning: { limt: 3 }", &["2:26 unknown field `warning.limt`"]);
    check_expect("warning.used: lots", &["2:29 an amount of money is wanted: `lots` is not a decimal number"]);
    check_expect("stream: { text: a }", &["2:15 there is no stream here"]);
    check_expect("header.a b: c", &["2:15 `a b` can't be a header's name"]);
    check_expect("log: 5", &["2:20 a text is wanted, not an integer"]);
}

#[test]
fn mistakes_in_names() {
    check_step("  - conversation: { id: \"${c}\" }\n", &["1:25 nothing is known by the name `c`"]);
    check_step("  - conversation: { id: \"${c\" }\n", &["1:25 `${` has no `}`"]);
    check_step("  - conversation: { id: \"${a b}\" }\n", &["1:25 `a b` is not a name"]);
    check_step("  - conversation: { id: \"${c?}\" }\n", &["1:25 `${c?}` is for system files"]);
    check_step("  - history:\n    capture: { trial: $.a }\n", &["2:16 `trial` is known already"]);
    check_step("  - history:\n    capture: { c: $.a }\n", &["2:16 what is captured as `c` is never used"]);
}

#[test]
fn mistakes_in_calls() {
    check_top("calls: { clod: 1 }", &["1:10 unknown provider `clod`"]);
    check_top("calls: { ollama: many }", &["1:18 an integer is wanted, not a text"]);
    check_top("calls: { ollama: -1 }", &["1:18 -1 is not between 0 and 4294967295"]);
    check_top("calls: { ollama: {} }", &["1:18 this says nothing about calls"]);
    check_top("calls: { ollama: { messages: 1 } }", &["1:20 unknown key `messages`"]);
    check_top("calls: { ollama: [{ count: 1 }] }", &["1:21 unknown key `count`"]);
    check_top("calls: { order: [claude, x] }", &["1:26 unknown provider `x`"]);
    check_top("attempts: { order: [claude] }", &["1:13 the order is one of calls, not of attempts"]);
}

#[test]
fn mistakes_in_yaml() {
    check("scenario: s\n\tsteps: []\n", &["1:11 not valid YAML: while scanning a plain scalar, found a tab"]);
    check("", &["0:0 the file is empty"]);
    check("# nothing\n", &["0:0 the file is empty"]);
    check("scenario: a\nsteps: [budget: ]\n---\nscenario: b\n", &["3:1 the file has more than one document"]);
    check_top("tags: !x [a]", &["1:10 tags are not used here"]);
    check_top("<<: { tags: [a] }", &["1:1 merge keys are not part of the format"]);
    check("? [a]\n: b\n", &["1:3 a key must be a text"]);
}

#[test]
fn a_json_path_that_needs_quotes_is_recognised() {
    let files = Files::new(&[("scenarios/s.yaml", &with_steps("  - budget:\n    expect: { a: 1, $.b[0].c: 1 }\n"))]);
    let found = files.load().unwrap_err();
    let help = found.iter().next().unwrap().suggestion().unwrap().to_owned();
    assert!(help.starts_with("a JSONPath with brackets stands in quotes"), "{help}");
}

#[test]
fn two_files_of_one_id_are_a_mistake() {
    let text = "scenario: s\nsteps: [budget: ]\n";
    let files = Files::new(&[("scenarios/a.yaml", text), ("scenarios/a.yml", text)]);
    assert_eq!(shown(&files.load().unwrap_err()), ["1:1 the id `a` is taken by scenarios/a.yaml"]);
}

#[test]
fn a_file_that_is_not_utf_8_is_told_with_the_place() {
    let files = Files::of_bytes(&[("scenarios/a.yaml", b"scenario: s\ntags: [\xff]\n")]);
    assert_eq!(shown(&files.load().unwrap_err()), ["2:8 the file is not UTF-8"]);
}

#[test]
fn a_mistake_of_every_cell_is_told_once() {
    check(
        "scenario: s\nmatrix: { language: [en, fr, zh] }\nsteps:\n  - chat: { language: \"${language}\", mesage: hi }\n",
        &["4:38 unknown argument `mesage`"],
    );
}

#[test]
fn a_file_with_very_many_mistakes_tells_a_hundred() {
    let mut text = String::from("scenario: s\nsteps: [budget: ]\n");
    for index in 0..5_000 {
        writeln!(text, "k{index}: 1").unwrap();
    }
    assert!(problems(&text).len() <= 101);
}
