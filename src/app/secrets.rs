//! Which values are secrets: those that files name, and those that the name of a variable tells.

use crate::adapter::LoadedSubject;
use crate::app::ToolInfo;
use crate::disk::read_text;
use crate::event::is_common;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A secret has at least so many characters.
const SHORTEST: usize = 4;

/// The most that is read of a `.env` file, in bytes.
const LONGEST: u64 = 1 << 20;

/// How many such files are read.
const FILES: usize = 32;

/// Words of a variable's name that say that its value is a secret.
const WORDS: &[&str] = &[
    "KEY",
    "KEYS",
    "APIKEY",
    "TOKEN",
    "TOKENS",
    "SECRET",
    "SECRETS",
    "PASS",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PGPASSWORD",
    "CREDENTIAL",
    "CREDENTIALS",
    "DSN",
];

/// Endings of files that show what a `.env` file looks like and hold no secret.
const EXAMPLES: &[&str] = &["example", "sample", "template", "dist", "md"];

/// What is kept out of everything that is written.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    pub values: BTreeSet<String>,
    /// Variables whose names say secret and whose values stay, since they stand in every text or name a case.
    pub kept: BTreeSet<String>,
}

impl Secrets {
    /// The secrets of the environment, of the `.env` files in `folders`, and of what the subject's files set. `declared` are the variables that scenarios
    /// and system files name.
    pub fn find(tool: &ToolInfo, declared: &BTreeSet<String>, subject: &dyn LoadedSubject, folders: &[&Path]) -> Self {
        let mut variables: Vec<(String, String)> =
            tool.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        variables.extend(folders.iter().flat_map(|folder| of_files(folder)));
        // A template stands for something else; what that is comes from the environment or was made for the round.
        variables.extend(subject.variables_set().into_iter().filter(|(_, value)| !value.contains("${")));
        let named = Named::of(subject, folders);
        let mut secrets = Self::default();
        for (name, value) in variables {
            let is_declared = declared.contains(&name);
            if is_no_secret(&name, &value) {
                continue;
            }
            let password = password_in(&value).map(str::to_owned);
            let whole = (is_declared || says_secret(&name)).then(|| value.clone());
            for value in whole.into_iter().chain(password) {
                if value.chars().count() < SHORTEST {
                    continue;
                }
                if is_declared || !(is_common(&value) || named.holds(&value)) {
                    secrets.values.insert(value);
                } else {
                    secrets.kept.insert(name.clone());
                }
            }
        }
        secrets
    }
}

/// What the environment and the `.env` files of a folder say is a secret, where no subject is known.
pub fn secrets_of_environment(environment: &BTreeMap<String, String>, folder: &Path) -> BTreeSet<String> {
    let variables = environment.iter().map(|(name, value)| (name.clone(), value.clone())).chain(of_files(folder));
    let meant = variables.filter(|(name, value)| !is_no_secret(name, value));
    let secrets = meant.flat_map(|(name, value)| {
        let password = password_in(&value).map(str::to_owned);
        says_secret(&name).then_some(value).into_iter().chain(password)
    });
    secrets.filter(|value| value.chars().count() >= SHORTEST && !is_common(value)).collect()
}

/// Names that must be readable in a report: of cases, files and folders.
struct Named(String);

impl Named {
    fn of(subject: &dyn LoadedSubject, folders: &[&Path]) -> Self {
        let cases = subject.cases().iter().flat_map(|case| [case.id.to_string(), case.file.clone()]);
        let folders = folders.iter().map(|folder| folder.display().to_string());
        Self(cases.chain(folders).collect::<Vec<_>>().join("\n"))
    }

    fn holds(&self, value: &str) -> bool {
        self.0.contains(value)
    }
}

/// Whether a value can't be a secret, whatever its variable is called: a folder, or the name of something that is there.
fn is_no_secret(name: &str, value: &str) -> bool {
    let is_path = || value.contains('/') && !value.contains("://") && Path::new(value).exists();
    ["PWD", "OLDPWD"].contains(&name) || value.is_empty() || is_path()
}

/// Whether a whole word of a name says that the value is a secret.
fn says_secret(name: &str) -> bool {
    let name = if name.bytes().any(|byte| byte.is_ascii_lowercase()) { apart(name) } else { name.to_owned() };
    let name = name.to_uppercase();
    name == "MYSQL_PWD" || name.split(|c: char| !c.is_ascii_alphabetic()).any(|word| WORDS.contains(&word))
}

/// `apiKey` as `api_Key`.
fn apart(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('_');
        }
        out.push(letter);
        before = letter;
    }
    out
}

/// The password in a URL: `scheme://user:password@host`.
fn password_in(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// The variables of the `.env` files in a folder.
fn of_files(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_meant = |name: &str| {
        let is_example = EXAMPLES.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        (name == ".env" || name.starts_with(".env.")) && !is_example
    };
    let files = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_meant)).take(FILES);
    files.filter_map(|file| read_text(&file.path(), LONGEST).ok()).flat_map(|text| variables(&text)).collect()
}

fn variables(text: &str) -> BTreeMap<String, String> {
    let variable = |line: &str| {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.split(*quote).next());
        let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim());
        (!name.starts_with('#')).then(|| (name.trim().to_owned(), value.to_owned()))
    };
    text.lines().filter_map(variable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_word_of_a_name_tells() {
        for name in [
            "API_KEY",
            "key",
            "DB_PASSWORD",
            "apiToken",
            "PGPASSWORD",
            "MYSQL_PWD",
            "SENTRY_DSN",
            "GH-TOKEN",
            "AWS_CREDENTIALS",
        ] {
            assert!(says_secret(name), "{name}");
        }
        for name in ["PWD", "OLDPWD", "SSH_ASKPASS", "KEYBOARD_LAYOUT", "MONKEY", "PASSENGER", "TOKENIZERS_PARALLELISM"]
        {
            assert!(!says_secret(name), "{name}");
        }
    }

    #[test]
    fn the_password_of_a_url_is_found() {
        assert_eq!(password_in("postgres://ana:s3cret@db:5432/x?y"), Some("s3cret"));
        assert_eq!(password_in("redis://:s3cret@cache"), Some("s3cret"));
        for value in ["https://example.org/a:b@c", "postgres://ana@db", "no url", "http://h"] {
            assert_eq!(password_in(value), None, "{value}");
        }
    }

    #[test]
    fn files_of_variables_are_read_as_shells_do() {
        let found = variables("# A=b\nexport KEY='a b' # c\nTOKEN=plain # comment\nEMPTY=\nQ=\"x#y\"\n");
        let expected = [("EMPTY", ""), ("KEY", "a b"), ("Q", "x#y"), ("TOKEN", "plain")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}
