//! An exchange that is being recorded.

use crate::provider::exchange::call::Ended;
use crate::provider::live::gateway::Gateway;
use crate::provider::shared::Site;
use crate::provider::tape::bytes::Bytes;
use crate::provider::tape::exchange::{Answer, Chunk, End, Exchange, Request, TAPE_VERSION};
use crate::provider::tape::mask::Mask;
use crate::provider::tape::recorder::Recorder;
use crate::provider::wire::ask::Sent;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;
use std::time::Instant;

/// An exchange that is being recorded: it is written when its answer has ended.
pub(crate) struct Taping {
    recorder: Arc<Recorder>,
    mask: Mask,
    begun: Instant,
    exchange: Exchange,
}

impl Taping {
    /// A request that has been read to its end.
    pub(crate) fn new(recorder: Arc<Recorder>, site: &Site, head: &Parts, body: &[u8]) -> Self {
        let decl = &site.decl;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut mask = recorder.mask().clone();
        let sent = Sent { query: head.uri.query().unwrap_or_default(), headers: &head.headers, body };
        let format = decl.wire.format();
        let in_query = format.key_parameter().and_then(|name| sent.parameter(name));
        let carried = format.key(&sent).map(str::to_owned).into_iter().chain(in_query.map(|key| key.into_owned()));
        let own = site.live.iter().flat_map(Gateway::secrets).chain(&decl.key).cloned();
        carried.chain(own).for_each(|key| mask.add(&key));
        let mut body = body.to_vec();
        mask.cover(&mut body);
        let request = Request {
            method: head.method.to_string(),
            target: mask.target(target),
            headers: listed(&head.headers, &mask),
            body: Bytes(body),
        };
        let exchange = Exchange {
            version: TAPE_VERSION,
            provider: decl.name.clone(),
            wire: decl.wire,
            request,
            answer: None,
            ended: End::Hung,
        };
        Self { recorder, mask, begun: Instant::now(), exchange }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// The head of the answer goes out.
    pub(crate) fn head(&mut self, status: StatusCode, headers: &HeaderMap, content_length: Option<u64>) {
        self.exchange.answer = Some(Answer {
            status: status.as_u16(),
            headers: listed(headers, &self.mask),
            content_length,
            at_us: self.now(),
            chunks: Vec::new(),
        });
    }

    /// A piece of the answer's body goes out; `promised` bytes were announced.
    pub(crate) fn chunk(&mut self, bytes: &[u8], promised: usize) {
        let at_us = self.now();
        let Some(answer) = &mut self.exchange.answer else { return };
        let promised = (promised > bytes.len()).then_some(promised as u64);
        answer.chunks.push(Chunk { at_us, bytes: Bytes(bytes.to_vec()), promised });
    }

    /// The exchange has ended.
    pub(crate) fn end(mut self, ended: Ended) {
        self.exchange.ended = match ended {
            Ended::Completed => End::Completed,
            Ended::Cut { .. } => End::Cut,
            Ended::ClientGone { .. } => End::ClientGone,
            Ended::Reset { .. } => End::Reset,
            Ended::InFlight | Ended::Hung | Ended::Held => End::Hung,
        };
        if let Some(answer) = &mut self.exchange.answer {
            // A secret may lie across the border of two chunks.
            let mut body = answer.body();
            self.mask.cover(&mut body);
            let mut rest = body.as_slice();
            for chunk in &mut answer.chunks {
                let (own, behind) = rest.split_at(chunk.bytes.0.len());
                chunk.bytes.0.copy_from_slice(own);
                rest = behind;
            }
        }
        self.recorder.write(&self.exchange);
    }
}

/// Headers that say nothing of the exchange, or something that is made anew.
const LEFT_OUT: &[&str] = &["connection", "content-length", "transfer-encoding", "date", "host", "keep-alive", "te"];

fn listed(headers: &HeaderMap, mask: &Mask) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let kept = kept.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), mask.header(name.as_str(), &value))
    });
    let mut listed: Vec<_> = kept.collect();
    // Names of headers have no order; the values of one name have.
    listed.sort_by(|(one, _), (other, _): &(String, String)| one.cmp(other));
    listed
}
