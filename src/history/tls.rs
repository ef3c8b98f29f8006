//! The encrypted way to a database: the server is known by its certificate, and no password is sent to another.

use crate::history::place::{PostgresUrl, Tls};
use crate::platform::tls_client;
use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use rustls_platform_verifier::BuilderVerifierExt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, client};

/// Makes encrypted connections.
#[derive(Clone)]
pub(super) struct Encrypted {
    connector: TlsConnector,
}

/// A connection to one server.
pub(super) struct ToServer {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// An encrypted connection.
pub(super) struct Stream<S>(client::TlsStream<S>);

/// Why nothing can be encrypted on this machine, or with these certificates.
#[derive(Debug, thiserror::Error)]
#[error("TLS: {0}")]
pub(super) struct NoTls(Box<dyn std::error::Error>);

/// What connects to the server of a URL. It is the same where the way is in the clear, and makes nothing then.
pub(super) fn connector(url: &PostgresUrl) -> Result<Encrypted, NoTls> {
    // A machine may lack what certificates are checked by: where nothing is encrypted, nobody asks for it.
    let root_certificate = url.root_certificate();
    let config = match url.tls() {
        Tls::Off => trusting_nobody(),
        Tls::Required | Tls::Preferred => client_config(root_certificate),
    };
    let config = config.map_err(NoTls)?;
    Ok(Encrypted { connector: TlsConnector::from(Arc::new(config)) })
}

fn trusting_nobody() -> Result<ClientConfig, Box<dyn std::error::Error>> {
    Ok(tls_client()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Certificates are checked as the machine's own programs do it, or against those of a file.
fn client_config(root_certificate: Option<&Path>) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let Some(file) = root_certificate else {
        return Ok(tls_client()?.with_platform_verifier()?.with_no_client_auth());
    };
    let mut roots = RootCertStore::empty();
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| told(&error))? {
        roots.add(certificate.map_err(|error| told(&error))?)?;
    }
    Ok(tls_client()?.with_root_certificates(roots).with_no_client_auth())
}

impl<S> MakeTlsConnect<S> for Encrypted
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = ToServer;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, domain: &str) -> Result<ToServer, InvalidDnsNameError> {
        Ok(ToServer { connector: self.connector.clone(), name: ServerName::try_from(domain.to_owned())? })
    }
}

impl<S> TlsConnect<S> for ToServer
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.name, stream).await.map(Stream) })
    }
}

impl<S> TlsStream for Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S> AsyncRead for Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S> AsyncWrite for Stream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
