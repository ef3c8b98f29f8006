//! What a file asks for, and who gives leave.
//!
//! Repro files and journals come from branches, from colleagues, from the artefacts of CI jobs. Such a file says *which*
//! cases run in which order; it does not say what may be started, read or reached. That counts only if whoever runs says
//! it too, on the command line or in the project's configuration, or accepts all of it with `--trust`.

use crate::adapter::{
    CommandSpec, ProvidersAround, PytestSpec, Reach, ScenarioSpec, SubjectSpec, SuiteOptions, choose_python,
};
use crate::app::{AppError, RunOptions, ToolInfo};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Options of pytest that choose among tests or say how much is told: they start and load nothing.
const HARMLESS: &[&str] = &["-q", "-v", "-x", "-s", "-l", "-rA"];

/// The same with a value behind them.
const HARMLESS_WITH_VALUE: &[&str] = &["-k", "-m"];

/// What whoever runs gives leave for.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// `--trust`: for whatever the file asks.
    pub everything: bool,
    /// Whether `--allow-network` was given.
    pub network: bool,
    /// The interpreters that `--python` named.
    pub pythons: Vec<PathBuf>,
    /// The system files that `--system` named.
    pub systems: Vec<String>,
    /// What stands behind `--`.
    pub arguments: Vec<Vec<String>>,
    /// The suites that are named, as they were asked for.
    pub suites: Vec<SuiteOptions>,
}

impl Grants {
    /// More of it: what the options of a run say.
    pub fn and_of(mut self, options: &RunOptions) -> Self {
        self.network |= options.reach == Reach::Network;
        self.systems.push(options.system.clone());
        match &options.suite {
            Some(SuiteOptions::Pytest(suite)) => {
                self.pythons.extend(suite.python.clone());
                self.arguments.push(suite.arguments.clone());
            }
            Some(SuiteOptions::Command(suite)) => {
                self.pythons.extend(suite.python.clone());
                self.arguments.push(suite.arguments.clone());
            }
            None => {}
        }
        self.suites.extend(options.suite.clone());
        self
    }
}

/// Who looks at what a file asks for.
pub(super) struct Judge<'a> {
    /// The project's folder.
    pub root: &'a Path,
    pub grants: &'a Grants,
    pub tool: &'a ToolInfo,
}

impl Judge<'_> {
    /// The subject that `file` speaks of, as it may be run.
    ///
    /// # Errors
    /// If it asks for what nobody gave leave for: all of it at once.
    pub fn admit(&self, file: &Path, mut spec: SubjectSpec) -> Result<SubjectSpec, AppError> {
        let mut wanted = Vec::new();
        match &mut spec {
            SubjectSpec::Scenarios(spec) => self.scenarios(spec, &mut wanted),
            SubjectSpec::Pytest(spec) => self.suite(spec, &mut wanted),
            SubjectSpec::Command(spec) => self.command(spec, &mut wanted),
        }
        if wanted.is_empty() || self.grants.everything {
            return Ok(spec);
        }
        let list: Vec<String> = wanted.iter().map(|wanted| format!("  {wanted}")).collect();
        Err(AppError::Usage(format!(
            "{}: asks for what no file gives leave for:\n{}\ngive it on the command line too, or accept all of it with --trust",
            file.display(),
            list.join("\n")
        )))
    }

    fn scenarios(&self, spec: &mut ScenarioSpec, wanted: &mut Vec<String>) {
        // What this program and its environment are, no file says.
        spec.program.clone_from(&self.tool.program);
        (spec.secrets, spec.python_path, spec.virtual_env) = (BTreeMap::new(), None, None);
        self.root(&spec.root, wanted);
        if spec.reach == Reach::Network && !self.grants.network {
            wanted.push("requests to other machines (--allow-network)".to_owned());
        }
        let is_shipped = ["embedded", "process"].contains(&spec.system.as_str());
        if !is_shipped && !self.grants.systems.contains(&spec.system) && !self.holds(Path::new(&spec.system)) {
            wanted.push(format!("the system `{0}` (--system {0})", spec.system));
        }
        for path in spec.paths.iter().filter(|path| !self.holds(path)) {
            wanted.push(format!("scenarios outside the project: {}", path.display()));
        }
        if let Some(folder) = &spec.record {
            wanted.push(format!("recording into a folder: {}", folder.display()));
        }
        if !spec.defects.is_empty() {
            wanted.push(format!("defects of the tutor: {}", spec.defects.join(", ")));
        }
    }

    fn suite(&self, spec: &mut PytestSpec, wanted: &mut Vec<String>) {
        spec.python_path.clone_from(&self.tool.python_path);
        if !self.holds(&spec.folder) && !self.names_folder(&spec.folder) {
            wanted.push(format!("a suite outside the project: {}", spec.folder.display()));
        }
        let chosen = choose_python(&spec.folder, None, self.tool.virtual_env.as_deref());
        if spec.python.as_os_str().is_empty() {
            // The file names none: what is typed here, or what a run here would choose.
            match self.grants.pythons.first() {
                Some(python) => (spec.python, spec.python_from) = (self.program(python), "--python".to_owned()),
                None if spec.python_from == "--python" => {
                    wanted.push("an interpreter outside the project, as the run had one (--python EXE)".to_owned());
                    spec.python = self.program(&chosen.program);
                }
                None => (spec.python, spec.python_from) = (self.program(&chosen.program), chosen.from.clone()),
            }
        }
        let chosen = chosen.program;
        let given =
            self.grants.pythons.iter().any(|python| *python == spec.python || self.root.join(python) == spec.python);
        if chosen != spec.python && self.root.join(&chosen) != spec.python && !given {
            wanted.push(format!("the interpreter {0} (--python {0})", spec.python.display()));
        }
        if !self.are_harmless(&spec.arguments) && !self.grants.arguments.contains(&spec.arguments) {
            wanted.push(format!("arguments for pytest: -- {}", spec.arguments.join(" ")));
        }
        if let Some(tree) = spec.copied.as_ref().filter(|tree| **tree != spec.folder && !self.holds(tree)) {
            wanted.push(format!("copies of a folder outside the project: {}", tree.display()));
        }
        let is_zone = |zone: &str| {
            zone.split('/')
                .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b)))
        };
        if let Some((_, zone)) = spec.time_zones.iter().find(|(_, zone)| !is_zone(zone)) {
            wanted.push(format!("the time zone `{zone}`"));
        }
        if let Some(ProvidersAround { root, file }) = &spec.providers {
            self.root(root, wanted);
            self.providers(file, wanted);
        }
    }

    fn command(&self, spec: &mut CommandSpec, wanted: &mut Vec<String>) {
        spec.python_path.clone_from(&self.tool.python_path);
        // What stands for `${python}` is started: no file says what that is.
        let chosen = || choose_python(&spec.root, None, self.tool.virtual_env.as_deref()).program;
        spec.python = Some(self.program(&self.grants.pythons.first().cloned().unwrap_or_else(chosen)));
        self.root(&spec.root, wanted);
        let is_file = spec.profile.contains(['/', '.']);
        if is_file && !self.holds(Path::new(&spec.profile)) && !self.names_profile(&spec.profile) {
            wanted.push(format!("a profile outside the project: {}", spec.profile));
        }
        if !spec.arguments.is_empty() && !self.grants.arguments.contains(&spec.arguments) {
            wanted.push(format!("a command: -- {}", spec.arguments.join(" ")));
        }
        if let Some(file) = &spec.providers {
            self.providers(file, wanted);
        }
    }

    /// The folder that everything is read from and started in.
    fn root(&self, root: &Path, wanted: &mut Vec<String>) {
        let is_ours =
            matches!((root.canonicalize(), self.root.canonicalize()), (Ok(theirs), Ok(ours)) if theirs == ours);
        if !is_ours {
            wanted.push(format!("another project's folder (run it there): {}", root.display()));
        }
    }

    /// A program as it is started: a path is relative to the project, a bare name is looked for in PATH.
    fn program(&self, python: &Path) -> PathBuf {
        if python.components().count() > 1 { self.root.join(python) } else { python.to_owned() }
    }

    fn providers(&self, file: &Path, wanted: &mut Vec<String>) {
        if !self.holds(file) {
            wanted.push(format!("a file of providers outside the project: {}", file.display()));
        }
    }

    /// Whether a path leads to something in the project, links followed.
    fn holds(&self, path: &Path) -> bool {
        let Ok(root) = self.root.canonicalize() else { return false };
        root.join(path).canonicalize().is_ok_and(|path| path.starts_with(&root))
    }

    fn names_folder(&self, folder: &Path) -> bool {
        self.grants.suites.iter().any(|suite| match suite {
            SuiteOptions::Pytest(suite) => {
                self.root.join(&suite.folder).canonicalize().is_ok_and(|named| named == folder)
            }
            SuiteOptions::Command(_) => false,
        })
    }

    fn names_profile(&self, profile: &str) -> bool {
        self.grants.suites.iter().any(|suite| match suite {
            SuiteOptions::Pytest(_) => false,
            SuiteOptions::Command(suite) => suite.profile == profile,
        })
    }

    /// Whether arguments do no more than choose among the project's tests and say how much is told.
    fn are_harmless(&self, arguments: &[String]) -> bool {
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            let is_harmless = match argument {
                option if HARMLESS.contains(&option) => true,
                option if HARMLESS_WITH_VALUE.contains(&option) => arguments.next().is_some(),
                option if option.starts_with('-') => false,
                test => {
                    let file = test.split("::").next().unwrap_or_default();
                    Path::new(file).is_relative() && !file.split('/').any(|part| part == "..")
                }
            };
            if !is_harmless {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn tool() -> ToolInfo {
        ToolInfo {
            program: "/usr/bin/steadfast".into(),
            called: "steadfast".into(),
            typed: None,
            environment: BTreeMap::new(),
            system: "linux",
            architecture: "x86_64",
            temporary: "/tmp".into(),
            python_path: None,
            virtual_env: None,
            secrets: BTreeSet::new(),
            kept: BTreeSet::new(),
        }
    }

    /// What a subject is refused for, in the folder of a project.
    fn refused(change: impl FnOnce(&Path) -> Value, grants: &Grants) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("fake.yaml"), "").expect("written");
        let root = folder.path().canonicalize().expect("it is there");
        let spec: SubjectSpec = serde_json::from_value(change(&root)).expect("a subject");
        let tool = tool();
        let judge = Judge { root: &root, grants, tool: &tool };
        judge.admit(Path::new("file"), spec).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn scenarios(root: &Path, key: &str, value: Value) -> Value {
        let mut spec = json!({ "kind": "scenarios", "root": root, "paths": [], "system": "embedded", "filter": null, "program": "", "secrets": {} });
        spec[key] = value;
        spec
    }

    fn suite(root: &Path, key: &str, value: Value) -> Value {
        let python = choose_python(root, None, None).program;
        let mut spec = json!({ "kind": "suite", "folder": root, "python": python, "python_from": "PATH" });
        spec[key] = value;
        spec
    }

    #[track_caller]
    fn check(refusal: &str, expected: &str) {
        match expected {
            "" => assert_eq!(refusal, ""),
            expected => assert!(refusal.contains(expected) && refusal.contains("--trust"), "{refusal}"),
        }
    }

    #[test]
    fn what_the_project_is_by_itself_needs_no_leave() {
        let none = Grants::default();
        check(&refused(|root| scenarios(root, "system", json!("fake.yaml")), &none), "");
        check(
            &refused(|root| suite(root, "arguments", json!(["-k", "a or b", "-q", "tests/test_a.py::test_b"])), &none),
            "",
        );
        check(&refused(|root| json!({ "kind": "command", "root": root, "profile": "go", "arguments": [] }), &none), "");
    }

    #[test]
    fn everything_else_needs_it() {
        let none = Grants::default();
        check(&refused(|root| scenarios(root, "reach", json!("network")), &none), "--allow-network");
        check(&refused(|root| scenarios(root, "root", json!("/")), &none), "another project's folder");
        check(&refused(|root| scenarios(root, "system", json!("/etc/fake.yaml")), &none), "--system /etc/fake.yaml");
        check(&refused(|root| scenarios(root, "system", json!("asgi:evil:app")), &none), "--system asgi:evil:app");
        check(&refused(|root| scenarios(root, "paths", json!(["/etc"])), &none), "outside the project");
        check(&refused(|root| scenarios(root, "defects", json!(["global-client"])), &none), "defects");
        check(&refused(|root| suite(root, "python", json!("/tmp/evil")), &none), "--python /tmp/evil");
        check(&refused(|root| suite(root, "folder", json!("/etc")), &none), "outside the project");
        for arguments in
            [json!(["-p", "evil"]), json!(["-c", "evil.ini"]), json!(["/tmp/test_a.py"]), json!(["../test_a.py"])]
        {
            check(&refused(|root| suite(root, "arguments", arguments), &none), "arguments for pytest");
        }
        check(&refused(|root| suite(root, "copied", json!("/etc")), &none), "copies");
        check(&refused(|root| suite(root, "time_zones", json!([[1, ":/etc/passwd"]])), &none), "time zone");
        let command =
            |root: &Path| json!({ "kind": "command", "root": root, "profile": "libtest", "arguments": ["/tmp/evil"] });
        check(&refused(command, &none), "/tmp/evil");
    }

    #[test]
    fn what_is_given_again_counts() {
        let given = Grants {
            network: true,
            pythons: vec!["/tmp/mine".into()],
            arguments: vec![vec!["-p".into(), "mine".into()]],
            ..Grants::default()
        };
        check(&refused(|root| scenarios(root, "reach", json!("network")), &given), "");
        check(&refused(|root| suite(root, "python", json!("/tmp/mine")), &given), "");
        check(&refused(|root| suite(root, "python", json!("/tmp/evil")), &given), "--python /tmp/evil");
        check(&refused(|root| suite(root, "arguments", json!(["-p", "mine"])), &given), "");
        check(&refused(|root| suite(root, "arguments", json!(["-p", "mine", "-p", "evil"])), &given), "arguments");
        let all = Grants { everything: true, ..Grants::default() };
        check(&refused(|root| suite(root, "python", json!("/tmp/evil")), &all), "");
    }
}
