//! From a request's head to the answer's delivery.

use crate::provider::delivery::{CALL_HEADER, DELIVERY_HEADER, Delivery};
use crate::provider::engine::TOO_LARGE_HEADER;
use crate::provider::exchange::call::{Call, Ended, Matched, Seq};
use crate::provider::exchange::connections::Connection;
use crate::provider::front::body::AnswerBody;
use crate::provider::front::deliver::{Answer, Hangup, deliver};
use crate::provider::front::flight::{Flight, FlightSlot};
use crate::provider::front::forward::{Passing, forward};
use crate::provider::front::post::{Post, passed_on};
use crate::provider::front::upstream::UpstreamError;
use crate::provider::hash::BodyHash;
use crate::provider::tape::taping::Taping;
use crate::provider::wire::ask::Auth;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use std::sync::Arc;

/// What is read of a body that is too large before its client is answered.
const MAX_DRAINED: usize = 256 << 20;

/// Answers one request.
pub(crate) async fn handle(
    post: Arc<Post>,
    connection: Arc<Connection>,
    slot: FlightSlot,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Hangup> {
    let (head, body) = request.into_parts();
    let seq = enter(&post, &connection, &head);
    let mut flight = Flight::new(post.shared.clone(), connection.clone(), seq);
    let upload = read(body, post.shared.max_body).await?;
    if let Some(recorder) = &post.shared.recorder {
        flight.record(Taping::new(recorder.clone(), &post.site, &head, upload.bytes()));
    }
    let sent = upload.whole();
    let response = match pass_on(&head, upload, &post.shared.name_of(seq.0)) {
        Some((request, size)) => {
            let upstream = post.upstream.clone();
            // On a task of its own, so that a client that hangs up can't leave the rule engine with half a request.
            let exchange = tokio::spawn(async move { upstream.ask(request, size).await });
            exchange.await.map_err(|_| Hangup)?
        }
        None => Err(UpstreamError::NoPath),
    };
    let answer = response.map(understand).unwrap_or_else(|error| {
        let status = error.status();
        post.shared.stage().note_unreadable(seq, status.as_u16());
        Answer::plain(status, &format!("steadfast: {error}"))
    });
    match answer.delivery.quote.clone() {
        Some(quote) => forward(Passing { post, connection, slot, seq }, flight, &head, sent, quote).await,
        None => deliver(&post.shared, &connection, &slot, flight, answer).await,
    }
}

/// A request's body.
enum Upload {
    Whole(Bytes),
    TooLarge,
}

impl Upload {
    fn whole(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone(),
            Self::TooLarge => Bytes::new(),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::TooLarge => &[],
        }
    }
}

/// Enters the call into the journal as far as its head tells it.
fn enter(post: &Post, connection: &Connection, head: &Parts) -> Seq {
    let decl = &post.site.decl;
    let retry = head.headers.get("x-stainless-retry-count").and_then(|value| value.to_str().ok());
    let call = Call {
        seq: Seq(0),
        trial: None,
        provider: decl.name.clone(),
        wire: decl.wire,
        endpoint: decl.wire.endpoint(&head.method, head.uri.path()),
        connection: connection.id,
        stream: false,
        model: String::new(),
        system: String::new(),
        messages: Vec::new(),
        carries: Vec::new(),
        doubtful: false,
        auth: Auth::NotNeeded,
        arrived: post.shared.now(),
        answered: None,
        matched: Matched::Undecided,
        status: None,
        mark: None,
        ended: Ended::InFlight,
        retry: retry.and_then(|retry| retry.parse().ok()),
        body: BodyHash::default(),
        said: None,
        remark: None,
    };
    post.shared.stage().journal.enter(call)
}

/// Reads a body to its end.
async fn read(mut body: Incoming, most: usize) -> Result<Upload, Hangup> {
    let mut kept = BytesMut::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Hangup)?.into_data() else { continue };
        size = size.saturating_add(data.len());
        if size <= most {
            kept.extend_from_slice(&data);
        } else {
            kept.clear();
        }
        if size > MAX_DRAINED {
            break;
        }
    }
    Ok(if size <= most { Upload::Whole(kept.freeze()) } else { Upload::TooLarge })
}

/// The request as the rule engine gets it; `None` if it names no path.
fn pass_on(head: &Parts, upload: Upload, call: &str) -> Option<(Request<Full<Bytes>>, usize)> {
    let path = head.uri.path_and_query().filter(|path| path.as_str().starts_with('/'))?;
    let mut headers = passed_on(&head.headers);
    headers.insert(CALL_HEADER, HeaderValue::from_str(call).ok()?);
    let body = match upload {
        Upload::Whole(body) => body,
        Upload::TooLarge => {
            headers.insert(TOO_LARGE_HEADER, HeaderValue::from_static("1"));
            Bytes::new()
        }
    };
    let size = body.len() + headers.len() * 64;
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = path.as_str().parse().ok()?;
    *request.headers_mut() = headers;
    Some((request, size))
}

fn understand(response: Response<Bytes>) -> Answer {
    let (mut head, body) = response.into_parts();
    let how = head.headers.remove(DELIVERY_HEADER);
    let delivery = how.and_then(|how| serde_json::from_slice(how.as_bytes()).ok()).unwrap_or_else(Delivery::default);
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::DATE] {
        head.headers.remove(name);
    }
    for (name, value) in &delivery.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value)
            && name != header::CONTENT_LENGTH
            && name != header::TRANSFER_ENCODING
        {
            head.headers.insert(name, value);
        }
    }
    if delivery.close {
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Answer { status: head.status, headers: head.headers, body, delivery }
}
