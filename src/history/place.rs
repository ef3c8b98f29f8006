//! Where a history lies: a file, a folder of files, or a database of a team.

use crate::event::REDACTED;
use crate::model::with_causes;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The schemes of a URL of PostgreSQL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a history lies. As text it has no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryPlace {
    /// An SQLite file.
    File(PathBuf),
    /// A folder of files, one for each run: what is typed with a `/` at its end, or is a folder already.
    Folder(PathBuf),
    /// A database of PostgreSQL.
    Postgres(PostgresUrl),
}

/// A URL of PostgreSQL, as libpq reads it. Neither `Debug` nor `Display` tell its password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// What is connected to, without what this program reads itself.
    url: String,
    tls: Tls,
    /// The certificates to believe in place of the machine's.
    root_certificate: Option<PathBuf>,
    /// A password from elsewhere, where the URL has none.
    password: Option<String>,
}

/// How the way to the server is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// Encrypted, the server known by its certificate.
    Required,
    /// The same where the server can, else in the clear.
    Preferred,
    /// In the clear.
    Off,
}

impl HistoryPlace {
    /// The file or the folder, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Folder(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// The same with this password, where the place takes one and has none.
    #[must_use]
    pub fn with_password(self, password: Option<String>) -> Self {
        match self {
            Self::Postgres(url) if !url.has_password() => Self::Postgres(PostgresUrl { password, ..url }),
            place => place,
        }
    }
}

impl From<PathBuf> for HistoryPlace {
    fn from(path: PathBuf) -> Self {
        let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir();
        if is_folder { Self::Folder(path) } else { Self::File(path) }
    }
}

/// Why a text names no history. No message has a password.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// A way of encryption that is not known.
    #[error("sslmode={0}: known are disable, prefer, require and verify-full")]
    SslMode(String),
    /// It is no URL of PostgreSQL.
    #[error("{url}: {}", with_causes(source))]
    Url {
        /// The text, without its passwords.
        url: String,
        /// What is wrong with it.
        source: postgres::Error,
    },
}

impl FromStr for HistoryPlace {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if is_postgres(text) { text.parse().map(Self::Postgres) } else { Ok(PathBuf::from(text).into()) }
    }
}

impl fmt::Display for HistoryPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Folder(path) => path.display().fmt(formatter),
            Self::Postgres(url) => url.fmt(formatter),
        }
    }
}

impl FromStr for PostgresUrl {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut kept, mut tls, mut root_certificate) = (Vec::new(), None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            match key {
                "sslmode" => tls = Some(tls_of(&value)?),
                "sslrootcert" => root_certificate = Some(PathBuf::from(value)),
                _ => kept.push(pair),
            }
        }
        let url = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
        let config: postgres::Config =
            url.parse().map_err(|source| PlaceError::Url { url: without_password(text), source })?;
        // Nobody listens between two processes of one machine; between machines somebody may.
        let tls = tls.unwrap_or(if is_of_this_machine(&config) { Tls::Off } else { Tls::Required });
        Ok(Self { url, tls, root_certificate, password: None })
    }
}

impl PostgresUrl {
    /// What connects to it.
    pub(super) fn config(&self) -> Result<postgres::Config, postgres::Error> {
        let mut config: postgres::Config = self.url.parse()?;
        if let Some(password) = &self.password {
            config.password(password);
        }
        config.ssl_mode(match self.tls {
            Tls::Required => postgres::config::SslMode::Require,
            Tls::Preferred => postgres::config::SslMode::Prefer,
            Tls::Off => postgres::config::SslMode::Disable,
        });
        Ok(config)
    }

    pub(super) fn tls(&self) -> Tls {
        self.tls
    }

    pub(super) fn root_certificate(&self) -> Option<&Path> {
        self.root_certificate.as_deref()
    }

    fn has_password(&self) -> bool {
        self.url.parse::<postgres::Config>().is_ok_and(|config| config.get_password().is_some())
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_password(&self.url))
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PostgresUrl({self})")
    }
}

/// Whether a text is a URL of PostgreSQL.
pub fn is_postgres(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.starts_with(scheme))
}

/// A text without the passwords of the URLs of PostgreSQL in it: between the user and the host, and among the options.
pub fn without_password(text: &str) -> String {
    let mut out = text.to_owned();
    for range in passwords(text).into_iter().rev() {
        out.replace_range(range, REDACTED);
    }
    out
}

/// The same with a star for each byte, so that places in the text stay what they are.
pub fn with_stars(text: &str) -> String {
    let mut out = text.to_owned();
    for range in passwords(text) {
        let stars = "*".repeat(range.len());
        out.replace_range(range, &stars);
    }
    out
}

/// Where passwords stand in a text.
fn passwords(text: &str) -> Vec<Range<usize>> {
    const OPTION: &str = "password=";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = SCHEMES.iter().filter_map(|scheme| Some(text[from..].find(scheme)? + scheme.len())).min() {
        let start = from + start;
        let length = text[start..].find(|c: char| c.is_whitespace() || "'\"".contains(c));
        let end = length.map_or(text.len(), |length| start + length);
        let (address, query) = text[start..end].split_once('?').unwrap_or((&text[start..end], ""));
        // A password may hold any character that somebody forgot to escape: it ends at the last `@`.
        let user = address.rsplit_once('@').map_or("", |(user, _)| user);
        if let Some(colon) = user.find(':') {
            found.push(start + colon + 1..start + user.len());
        }
        let mut at = start + address.len() + 1;
        for pair in query.split('&') {
            if pair.starts_with(OPTION) {
                found.push(at + OPTION.len()..at + pair.len());
            }
            at += pair.len() + 1;
        }
        from = end;
    }
    found
}

fn tls_of(word: &str) -> Result<Tls, PlaceError> {
    match word {
        "disable" => Ok(Tls::Off),
        "prefer" => Ok(Tls::Preferred),
        "require" | "verify-ca" | "verify-full" => Ok(Tls::Required),
        _ => Err(PlaceError::SslMode(word.to_owned())),
    }
}

/// Whether every host is this machine: a socket, or the loopback interface.
fn is_of_this_machine(config: &postgres::Config) -> bool {
    let is_here = |host: &postgres::config::Host| match host {
        postgres::config::Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        postgres::config::Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> HistoryPlace {
        text.parse().expect("a place")
    }

    #[test]
    fn a_path_is_a_file_and_a_url_a_database() {
        assert_eq!(place("reports/history.sqlite").path(), Some(Path::new("reports/history.sqlite")));
        assert_eq!(place("postgres/x").path(), Some(Path::new("postgres/x")));
        assert_eq!(place("postgresql://db/tests").path(), None);
        assert!(matches!(place("not there yet/"), HistoryPlace::Folder(_)));
        assert!(matches!(place("src"), HistoryPlace::Folder(_)));
        assert!(matches!(place("history.sqlite"), HistoryPlace::File(_)));
        assert!("postgres://db:port/x".parse::<HistoryPlace>().is_err());
        assert!(
            "postgres://db/x?sslmode=allow"
                .parse::<HistoryPlace>()
                .is_err_and(|wrong| wrong.to_string().contains("verify-full"))
        );
    }

    #[test]
    fn no_text_of_a_place_has_its_password() {
        for text in [
            "postgres://ana:s3cret@db:5432/tests",
            "postgresql://ana:s3cret@db/tests?sslmode=require",
            "postgres://ana@db/tests?password=s3cret&sslmode=disable",
        ] {
            let place = place(text);
            let told = format!("{place} {place:?}");
            assert!(!told.contains("s3cret") && told.contains("ana") && told.contains("/tests"), "{told}");
        }
        let typed = "steadfast run --history 'postgres://a:p@ss w@db/x' --junit 'x:y@z'";
        assert_eq!(
            without_password("run --history postgres://a:p@ss@db/x --json j"),
            format!("run --history postgres://a:{REDACTED}@db/x --json j")
        );
        assert!(without_password(typed).contains("--junit 'x:y@z'"));
        assert_eq!(
            with_stars("a = \"postgres://a:geheim@db/x?password=pw&y=z\" # é"),
            "a = \"postgres://a:******@db/x?password=**&y=z\" # é"
        );
        let wrong = "postgres://ana:s3cret@db:port/tests".parse::<HistoryPlace>().expect_err("no port");
        assert!(!wrong.to_string().contains("s3cret"), "{wrong}");
    }

    #[test]
    fn the_way_is_encrypted_between_machines_unless_the_url_says_otherwise() {
        let check = |text: &str, expected: Tls| match place(text) {
            HistoryPlace::Postgres(url) => assert_eq!(url.tls(), expected, "{text}"),
            HistoryPlace::File(_) | HistoryPlace::Folder(_) => panic!("{text} is a URL"),
        };
        check("postgres://db.example/x", Tls::Required);
        check("postgres://db.example/x?sslmode=disable", Tls::Off);
        check("postgres://db.example/x?sslmode=prefer", Tls::Preferred);
        check("postgres://127.0.0.1/x", Tls::Off);
        check("postgres://localhost/x?sslmode=verify-full", Tls::Required);
        check("postgres:///x?host=/run/postgresql", Tls::Off);
        check("postgres://localhost,db.example/x", Tls::Required);
    }

    #[test]
    fn a_password_from_elsewhere_is_taken_where_the_url_has_none() {
        let password = |text: &str| match place(text).with_password(Some("other".to_owned())) {
            HistoryPlace::Postgres(url) => url.config().expect("it is right").get_password().map(<[u8]>::to_vec),
            HistoryPlace::File(_) | HistoryPlace::Folder(_) => None,
        };
        assert_eq!(password("postgres://ana@db/x").as_deref(), Some(&b"other"[..]));
        assert_eq!(password("postgres://ana:own@db/x").as_deref(), Some(&b"own"[..]));
        assert_eq!(password("history.sqlite"), None);
    }
}
