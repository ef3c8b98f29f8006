//! What a report needs besides the journal: how the program is called and where the run's files are.

/// What a report needs besides the journal: how the program is called and where the run's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// How the reader starts the program: `steadfast`.
    pub program: String,
    /// The run's folder as the reader would type it, with `/` between its parts and none at its end.
    pub run_dir: String,
    /// The files that were written, as the reader would type them.
    pub files: Vec<String>,
}

impl Context {
    /// The files of a run in `run_dir` under their usual names.
    pub fn new(program: impl Into<String>, run_dir: impl Into<String>) -> Self {
        let run_dir = run_dir.into();
        let files = ["report.html", "summary.md", "junit.xml", "report.json", "events.jsonl"];
        let files = files.iter().map(|name| format!("{run_dir}/{name}")).collect();
        Self { program: program.into(), run_dir, files }
    }

    /// The command that runs a repro file again; `repro` is relative to the run's folder.
    pub(super) fn repro_command(&self, repro: &str) -> String {
        self.command(["repro", &format!("{}/{repro}", self.run_dir)])
    }

    /// A command line that a shell reads as these arguments.
    pub(super) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let mut line = self.program.clone();
        for argument in arguments {
            line.push(' ');
            line.push_str(&quote(argument));
        }
        line
    }
}

/// An argument as a POSIX shell reads it back.
fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_safe_to_paste() {
        let context = Context::new("steadfast", "my reports/runs/r1");
        assert_eq!(context.repro_command("repros/a.json"), "steadfast repro 'my reports/runs/r1/repros/a.json'");
        assert_eq!(context.command(["it's", "$(rm)", ""]), r"steadfast 'it'\''s' '$(rm)' ''");
    }
}
