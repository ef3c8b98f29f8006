//! RSpec, where there is one.

use crate::cli::kit::{Project, case};
use serde_json::json;
use std::process::Command;
use std::time::Duration;

const SPEC: &str = r#"
STATE = []
RSpec.describe "cart" do
  it("fills (once)") { STATE << 1 }
  context("inner") { it("is clean") { expect(STATE).to eq([]) } }
  it "is pending"
  it("fails always") { puts "{"; raise ArgumentError, "no good" }
end
"#;

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn an_example_that_fails_after_another_is_found() {
    if !Command::new("rspec").arg("--version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no rspec");
        return;
    }
    let project = Project::new().with("spec/cart_spec.rb", SPEC);
    let run = ["run", "--suite", "command:rspec", "--seed", "1", "--orders", "declared", "--rounds", "1"];
    project.start(&run).wait_within(Duration::from_secs(600)).exits(1);
    let report = project.report();
    let verdict = |id: &str| case(&report, &format!("./spec/cart_spec.rb{id}"))["verdict"].clone();
    assert_eq!([verdict("[1:1]"), verdict("[1:4]"), verdict("[1:2:1]")], ["stable", "broken", "order_dependent"]);
    let clean = case(&report, "./spec/cart_spec.rb[1:2:1]");
    assert_eq!(clean["polluters"], json!([["./spec/cart_spec.rb[1:1]"]]), "{clean:#}");
    let broken = case(&report, "./spec/cart_spec.rb[1:4]");
    assert_eq!(
        (&broken["message"], &broken["place"]),
        (&json!("no good"), &json!("spec/cart_spec.rb:7:1")),
        "{broken:#}"
    );
    let pending = case(&report, "./spec/cart_spec.rb[1:3]");
    assert_eq!(pending["verdict"], "skipped", "{pending:#}");
}
