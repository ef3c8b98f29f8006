//! By what a server knows us: what a file of credentials holds.

use crate::disk::read_text;
use crate::fleet::FleetError;
use async_nats::ConnectOptions;
use std::fmt;
use std::path::Path;

/// The longest file of credentials that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// How the file of a JWT and its seed begins, as `nsc` writes it.
const OF_A_JWT: &str = "-----BEGIN NATS USER JWT-----";

/// What a file of credentials holds. Its contents are secrets: they are shown nowhere.
pub(super) enum Credentials {
    /// A JWT with its seed, as `nsc` writes them.
    Jwt(String),
    /// The seed of an nkey, which begins with `SU`.
    Seed(String),
    /// A name and a password, as `USER:PASSWORD`.
    Password {
        /// The name of the user.
        user: String,
        /// The user's password.
        password: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jwt(_) => "Jwt",
            Self::Seed(_) => "Seed",
            Self::Password { .. } => "Password",
        })
    }
}

impl Credentials {
    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read, or holds none of the three.
    pub fn read(file: &Path) -> Result<Self, FleetError> {
        let usage = |reason: &dyn fmt::Display| FleetError::Usage(format!("{}: {reason}", file.display()));
        let text = read_text(file, LONGEST).map_err(|error| usage(&error))?;
        Self::of(&text).ok_or_else(|| {
            usage(&"holds no credentials; expected what `nsc` writes, the seed of an nkey (SU...), or USER:PASSWORD")
        })
    }

    fn of(text: &str) -> Option<Self> {
        if text.contains(OF_A_JWT) {
            return Some(Self::Jwt(text.to_owned()));
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut lines = lines.filter(|line| !line.starts_with("-----") && !line.starts_with("*****"));
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let is_seed = line.starts_with("SU") && line.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if is_seed {
            return Some(Self::Seed(line.to_owned()));
        }
        let (user, password) = line.split_once(':')?;
        Some(Self::Password { user: user.to_owned(), password: password.to_owned() })
    }

    /// What must not be written anywhere.
    pub fn secrets(&self) -> Vec<String> {
        match self {
            Self::Jwt(text) => {
                text.lines().map(str::trim).filter(|line| line.starts_with("SU")).map(str::to_owned).collect()
            }
            Self::Seed(seed) => vec![seed.clone()],
            Self::Password { password, .. } => vec![password.clone()],
        }
    }

    /// Connects with them.
    ///
    /// # Errors
    /// If a JWT is not one.
    pub fn add_to(self, options: ConnectOptions) -> Result<ConnectOptions, FleetError> {
        match self {
            Self::Jwt(text) => options.credentials(&text).map_err(|error| FleetError::Usage(error.to_string())),
            Self::Seed(seed) => Ok(options.nkey(seed)),
            Self::Password { user, password } => Ok(options.user_and_password(user, password)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_of_three_kinds() {
        let kind = |text: &str| Credentials::of(text).map(|found| format!("{found:?}"));
        let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
        assert_eq!(kind(&format!("{OF_A_JWT}\neyJ0\n------END NATS USER JWT------\n")).as_deref(), Some("Jwt"));
        assert_eq!(kind(&format!("# the worker's\n{seed}\n")).as_deref(), Some("Seed"));
        assert_eq!(
            kind(&format!("-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n")).as_deref(),
            Some("Seed")
        );
        assert_eq!(kind("worker:pa:ss\n").as_deref(), Some("Password"));
        for text in ["", "nothing", "two:words\nmore:words", "\n# only a comment\n"] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn secrets_are_known_and_not_shown() {
        let found = Credentials::of("worker:pa:ss").expect("credentials");
        assert_eq!(found.secrets(), ["pa:ss"]);
        assert!(!format!("{found:?}").contains("pa:ss"));
    }
}
