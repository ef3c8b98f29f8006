//! What a report needs besides the journal: how the program is called and where the run's files are.

use crate::event::ShellLine;

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

    /// The command that runs a repro file again; `repro` is relative to the run's folder. `chosen` are the arguments that
    /// chose the subject: what no file gives leave for is given again.
    pub(super) fn repro_command(&self, repro: &str, chosen: &[String]) -> String {
        let file = format!("{}/{repro}", self.run_dir);
        self.command(["repro", file.as_str()].into_iter().chain(leave(chosen)))
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

/// The arguments that a repro file needs beside it.
fn leave(chosen: &[String]) -> Vec<&str> {
    let mut words = chosen.iter().map(String::as_str);
    let mut given = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "--" => {
                given.push(word);
                given.extend(words);
                break;
            }
            "--allow-network" => given.push(word),
            "--python" => given.extend([word].into_iter().chain(words.next())),
            "--system" => given.extend(
                words
                    .next()
                    .filter(|system| system.starts_with("asgi:"))
                    .map(|system| [word, system])
                    .into_iter()
                    .flatten(),
            ),
            _ => {}
        }
    }
    given
}

/// An argument as a POSIX shell reads it back.
pub fn quote(argument: &str) -> String {
    ShellLine::quoted(argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_safe_to_paste() {
        let context = Context::new("steadfast", "my reports/runs/r1");
        assert_eq!(context.repro_command("repros/a.json", &[]), "steadfast repro 'my reports/runs/r1/repros/a.json'");
        assert_eq!(context.command(["it's", "$(rm)", ""]), r"steadfast 'it'\''s' '$(rm)' ''");
    }
    #[test]
    fn a_repro_is_given_what_its_file_may_not_give_itself() {
        let context = Context::new("steadfast", "r");
        let check = |chosen: &str, expected: &str| {
            let chosen: Vec<String> = chosen.split_whitespace().map(str::to_owned).collect();
            assert_eq!(context.repro_command("a", &chosen), format!("steadfast repro r/a{expected}"));
        };
        check("--suite pytest:. --python p --fresh-process -- -p x", " --python p -- -p x");
        check("--system fake.yaml --allow-network", " --allow-network");
        check("--system asgi:a:app", " --system asgi:a:app");
        check("scenarios", "");
    }
}
