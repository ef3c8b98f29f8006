//! A line for a shell, as findings name it: the folder to go to, variables, a program and its arguments.

use std::fmt;

/// A line for a shell. Each part is written as the shell takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellLine {
    /// The folder in which it runs; the reader's own without one.
    pub folder: Option<String>,
    /// What is set for it alone, each as `NAME=value`.
    pub variables: Vec<String>,
    /// The program and its arguments.
    pub words: Vec<String>,
}

impl ShellLine {
    /// A line as it stands in a journal.
    pub fn read(line: &str) -> Self {
        let (folder, line) = match line.strip_prefix("cd ").and_then(|rest| rest.split_once(" && ")) {
            Some((folder, line)) => (Some(folder.to_owned()), line),
            None => (None, line),
        };
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let program = words.iter().position(|word| !word.contains('=')).unwrap_or(words.len());
        let variables = words.drain(..program).collect();
        Self { folder, variables, words }
    }

    /// A word as a shell takes it.
    pub fn quoted(word: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word.to_owned()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    }
}

impl fmt::Display for ShellLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = &self.folder {
            write!(f, "cd {folder} && ")?;
        }
        let words: Vec<&str> = self.variables.iter().chain(&self.words).map(String::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, folder: Option<&str>, variables: &[&str], words: &[&str]) {
        let read = ShellLine::read(line);
        assert_eq!(read.to_string(), line);
        assert_eq!(read.folder.as_deref(), folder, "{line}");
        assert_eq!(
            (read.variables.as_slice(), read.words.as_slice()),
            (&owned(variables)[..], &owned(words)[..]),
            "{line}"
        );
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        check("npx jest -t '^(a b)$'", None, &[], &["npx", "jest", "-t", "'^(a", "b)$'"]);
        check(
            "cd web && TZ=UTC SEED=7 python -m pytest a.py::b[x=1]",
            Some("web"),
            &["TZ=UTC", "SEED=7"],
            &["python", "-m", "pytest", "a.py::b[x=1]"],
        );
        check("cd 'my suite' && go test", Some("'my suite'"), &[], &["go", "test"]);
    }

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(ShellLine::quoted("tests/a.py::test_b"), "tests/a.py::test_b");
        assert_eq!(ShellLine::quoted("a.py::test[it's $x]"), "'a.py::test[it'\\''s $x]'");
    }
}
