//! Passwords and bearer tokens. Neither is kept: a password as a salted PBKDF2 hash, a token as its digest.

use super::store::Credentials;
use pbkdf2::pbkdf2_hmac_array;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A bearer token as its learner holds it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Token(String);

/// The system gave no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gave no random numbers")]
pub(super) struct NoRandomness(#[from] getrandom::Error);

impl Token {
    pub(super) fn new() -> Result<Self, NoRandomness> {
        random_hex::<32>().map(Self)
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

/// What the store knows a token by.
pub(super) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// `N` random bytes in hexadecimal.
pub(super) fn random_hex<const N: usize>() -> Result<String, NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::with_capacity(2 * N), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Hashes a new password.
pub(super) fn hash_password(password: &str, iterations: u32) -> Result<Credentials, NoRandomness> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    Ok(Credentials { salt: salt.to_vec(), hash: derive(password, &salt, iterations).to_vec(), iterations })
}

/// Whether a password is the one that was hashed.
pub(super) fn is_password(password: &str, credentials: &Credentials) -> bool {
    same_secret(&derive(password, &credentials.salt, credentials.iterations), &credentials.hash)
}

/// Compares without telling by its duration where the difference is.
pub(super) fn same_secret(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

fn derive(password: &str, salt: &[u8], iterations: u32) -> [u8; 32] {
    pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt, iterations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_matches_its_hash() {
        let credentials = hash_password("correct horse", 2).expect("randomness");
        assert!(is_password("correct horse", &credentials));
        assert!(!is_password("correct horsf", &credentials));
        assert_ne!(credentials.hash, hash_password("correct horse", 2).expect("randomness").hash);
    }

    #[test]
    fn tokens_differ_and_are_long() {
        let token = Token::new().expect("randomness");
        assert_eq!(token.text().len(), 64);
        assert!(token != Token::new().expect("randomness"));
    }
}
