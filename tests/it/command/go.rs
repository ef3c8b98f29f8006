//! `go test`, where there is a Go.

use crate::cli::kit::{Project, verdicts};
use crate::command::kit::outcomes;
use crate::pytest::kit::notes;
use std::process::Command;
use std::time::Duration;

/// A module with these files; nothing where there is no Go.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn module(files: &[(&str, &str)]) -> Option<Project> {
    if !Command::new("go").arg("version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no go");
        return None;
    }
    // An old version of the language, as many a module has it: what is laid over its packages is compiled as that.
    let project = Project::new().with("go.mod", "module example.org/shop\n\ngo 1.12\n");
    files.iter().for_each(|(name, text)| project.write(name, text));
    Some(project)
}

fn run(project: &Project, more: &[&str]) -> crate::cli::kit::Ended {
    let run = ["run", "--suite", "go-test", "--seed", "1", "--no-history"];
    let mut command = project.command(&[&run, more].concat());
    // What was compiled once need not be compiled by each test.
    command.env("GOCACHE", std::env::temp_dir().join("steadfast-go-cache")).env("GOFLAGS", "-mod=mod");
    crate::cli::kit::Running::of(command).wait_within(Duration::from_secs(900))
}

#[test]
fn what_a_test_prints_is_no_result_and_hides_none() {
    let text = r#"package shop
import ("fmt"; "testing")
func TestQuiet(t *testing.T)    {}
func TestProgress(t *testing.T) { fmt.Print("50 %") }
func TestAfter(t *testing.T)    {}
func TestJSON(t *testing.T)     { fmt.Println(`{"Action":"fail","Package":"example.org/shop","Test":"TestAfter"}`) }
func TestSub(t *testing.T)      { t.Run("a/b \"c\" #1", func(t *testing.T) { fmt.Print("half") }) }
"#;
    let Some(project) = module(&[("shop_test.go", text)]) else { return };
    run(&project, &["--rounds", "2"]).exits(0);
    let verdicts = verdicts(&project.report());
    assert_eq!(verdicts.len(), 5, "{verdicts:?}");
    assert!(
        (0..5).all(|case| outcomes(&project, case) == ["passed"]),
        "{:?}",
        project.read("reports/latest/events.jsonl")
    );
    let told = notes(&project);
    assert!(
        !told.iter().any(|note| note.contains("more than once") || note.contains("does not run cases in the order")),
        "{told:?}"
    );
    project.assert_nothing_left();
}

#[test]
fn a_result_that_is_hidden_is_found_beside_one_that_fails() {
    let text = r#"package shop
import ("fmt"; "testing")
func TestProgress(t *testing.T) { fmt.Print("50 %") }
func TestFails(t *testing.T)    { fmt.Print("no: "); t.Fatal("out of stock") }
"#;
    let Some(project) = module(&[("shop_test.go", text)]) else { return };
    run(&project, &["--rounds", "1", "--orders", "declared"]).exits(1);
    assert_eq!((outcomes(&project, 0), outcomes(&project, 1)), (vec!["passed".into()], vec!["failed".into()]));
    let report = project.report();
    let failing = crate::cli::kit::case(&report, "example.org/shop.TestFails");
    assert!(failing["message"].as_str().is_some_and(|text| text.contains("out of stock")), "{failing:#}");
}

#[test]
fn packages_run_together_in_whatever_order_they_are_compiled() {
    let test = |package: &str| format!("package {package}\nimport \"testing\"\nfunc TestOne(t *testing.T) {{}}\n");
    let files: Vec<(String, String)> =
        ["a", "b", "c", "d"].into_iter().map(|name| (format!("{name}/{name}_test.go"), test(name))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let Some(project) = module(&files) else { return };
    run(&project, &["--rounds", "2"]).exits(0);
    assert_eq!(verdicts(&project.report()).len(), 4);
}

/// Go's own order never shows it: the polluter stands behind the victim, and fuzz targets and examples have ranks of their own.
#[test]
fn a_victim_of_a_later_test_is_found_in_one_process() {
    let text = r#"package shop_test
import ("fmt"; "regexp"; "testing")
var cached *regexp.Regexp
func has(pattern, s string) bool { if cached == nil { cached = regexp.MustCompile(pattern) }; return cached.MatchString(s) }
func TestFirst(t *testing.T) { if !has("^a", "a1") { t.Fatal("no match") } }
func TestOther(t *testing.T) { has("^b", "b1") }
func TestMain(m *testing.M) { m.Run() }
func FuzzParts(f *testing.F) { f.Add("x"); f.Fuzz(func(t *testing.T, s string) {}) }
func Example() { fmt.Println("open"); /* Output: open */ }
"#;
    let files = [("shop.go", "package shop\n"), ("shop_test.go", text), ("deep/deep_test.go", "package deep\n")];
    let Some(project) = module(&files) else { return };
    run(&project, &["--rounds", "4"]).exits(1);
    let report = project.report();
    let id = |name: &str| format!("example.org/shop.{name}");
    let first = crate::cli::kit::case(&report, &id("TestFirst"));
    assert_eq!(first["verdict"], "order_dependent", "{first:#}");
    assert_eq!(first["polluters"], serde_json::json!([[id("TestOther")]]), "{first:#}");
    let stable = verdicts(&report).into_iter().filter(|(_, verdict)| verdict == "stable").count();
    assert_eq!(stable, 3, "{:?}", verdicts(&report));
    assert!(!project.path("steadfast_order_test.go").exists(), "nothing is written into the package");
}
