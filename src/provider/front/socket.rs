//! An accepted socket as hyper reads and writes it, while a faulty answer may be written past hyper.

use crate::provider::exchange::connections::Connection;
use crate::provider::front::flight::FlightSlot;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The socket of a connection.
pub(crate) struct Socket {
    pub(crate) connection: Arc<Connection>,
    pub(crate) slot: FlightSlot,
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.connection.stream.poll_read_ready(cx))?;
            match self.connection.stream.try_read(into.initialize_unfilled()) {
                Ok(read) => {
                    if read == 0 && into.remaining() > 0 {
                        // The client has closed. A reset now leaves no TIME_WAIT behind, on neither side.
                        self.connection.reset_on_close();
                    }
                    into.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.connection.stream.poll_write_ready(cx))?;
            match self.connection.stream.try_write_vectored(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written all it has.
        self.slot.clear();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket is closed when the connection is dropped, in the way that was decided on.
        Poll::Ready(Ok(()))
    }
}
