//! Bytes between a client and a server, and how one side's end becomes the other's.

use socket2::SockRef;
use std::io::{self, Cursor};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, Chain, Join, copy_bidirectional, join};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A client's connection of which the first bytes have been read already.
pub(crate) type Client = Join<Chain<Cursor<Vec<u8>>, OwnedReadHalf>, OwnedWriteHalf>;

/// Puts the bytes that were read back to the front.
pub(crate) fn unread(read: Vec<u8>, stream: TcpStream) -> Client {
    let (reader, writer) = stream.into_split();
    join(Cursor::new(read).chain(reader), writer)
}

/// The socket of a client's connection.
pub(crate) fn socket(client: &Client) -> &TcpStream {
    client.writer().as_ref()
}

/// Closing the socket resets the connection.
pub(crate) fn reset_on_close(stream: &TcpStream) {
    // It fails only if the socket is gone already.
    _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// Carries bytes both ways until both sides have ended. A side that is reset resets the other.
pub(crate) async fn carry<C: AsyncRead + AsyncWrite + Unpin>(
    mut client: C,
    mut server: TcpStream,
    socket_of: impl Fn(&C) -> &TcpStream,
) {
    let result: io::Result<(u64, u64)> = copy_bidirectional(&mut client, &mut server).await;
    // A client that leaves without a word of TLS is no fault of anybody's; whatever else broke is passed on.
    let is_broken = result.is_err_and(|error| error.kind() != io::ErrorKind::UnexpectedEof);
    if is_broken {
        reset_on_close(socket_of(&client));
    }
    // Nobody is told anything more on this side, so nothing is left in TIME_WAIT.
    reset_on_close(&server);
}
