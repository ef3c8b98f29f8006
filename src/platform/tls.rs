//! The library that encrypts: one for all clients and servers here.

use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::{Arc, OnceLock};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, Error, RootCertStore, WantsVerifier};

/// What clients and servers encrypt with.
#[must_use]
pub fn cryptography() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Begins a client of HTTP, which trusts whom the machine trusts. Every client here begins so: `reqwest` comes without a
/// library that encrypts, and its own builder panics where the process has chosen none, for which `clippy.toml` forbids it.
///
/// # Rationale
///
/// What the machine trusts is read once: a system of each round has a client, and to read some 150 certificates takes as
/// long as a case.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn http_client() -> reqwest::ClientBuilder {
    static TRUSTED: OnceLock<Option<ClientConfig>> = OnceLock::new();
    if CryptoProvider::get_default().is_none() {
        // An error says that another thread was faster: both install the same.
        _ = ring::default_provider().install_default();
    }
    let client = reqwest::Client::builder();
    // A machine may lack what certificates are checked by: what is not encrypted is reached all the same.
    match TRUSTED.get_or_init(|| trusting_this_machine().or_else(|_| trusting_nobody()).ok()) {
        Some(config) => client.tls_backend_preconfigured(config.clone()),
        None => client,
    }
}

/// Begins to say how a client encrypts.
///
/// # Errors
/// If the library that encrypts has no version of the protocol that is safe.
pub fn tls_client() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(cryptography()).with_safe_default_protocol_versions()
}

fn trusting_this_machine() -> Result<ClientConfig, Error> {
    Ok(tls_client()?.with_platform_verifier()?.with_no_client_auth())
}

fn trusting_nobody() -> Result<ClientConfig, Error> {
    Ok(tls_client()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_though_nobody_chose_the_cryptography() {
        assert!(http_client().build().is_ok());
        assert!(http_client().https_only(true).build().is_ok());
    }
}
