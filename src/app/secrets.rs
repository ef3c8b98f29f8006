//! Which values are secrets: those that files name, and those that the name of a variable tells.

use crate::adapter::LoadedSubject;
use crate::app::ToolInfo;
use crate::app::env_file::{expanded, variables};
use crate::disk::read_bytes;
use crate::event::is_common;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A secret has at least so many characters.
const SHORTEST: usize = 4;

/// The most that is read of a `.env` file, in bytes.
const LONGEST: u64 = 8 << 20;

/// How many such files are read.
const FILES: usize = 256;

/// What a value has several of counts from so many characters on.
const SHORTEST_PART: usize = 8;

/// How many variables of such files are read: more than a project has.
const VARIABLES: usize = 2_000;

/// How deep the fields of a secret that is JSON are looked through.
const DEEPEST: usize = 4;

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

/// Last words of names that say something about a secret, and not the secret: `TOKEN_URL`, `CACHE_KEY_PREFIX`.
const ABOUT: &[&str] = &[
    "ALG",
    "ALGORITHM",
    "EXPIRES",
    "EXPIRY",
    "HEADER",
    "LAYOUT",
    "LENGTH",
    "LIMIT",
    "PREFIX",
    "REGION",
    "TTL",
    "TYPE",
    "URI",
    "URL",
];

/// Parts of the names of files that show what a `.env` file looks like and hold no secret.
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
            for value in secrets_in(&name, &value, is_declared) {
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
    let secrets = meant.flat_map(|(name, value)| secrets_in(&name, &value, false));
    secrets.filter(|value| !is_common(value)).collect()
}

/// What of a variable's value is a secret, as programs print it: the whole, with the escapes in it or what they stand
/// for; the fields of a JSON object; the password in a URL, which a program may have decoded.
fn secrets_in(name: &str, value: &str, is_declared: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_declared || says_secret(name) {
        found.push(value.to_owned());
        found.extend(expanded(value));
        match serde_json::from_str::<Value>(value) {
            Ok(object @ (Value::Object(_) | Value::Array(_))) => {
                fields_into(&mut found, &object, says_secrets(name), DEEPEST)
            }
            _ => found.extend(parts_of(value).map(str::to_owned)),
        }
    }
    for password in passwords_in(value) {
        found.push(password.to_owned());
        found.extend(percent_decode_str(password).decode_utf8().ok().map(Cow::into_owned));
    }
    // The first line of a key that a reader cut there: texts about keys have it as well.
    let is_whole = |value: &str| !value.starts_with("-----") || value.contains('\n');
    found.retain(|value| value.chars().count() >= SHORTEST && is_whole(value));
    found
}

/// What a list separates, and what stands behind the last colon, as in `user:password`.
fn parts_of(value: &str) -> impl Iterator<Item = &str> {
    let listed = value.split([',', ';']).map(str::trim);
    let behind = value.rsplit_once(':').map(|(_, behind)| behind.trim()).filter(|_| !value.contains("://"));
    listed.chain(behind).filter(move |part| part.chars().count() >= SHORTEST_PART && *part != value)
}

/// Whether a name says that the value is several secrets, or an object of them.
fn says_secrets(name: &str) -> bool {
    ["KEYS", "TOKENS", "SECRETS", "PASSWORDS"].iter().any(|word| name.to_uppercase().ends_with(word))
}

/// The texts of a JSON value whose names, or those of what they stand in, say that they are secrets.
fn fields_into(found: &mut Vec<String>, value: &Value, is_secret: bool, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| fields_into(found, value, is_secret || says_secret(name), depth));
        }
        Value::Array(values) => values.iter().for_each(|value| fields_into(found, value, is_secret, depth)),
        Value::String(text) if is_secret => found.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
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
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).collect();
    let is_about_it = words.last().is_some_and(|last| ABOUT.contains(last));
    name == "MYSQL_PWD" || !is_about_it && words.iter().any(|word| WORDS.contains(word))
}

/// `apiKey` as `api_Key`, and `JWTSecret` as `JWT_Secret`.
fn apart(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_an_acronym = before.is_ascii_uppercase() && letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || ends_an_acronym) {
            out.push('_');
        }
        out.push(letter);
        before = letter;
    }
    out
}

/// The passwords in a value: of each URL (`scheme://user:password@host`, a slash in the password or none), of a source of data
/// (`user:password@tcp(…)`) and of a list of settings (`host=… password=…`).
fn passwords_in(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, _) in value.match_indices("://") {
        let rest = value[at + 3..].split([' ', '\t', '\n', ',', '"', '\'']).next().unwrap_or_default();
        let strict = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A password with a slash in it is taken as well, where what stands before that is no host with its port.
        let is_host = strict.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let authority = if strict.contains('@') || is_host { strict } else { rest };
        found.extend(
            authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password),
        );
    }
    if let Some((user, place)) = value.rsplit_once('@')
        && !value.contains("://")
        && (place.starts_with("tcp(") || place.starts_with("unix("))
    {
        found.extend(user.split_once(':').map(|(_, password)| password));
    }
    for key in ["password=", "Password=", "pwd=", "Pwd="] {
        let begins = |at: usize| at == 0 || value[..at].ends_with([' ', ';', '\t']);
        for (at, _) in value.match_indices(key).filter(|(at, _)| begins(*at)) {
            let rest = &value[at + key.len()..];
            let quoted = rest.strip_prefix('\'').and_then(|rest| rest.split('\'').next());
            found.push(quoted.unwrap_or_else(|| rest.split([' ', ';', '\t', '\n']).next().unwrap_or_default()));
        }
    }
    found.retain(|password| !password.is_empty());
    found
}

/// The variables of the `.env` files in a folder and in those above it, up to that of the repository: libraries that read
/// such files look there.
fn of_files(folder: &Path) -> Vec<(String, String)> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let above = folder.ancestors().position(|above| above.join(".git").exists()).unwrap_or(0);
    folder.ancestors().take(above + 1).flat_map(of_folder).take(VARIABLES).collect()
}

fn of_folder(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(is_env_file)).map(|entry| entry.path()).collect();
    files.sort();
    let texts = files.iter().take(FILES).filter_map(|file| read_bytes(file, LONGEST).ok());
    texts.flat_map(|bytes| variables(&String::from_utf8_lossy(&bytes))).collect()
}

/// Whether a file of this name sets variables for programs that are started beside it: `.env`, `.env.local`, `prod.env`
/// and direnv's `.envrc`.
fn is_env_file(name: &str) -> bool {
    let is_example = name.split('.').any(|part| EXAMPLES.contains(&part));
    !is_example && (name.ends_with(".env") || name.starts_with(".env.") || name == ".envrc")
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
        assert_eq!(passwords_in("postgres://ana:s3cret@db:5432/x?y"), ["s3cret"]);
        assert_eq!(passwords_in("redis://:s3cret@cache"), ["s3cret"]);
        for value in ["https://example.org/a:b@c", "postgres://ana@db", "no url", "http://h"] {
            assert_eq!(passwords_in(value), [""; 0], "{value}");
        }
    }

    #[test]
    fn a_secret_counts_as_programs_print_it() {
        let check = |name: &str, value: &str, expected: &[&str]| {
            assert_eq!(secrets_in(name, value, false), expected, "{name}={value}");
        };
        check("API_KEY", "Zq7vX9", &["Zq7vX9"]);
        check("API_KEY", r"first\nsecond", &[r"first\nsecond", "first\nsecond"]);
        check("DATABASE_URL", "postgres://ana:p%40ss-Mn34@db", &["p%40ss-Mn34", "p@ss-Mn34"]);
        let account = r#"{"type":"service_account","private_key_id":"0a1b2c","of":[{"token":"Kt8xy"}]}"#;
        check("GOOGLE_CREDENTIALS", account, &[account, "0a1b2c", "Kt8xy"]);
        check("ACCOUNT", account, &[]);
        check("SIGN_KEY", "-----BEGIN KEY-----", &[]);
        check("LAYOUT", r"a\nb", &[]);
        check("API_KEYS", "Zq7vX9kLm1, Tw4rKaB2c2", &["Zq7vX9kLm1, Tw4rKaB2c2", "Zq7vX9kLm1", "Tw4rKaB2c2"]);
        check("SECRETS", r#"{"a":{"b":["Kt8xy"]}}"#, &[r#"{"a":{"b":["Kt8xy"]}}"#, "Kt8xy"]);
        check("CREDENTIALS", "ana:Mn34-Pq56", &["ana:Mn34-Pq56", "Mn34-Pq56"]);
        check("BROKERS", "amqp://u:one-1@h,amqp://u:two-2@h", &["one-1", "one-1", "two-2", "two-2"]);
        check("BASE", "postgresql://ana:Zqi1/sla#sh@db", &["Zqi1/sla#sh", "Zqi1/sla#sh"]);
        check("SOURCE", "host=db password='Rt 56'", &["Rt 56", "Rt 56"]);
        check("SOURCE", "ana:Go-pw-1@tcp(db:3306)/shop", &["Go-pw-1", "Go-pw-1"]);
        check("TOKEN_URL", "https://example.org/token", &[]);
        check("CACHE_KEY_PREFIX", "shop", &[]);
    }

    #[test]
    fn files_of_variables_are_known_by_their_names() {
        for name in [".env", ".env.local", ".env.test.local", "prod.env", ".envrc"] {
            assert!(is_env_file(name), "{name}");
        }
        for name in [".env.example", "example.env", ".env.local.sample", ".environment", "env", "env.md", "x.envrc"] {
            assert!(!is_env_file(name), "{name}");
        }
    }
}
