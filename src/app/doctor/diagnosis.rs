//! What the doctor has found.

use crate::provider::{Call, ProviderName, Reach, Strays};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Whether all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing is wrong with how the program reaches its providers.
    Well,
    /// Something is ill: see what is told.
    Ill,
}

/// What is known of one provider.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub provider: ProviderName,
    pub reach: Reach,
    /// Whether the file of providers says something for it by name.
    pub scripted: Scripted,
    /// Requests by what they asked for.
    pub asked: BTreeMap<String, u64>,
}

/// Whether a provider was expected to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scripted {
    ByName,
    NotByName,
}

/// How a program reaches its providers.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    pub(super) seen: Vec<Seen>,
    pub(super) strays: Strays,
    /// Calls that no script covers.
    pub(super) unscripted: Vec<Call>,
    /// Sockets that led off this machine.
    pub(super) outward: Vec<SocketAddr>,
    /// How the program ended.
    pub(super) ended: String,
    /// The file that was read.
    pub(super) file: Option<PathBuf>,
}

impl Diagnosis {
    /// Whether all is well: every provider that is scripted by name was reached, some provider was, and nothing was
    /// tried past them.
    pub fn health(&self) -> Health {
        let is_missed = |seen: &Seen| match (seen.reach, seen.scripted) {
            (Reach::Direct, _) | (Reach::Never, Scripted::ByName) => true,
            (Reach::Reached, _) | (Reach::Never, Scripted::NotByName) => false,
        };
        let none_reached = self.seen.iter().all(|seen| seen.reach != Reach::Reached);
        let is_ill = none_reached
            || self.seen.iter().any(is_missed)
            || self.strays.count > 0
            || !self.unscripted.is_empty()
            || !self.outward.is_empty();
        if is_ill { Health::Ill } else { Health::Well }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the program ended: {}", self.ended)?;
        let width = self.seen.iter().map(|seen| seen.provider.as_str().len()).max().unwrap_or_default();
        for seen in &self.seen {
            write!(f, "{:width$}  ", seen.provider)?;
            match (seen.reach, seen.scripted) {
                (Reach::Reached, _) => {
                    let asked = seen.asked.iter().map(|(what, count)| format!("{count} {what}"));
                    writeln!(f, "reached: {}", asked.collect::<Vec<_>>().join(", "))?;
                }
                (Reach::Direct, _) => {
                    writeln!(f, "direct: tried past the proxy, or without trust in its certificate; see below")?;
                }
                (Reach::Never, Scripted::ByName) => {
                    writeln!(f, "never: the {} client was never called: could it be built?", seen.provider)?;
                }
                (Reach::Never, Scripted::NotByName) => writeln!(f, "never")?,
            }
        }
        for call in &self.unscripted {
            let model = if call.model.is_empty() { String::new() } else { format!(" model {}", call.model) };
            writeln!(f, "unscripted: {} {}{model}: no script covers it", call.provider, call.endpoint)?;
        }
        for stray in &self.strays.attempts {
            let kind = match stray.provider {
                Some(_) => "direct",
                None => "refused",
            };
            writeln!(f, "{kind}: {stray} (after {:.1} s)", stray.at.as_secs_f64())?;
        }
        let kept = u64::try_from(self.strays.attempts.len()).unwrap_or(u64::MAX);
        if self.strays.count > kept {
            writeln!(f, "        such attempts in all: {}", self.strays.count)?;
        }
        for address in &self.outward {
            let what = if address.port() == 53 { ", which looks a name up" } else { "" };
            writeln!(f, "direct: a socket led to {address}{what}: some client honours no proxy")?;
        }
        if self.seen.iter().all(|seen| seen.reach == Reach::Never) {
            writeln!(f, "note: no provider was reached at all: does the program call one, and honour HTTPS_PROXY?")?;
        }
        if let Some(file) = &self.file {
            writeln!(f, "scripted by {}", file.display())?;
        }
        Ok(())
    }
}
