//! How far a run may reach: what scenarios and system files name must lie on this machine and in the project, unless
//! whoever runs says otherwise.

use reqwest::Url;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::{Component, Path, PathBuf};

/// How far requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// This machine only.
    #[default]
    Loopback,
    /// Any host, as `--allow-network` asks.
    Network,
}

/// Why something is out of reach.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapter) enum OutOfReach {
    #[error("`{0}` is an address of another machine; add --allow-network if that is meant")]
    Network(String),
    #[error("`{0}` is no URL: http://127.0.0.1:8000 is wanted")]
    NoUrl(String),
    #[error(
        "`{0}` has a `?` or a `#` in it: the URL that paths are put behind is wanted, such as http://127.0.0.1:8000"
    )]
    NoBase(String),
    #[error(
        "`{0}` lies outside the project's folder and the round's; let ${{env.NAME}} say where it is, so that whoever runs \
         decides"
    )]
    File(String),
}

impl Reach {
    /// A URL whose host may be asked. A name is believed only if it is `localhost`: what others stand for can change
    /// between this look and the request.
    pub(in crate::adapter) fn url(self, text: &str) -> Result<Url, OutOfReach> {
        let url = Url::parse(text).map_err(|_| OutOfReach::NoUrl(text.to_owned()))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(OutOfReach::NoBase(text.to_owned()));
        }
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        if self == Self::Network || is_here { Ok(url) } else { Err(OutOfReach::Network(text.to_owned())) }
    }

    /// An address that may be connected to.
    pub(in crate::adapter) fn address(self, address: IpAddr, shown: &str) -> Result<(), OutOfReach> {
        if self == Self::Network || address.is_loopback() { Ok(()) } else { Err(OutOfReach::Network(shown.to_owned())) }
    }

    /// A client that goes no other way: no redirect is followed, and no proxy asked on this machine's behalf.
    pub(in crate::adapter) fn client(self) -> reqwest::Result<reqwest::Client> {
        let builder = crate::platform::http_client().redirect(reqwest::redirect::Policy::none());
        match self {
            Self::Loopback => builder.no_proxy().build(),
            Self::Network => builder.build(),
        }
    }
}

/// A file that may be opened for writing, links followed: in one of the folders, relative to the first of them. It need
/// not exist yet.
pub(in crate::adapter) fn file_within(name: &str, folders: [&Path; 2]) -> Result<PathBuf, OutOfReach> {
    let outside = || OutOfReach::File(name.to_owned());
    let path = folders[0].join(name);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(outside());
    }
    let found = match path.canonicalize() {
        Ok(found) => found,
        // A link that leads nowhere would be followed when the file is made.
        Err(_) if path.is_symlink() => return Err(outside()),
        Err(_) => {
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok()).ok_or_else(outside)?;
            folder.join(path.file_name().ok_or_else(outside)?)
        }
    };
    let is_in = |folder: &Path| folder.canonicalize().is_ok_and(|folder| found.starts_with(folder));
    if folders.into_iter().any(is_in) { Ok(found) } else { Err(outside()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_near() {
        for near in ["http://127.0.0.1:1/x", "http://localhost:8000", "http://[::1]:1", "https://127.9.9.9"] {
            assert!(Reach::Loopback.url(near).is_ok(), "{near}");
        }
        for far in [
            "http://10.0.0.1",
            "https://api.anthropic.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://0.0.0.0:80",
            "http://[fe80::1]",
            "http://169.254.169.254/latest",
        ] {
            assert!(matches!(Reach::Loopback.url(far), Err(OutOfReach::Network(_))), "{far}");
            assert!(Reach::Network.url(far).is_ok(), "{far}");
        }
        assert!(matches!(Reach::Network.url("nowhere"), Err(OutOfReach::NoUrl(_))));
        for no_base in ["http://127.0.0.1:8000/#top", "http://127.0.0.1:8000/?key=x", "http://127.0.0.1:8000?"] {
            assert!(matches!(Reach::Network.url(no_base), Err(OutOfReach::NoBase(_))), "{no_base}");
        }
    }

    #[test]
    fn a_file_lies_in_one_of_the_folders_whatever_leads_to_it() {
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let outside = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(outside.path(), one.path().join("link")).expect("a link");
        std::os::unix::fs::symlink(outside.path().join("no.db"), one.path().join("dangling")).expect("a link");
        let within = |name: &str| file_within(name, [one.path(), other.path()]).is_ok();
        assert!(within("new.db"));
        assert!(within(&other.path().join("x.db").display().to_string()));
        for name in ["../x.db", "link/x.db", "dangling", "/etc/passwd", "nowhere/x.db", ""] {
            assert!(!within(name) || name.is_empty(), "{name}");
        }
    }
}
