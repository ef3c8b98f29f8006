//! The certificate authority of a run, and the certificate by which the proxy answers for the providers' hosts.

use crate::platform::cryptography;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{self, ServerConfig};

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A certificate can't be made: a host's name is none, say.
    #[error("no certificate for the providers' hosts")]
    Certificate(#[from] rcgen::Error),
    /// TLS refuses it.
    #[error("the certificate can't be used")]
    Tls(#[from] rustls::Error),
}

/// An authority that nobody but this run knows, and what it vouches for. Its key is forgotten at once.
pub(crate) struct Authority {
    /// Its certificate, for the programs that are to trust it.
    pub(crate) pem: String,
    /// Answers as any of the hosts.
    pub(crate) acceptor: TlsAcceptor,
}

impl Authority {
    /// Makes one that vouches for these hosts: names or addresses, without ports.
    pub(crate) fn vouching_for(hosts: Vec<String>) -> Result<Self, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "steadfast: authority of one run");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, "steadfast: mock providers");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Python 3.13 and OpenSSL's strict checks want it.
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;

        let key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|reason| rustls::Error::General(reason.into()))?;
        let mut config = ServerConfig::builder_with_provider(cryptography())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        // The fronts speak nothing newer.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
