//! The tutor alone, on a port.

use super::config::Config;
use super::open_error::OpenError;
use super::system::Tutor;
use std::net::TcpListener;
use std::time::Duration;

/// How long requests under way may take once the tutor is told to stop.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why a tutor could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its port gave out.
    #[error("the port can't be served")]
    Port(#[from] std::io::Error),
}

/// Serves a tutor on a bound listener until `shutdown` is ready; requests under way then have two seconds.
/// Connections are accepted from the moment the listener was bound, so its address may be told before.
///
/// # Errors
/// If the tutor can't be opened, or the listener can't be used.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let tutor = Tutor::open(config)?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (told, mut is_told) = tokio::sync::watch::channel(());
    let shutdown = async move {
        shutdown.await;
        told.send_replace(());
    };
    let serving = axum::serve(listener, tutor.router()).with_graceful_shutdown(shutdown);
    tokio::select! {
        served = serving => Ok(served?),
        () = async {
            // An error means that the sender is gone: told, and everything served.
            let _ = is_told.changed().await;
            tokio::time::sleep(FAREWELL).await;
        } => Ok(()),
    }
}
