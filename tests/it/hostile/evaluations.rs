//! Expressions of a file that could take an age, or more memory than there is: they are refused when they are read.

use crate::cli::kit::Project;

fn scenario(steps: &str) -> String {
    format!("scenario: it ends\nproviders: {{ claude: {{ reply: Hello }} }}\nsteps:\n{steps}")
}

fn asking(expect: &str) -> String {
    scenario(&format!("  - chat: {{ language: en, provider: claude, message: Hi }}\n    expect: {{ {expect} }}\n"))
}

/// `check` refuses a project with this scenario, and says so.
#[track_caller]
fn refused(text: &str, why: &str) {
    let project = Project::new().with("scenarios/one.yaml", text);
    project.run(&["check"]).exits(2).says(&[why]);
}

#[test]
fn a_json_path_that_could_take_an_age_is_refused_and_its_healthy_twin_is_not() {
    for (path, why) in [
        (format!("$[?{}", "(".repeat(600)), "longer than 500 bytes"),
        (format!("$[?{}", "(".repeat(100)), "16 deep"),
        ("$..*..*..*".to_owned(), "more than 2 `..`"),
        (format!("${}", "[0,0]".repeat(60)), "more than 8 commas"),
        ("$[?$..a]".to_owned(), "`$` within a filter"),
    ] {
        refused(&asking(&format!("\"{path}\": x")), why);
        let profile = format!(
            "list: {{ command: [sh, suite.sh], format: json, items: \"{path}\", id: \"${{id}}\" }}\nrun: {{ command: [sh, \
             suite.sh, '${{case}}'] }}\nresults: {{ exit_code: {{}} }}\n"
        );
        let project = Project::new().with("suite.yaml", profile).with("suite.sh", "echo '[]'");
        project.run(&["list", "--suite", "command:suite.yaml"]).exits(2).says(&[why]);
    }
    let healthy = asking("\"$..provider\": claude");
    Project::new().with("scenarios/one.yaml", healthy).run(&["check"]).exits(0);
}

#[test]
fn a_template_that_would_fill_the_memory_is_refused() {
    let (value, text) = ("x".repeat(400_000), "${word}".repeat(60_000));
    let steps =
        format!("  - chat: {{ language: en, provider: claude, message: \"{text}\" }}\n    expect: {{ status: 200 }}\n");
    refused(&format!("matrix: {{ word: [\"{value}\"] }}\n{}", scenario(&steps)), "too large");
}

#[test]
fn a_regular_expression_that_is_too_large_is_refused() {
    let nested = format!("{}a{}", "(".repeat(400), ")".repeat(400));
    for pattern in ["((a{1000}){1000}){1000}", &nested] {
        refused(&asking(&format!("text: {{ matches: '{pattern}' }}")), "not a regular expression");
        let profile = format!(
            "list: {{ command: [sh, suite.sh], pattern: '{pattern}' }}\nrun: {{ command: [sh, suite.sh, '${{case}}'] }}\nresults: {{ \
             exit_code: {{}} }}\n"
        );
        let project = Project::new().with("suite.yaml", profile).with("suite.sh", "echo a");
        project.run(&["list", "--suite", "command:suite.yaml"]).exits(2);
    }
}

#[test]
fn a_glob_with_more_choices_than_there_is_memory_is_refused() {
    let project = Project::that_passes();
    let many = "{a,b}".repeat(40);
    for glob in [many, "{".repeat(5000) + "a" + &"}".repeat(5000), "*".repeat(50_000)] {
        let ended = project.run(&["list", "--filter", &glob]);
        assert!(matches!(ended.code, Some(0 | 2)), "{}{}", ended.out, ended.err);
    }
}

#[test]
fn credentials_without_end_are_refused() {
    let project = Project::that_passes();
    std::os::unix::fs::symlink("/dev/zero", project.path("creds")).expect("linked");
    let worker = ["worker", "--connect", "nats://127.0.0.1:1", "--creds", "creds"];
    project.run(&worker).exits(2).says(&["creds", "not a regular file"]);
}
