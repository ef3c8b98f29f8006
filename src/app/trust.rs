//! What a file asks for, and who gives leave.
//!
//! Repro files and journals come from branches, from colleagues, from the artefacts of CI jobs. Such a file says *which*
//! cases run in which order; it does not say what may be started, read or reached. That counts only if whoever runs says
//! it too, on the command line or in the project's configuration, or accepts all of it with `--trust`.

use crate::adapter::{Leave, Reach, SubjectSpec, SuiteOptions};
use crate::app::{AppError, RunOptions, ToolInfo};
use std::path::{Path, PathBuf};

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
        self.pythons.extend(options.python.clone());
        if let Some(suite) = &options.suite {
            self.pythons.extend(suite.python().map(Path::to_owned));
            self.arguments.push(suite.arguments().to_vec());
            self.suites.push(suite.clone());
        }
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
    pub fn admit(&self, file: &Path, spec: SubjectSpec) -> Result<SubjectSpec, AppError> {
        let workplace = self.tool.workplace();
        let leave = Leave {
            root: self.root,
            workplace: &workplace,
            network: self.grants.network,
            pythons: &self.grants.pythons,
            systems: &self.grants.systems,
            arguments: &self.grants.arguments,
            suites: &self.grants.suites,
        };
        let (spec, wanted) = spec.asking(&leave);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::choose_python;
    use serde_json::{Value, json};
    use std::collections::{BTreeMap, BTreeSet};

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
            passwords: Vec::new(),
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

    /// A file that says where a copy of the tree is could have any code run in its place.
    #[test]
    fn no_file_says_where_a_copy_of_the_tree_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it is there");
        let spec = suite(&root, "kept", json!({ "tree": root, "copy": "/tmp/evil" }));
        let spec: SubjectSpec = serde_json::from_value(spec).expect("a subject");
        assert!(serde_json::to_string(&spec).expect("JSON").contains("/tmp/evil"));
        for everything in [false, true] {
            let (tool, grants) = (tool(), Grants { everything, ..Grants::default() });
            let judge = Judge { root: &root, grants: &grants, tool: &tool };
            let admitted = judge.admit(Path::new("file"), spec.clone()).expect("nothing else is asked for");
            assert!(!serde_json::to_string(&admitted).expect("JSON").contains("/tmp/evil"), "{admitted:?}");
        }
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
