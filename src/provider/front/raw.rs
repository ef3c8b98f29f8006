//! Writes a faulty answer past hyper, byte by byte as the fault wants it.

use crate::provider::exchange::call::Ended;
use crate::provider::exchange::connections::Connection;
use crate::provider::front::body::{due, pieces};
use crate::provider::front::deliver::Answer;
use crate::provider::front::flight::Flight;
use crate::provider::script::behaviour::{Fault, ResetAt};
use std::io;
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until};

/// Sends as much of the answer as the fault lets through. The caller ends the connection.
pub(crate) async fn send(connection: &Connection, mut flight: Flight, answer: &Answer, fault: Fault) {
    let written = write(connection, &mut flight, answer, fault).await;
    if written.is_err() {
        // The client has gone; the flight tells so when it is dropped.
        return;
    }
    let bytes = flight.bytes;
    match fault {
        Fault::Reset(_) => {
            connection.reset_on_close();
            flight.land(Ended::Reset { bytes });
        }
        Fault::Truncate(_) | Fault::WrongLength(_) | Fault::Trickle(_) => flight.land(Ended::Cut { bytes }),
    }
}

/// How many bytes of the body go out; `None`: not even the head.
fn limit(fault: Fault, length: usize) -> Option<usize> {
    match fault {
        Fault::WrongLength(_) | Fault::Trickle(_) => Some(length),
        Fault::Reset(at) | Fault::Truncate(at) => match at {
            ResetAt::Start => None,
            ResetAt::Headers => Some(0),
            // The last byte is always held back: a whole answer would be none of a fault.
            ResetAt::Byte(bytes) => Some(usize::try_from(bytes).unwrap_or(usize::MAX).min(length.saturating_sub(1))),
            ResetAt::Middle => Some(length / 2),
        },
    }
}

async fn write(connection: &Connection, flight: &mut Flight, answer: &Answer, fault: Fault) -> io::Result<()> {
    let Some(mut left) = limit(fault, answer.body.len()) else { return Ok(()) };
    let stream = &connection.stream;
    let framing = framing(answer, fault);
    let content_length = match framing {
        Framing::Chunked => None,
        Framing::Length(length) => u64::try_from(length).ok(),
    };
    flight.head(answer.status, &answer.headers, content_length);
    write_all(stream, &head(answer, framing)).await?;
    let mut schedule = due(&answer.delivery.schedule);
    let mut rest = answer.body.as_ref();
    for (index, piece) in pieces(rest.len(), &answer.delivery.pieces).into_iter().enumerate() {
        if left == 0 {
            break;
        }
        match schedule.pop_front() {
            Some(due) => sleep_until(due).await,
            None if index > 0 && !answer.delivery.every.is_zero() => sleep(answer.delivery.every).await,
            None => {}
        }
        let (data, behind) = rest.split_at(piece);
        rest = behind;
        let sent = &data[..piece.min(left)];
        left -= sent.len();
        if framing == Framing::Chunked {
            // The chunk's size speaks of the whole piece: a cut in it is a cut in the middle of a chunk.
            let end = if sent.len() == piece { b"\r\n".as_slice() } else { b"" };
            write_all(stream, &[format!("{piece:x}\r\n").as_bytes(), sent, end].concat()).await?;
        } else {
            write_all(stream, sent).await?;
        }
        flight.bytes += sent.len() as u64;
        flight.tape(sent, if framing == Framing::Chunked { piece } else { sent.len() });
    }
    Ok(())
}

/// How the body says where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Chunked,
    Length(i64),
}

fn framing(answer: &Answer, fault: Fault) -> Framing {
    let length = i64::try_from(answer.body.len()).unwrap_or(i64::MAX);
    match fault {
        Fault::WrongLength(more) => Framing::Length(length.saturating_add(more).max(0)),
        Fault::Reset(_) | Fault::Truncate(_) | Fault::Trickle(_) if answer.delivery.stream => Framing::Chunked,
        Fault::Reset(_) | Fault::Truncate(_) | Fault::Trickle(_) => Framing::Length(length),
    }
}

/// Status line and headers.
fn head(answer: &Answer, framing: Framing) -> Vec<u8> {
    let reason = answer.status.canonical_reason().unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", answer.status.as_str()).into_bytes();
    for (name, value) in &answer.headers {
        head.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let framing = match framing {
        Framing::Chunked => "transfer-encoding: chunked".to_owned(),
        Framing::Length(length) => format!("content-length: {length}"),
    };
    head.extend_from_slice(format!("{framing}\r\n\r\n").as_bytes());
    head
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
