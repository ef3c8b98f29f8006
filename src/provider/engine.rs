//! The rule engine: the responder of each provider's wiremock server. It decides *what* is answered.

use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::delivery::{CALL_HEADER, DELIVERY_HEADER, Delivery};
use crate::provider::exchange::call::Seq;
use crate::provider::exchange::shared_state::{Decision, Inquiry};
use crate::provider::hash::BodyHash;
use crate::provider::live::gateway::Quote;
use crate::provider::live::price::Extent;
use crate::provider::mark::Mark;
use crate::provider::script::behaviour::{Answer, Behaviour, Fault, ResetAt};
use crate::provider::shared::{Shared, Site};
use crate::provider::tape::page::replayed;
use crate::provider::tape::player::{Played, Received};
use crate::provider::wire::ask::{Ask, Sent};
use crate::provider::wire::endpoint::Endpoint;
use crate::provider::wire::failing::{failure, plain_error};
use crate::provider::wire::format::Format;
use crate::provider::wire::installed::Installed;
use crate::provider::wire::multipart::without_boundary;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::parsed_answer::parse_answer;
use crate::provider::wire::reading::check_key;
use crate::provider::wire::reply::{malformed, reply};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use wiremock::{Request, Respond, ResponseTemplate};

/// In a raw body this stands for the answer's mark.
const MARK_PLACEHOLDER: &str = "${mark}";

/// The header by which the front says that a body was too large to be passed on.
pub(crate) const TOO_LARGE_HEADER: &str = "x-steadfast-too-large";

/// One provider's rule engine.
pub(crate) struct Engine {
    shared: Arc<Shared>,
    site: Arc<Site>,
    /// Never sent on: its end tells that wiremock has let go of the engine, so that its thread is over.
    _alive: Sender<()>,
}

impl Engine {
    pub(crate) fn new(shared: Arc<Shared>, site: Arc<Site>, alive: Sender<()>) -> Self {
        Self { shared, site, _alive: alive }
    }
}

impl Respond for Engine {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let seq = header(&request.headers, CALL_HEADER).and_then(|text| self.shared.call_of(text)).map(Seq);
        let Some(seq) = seq else {
            return ResponseTemplate::new(StatusCode::MISDIRECTED_REQUEST);
        };
        let (page, delivery) = self.answer(seq, request);
        let mark = page.mark;
        let status = (!is_silent(&delivery)).then_some(page.status);
        self.shared.stage().journal.change(seq, |call| {
            call.status = status;
            call.mark = mark;
        });
        template(page, &delivery)
    }
}

/// Whether no status line is sent at all.
fn is_silent(delivery: &Delivery) -> bool {
    let at_start = matches!(delivery.fault, Some(Fault::Reset(ResetAt::Start) | Fault::Truncate(ResetAt::Start)));
    delivery.hang || at_start
}

impl Engine {
    fn answer(&self, seq: Seq, request: &Request) -> (Page, Delivery) {
        let format = self.site.decl.wire.format();
        let (method, path) = (&request.method, request.url.path());
        let endpoint = self.site.decl.wire.endpoint(method, path);
        let query = request.url.query().unwrap_or_default();
        let sent = Sent { query, headers: &request.headers, body: &request.body };
        // Refusals and errors carry no mark; their ids only have to differ.
        let nobody = TrialKey { round: RoundId(u32::MAX), position: Position(u32::MAX) };
        let stamp = Stamp { mark: Mark::of(Seed::new(seq.0), nobody, 0), now: self.shared.clock.now() };
        let (mut ask, mut refusal) = match &endpoint {
            Endpoint::Model(_) => format.read(&sent, &endpoint, &stamp),
            Endpoint::Service(_) if *method == Method::POST => format.read(&sent, &endpoint, &stamp),
            Endpoint::Service(_) | Endpoint::Unknown(_) => (Ask::default(), None),
        };
        if let Some(model) = self.site.decl.wire.model_in_path(path) {
            ask.model = model.to_owned();
        }
        if request.headers.contains_key(TOO_LARGE_HEADER) {
            refusal = Some(plain_error(format, 413, "request too large", &stamp));
        }
        let inquiry = Inquiry {
            seq,
            provider: &self.site.decl.name,
            endpoint: &endpoint,
            auth: check_key(format, self.site.decl.key.as_deref(), &sent),
            retry: header(&request.headers, "x-stainless-retry-count").and_then(|text| text.parse().ok()),
            body: fingerprint(request),
            ask: &ask,
            stock: format.stock(),
            asks_a_model: endpoint.is_model_call() && (refusal.is_some() || !ask.only_loads()),
            marks: &marks(&ask),
            received: Received {
                method: method.as_str(),
                target: &target(request),
                content_type: header(&request.headers, "content-type"),
                body: &request.body,
                keys: &keys_of(format, &self.site.decl, &sent),
            },
            is_live: self.site.live.is_some(),
        };
        let decision = {
            let mut stage = self.shared.stage();
            let decision = stage.decide(&inquiry, refusal);
            self.shared.tell_arrived(&stage);
            decision
        };
        match decision {
            Decision::Scripted(behaviour, mark, installed) => {
                let stamp = Stamp { mark, ..stamp };
                let page = scripted(format, &endpoint, &ask, &behaviour, &Installed(&installed), &stamp);
                let delivery = Delivery::of(&behaviour, format, &page);
                (page, delivery)
            }
            Decision::Builtin(installed) => {
                let page = format.builtin(&endpoint, &ask, &Installed(&installed), &stamp);
                let signed = page.map(|page| format.sign(page, &stamp));
                whole(signed.unwrap_or_else(|| plain_error(format, 404, "not found", &stamp)))
            }
            Decision::Live { wrong_key } => {
                let asks_a_model = inquiry.asks_a_model;
                let bytes = (request.body.len() + request.url.as_str().len()) as u64;
                let audio_ms = ask.audio.map_or(0, |audio| u64::try_from(audio.as_millis()).unwrap_or(u64::MAX));
                let extent = Extent { bytes, output: ask.most_output, answers: ask.answers, audio_ms };
                let quote = Quote::of(&self.site.decl, &ask.model, &extent, asks_a_model, wrong_key);
                (Page::text(200, ""), Delivery { quote: Some(quote), ..Delivery::default() })
            }
            Decision::Replayed(played) => self.replay(seq, &endpoint, &played),
            Decision::Unrecorded(nearest) => {
                let page = plain_error(format, 501, &format!("steadfast: {nearest}"), &stamp);
                self.shared.stage().journal.change(seq, |call| call.remark = Some(nearest));
                whole(page.with("x-should-retry", "false"))
            }
            Decision::WrongKey => {
                let (status, message) = format.wrong_key(inquiry.auth);
                whole(plain_error(format, status, message, &stamp))
            }
            Decision::Refused(refusal) => whole(refusal),
            Decision::Down => (Page::text(503, ""), Delivery::down()),
            Decision::Unscripted => whole(self.unscripted(&endpoint, &stamp)),
            Decision::Late => {
                let message = "steadfast: this request belongs to a case that has ended";
                let page = plain_error(format, 503, message, &stamp).with("x-should-retry", "false");
                let delivery = Delivery { close: true, ..Delivery::of_page(&page) };
                (page, delivery)
            }
        }
    }

    /// What a tape holds. Its text stands in the journal, since its marks are none of this trial's.
    fn replay(&self, seq: Seq, endpoint: &Endpoint, played: &Played) -> (Page, Delivery) {
        let (page, delivery) = replayed(played);
        if endpoint.is_model_call() && page.status == 200 {
            let heard = parse_answer(self.site.decl.wire.format(), &page.content_type, &page.body);
            self.shared.stage().journal.change(seq, |call| call.said = heard.text());
        }
        (page, delivery)
    }

    fn unscripted(&self, endpoint: &Endpoint, stamp: &Stamp) -> Page {
        let (format, name) = (self.site.decl.wire.format(), &self.site.decl.name);
        let page = match endpoint {
            Endpoint::Unknown(request) => {
                plain_error(format, 404, &format!("steadfast: no script covers `{request}` to {name}"), stamp)
            }
            Endpoint::Model(_) | Endpoint::Service(_) => {
                plain_error(format, 501, &format!("steadfast: no script covers this call to {name}"), stamp)
            }
        };
        page.with("x-should-retry", "false")
    }
}

fn whole(page: Page) -> (Page, Delivery) {
    let delivery = Delivery::of_page(&page);
    (page, delivery)
}

/// What tells bodies apart: all of their bytes, but for the boundary that a client chooses anew for each upload.
fn fingerprint(request: &Request) -> BodyHash {
    let content_type = header(&request.headers, "content-type");
    let upload = content_type.and_then(|content_type| without_boundary(content_type, &request.body));
    BodyHash::of(upload.as_deref().unwrap_or(&request.body))
}

/// The request's path and query.
fn target(request: &Request) -> String {
    match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    }
}

/// The keys that a request carries or may carry.
fn keys_of(format: &dyn Format, decl: &ProviderDecl, sent: &Sent<'_>) -> Vec<String> {
    let carried = format.key(sent).map(str::to_owned);
    let in_query = format.key_parameter().and_then(|name| sent.parameter(name)).map(|key| key.into_owned());
    carried.into_iter().chain(in_query).chain(decl.key.clone()).collect()
}

fn marks(ask: &Ask) -> Vec<Mark> {
    let texts = std::iter::once(&ask.system).chain(ask.messages.iter().map(|message| &message.text));
    texts.flat_map(|text| Mark::find(text)).collect()
}

fn scripted(
    format: &dyn Format,
    endpoint: &Endpoint,
    ask: &Ask,
    behaviour: &Behaviour,
    installed: &Installed<'_>,
    stamp: &Stamp,
) -> Page {
    match &behaviour.answer {
        Answer::Reply(given) => {
            format.lacks_model(ask, installed, stamp).unwrap_or_else(|| reply(format, endpoint, ask, given, stamp))
        }
        Answer::Fail(failing) => failure(format, failing, stamp),
        Answer::Hang => Page::text(200, ""),
        Answer::Malformed(kind) => malformed(format, *kind, ask, stamp),
        Answer::Raw { status, content_type, body } => raw(*status, content_type, body, stamp),
    }
}

/// A body as it stands in a fixture, but for the mark, if it has a place for one.
fn raw(status: u16, content_type: &str, body: &[u8], stamp: &Stamp) -> Page {
    let marked = std::str::from_utf8(body).ok().filter(|text| text.contains(MARK_PLACEHOLDER));
    let page = match marked {
        Some(text) => Page::text(status, text.replace(MARK_PLACEHOLDER, &stamp.mark.to_string())),
        None => Page::text(status, body),
    };
    let mark = marked.map(|_| stamp.mark);
    let mut page = page.of_type(content_type);
    page.mark = mark;
    page
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What wiremock sends to the front. wiremock panics at a status or header that is none, so they are made here.
fn template(page: Page, delivery: &Delivery) -> ResponseTemplate {
    let status = StatusCode::from_u16(page.status).ok().filter(|status| !status.is_informational());
    let mut template =
        ResponseTemplate::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)).set_body_bytes(page.body);
    let how = serde_json::to_string(delivery).unwrap_or_default();
    let own = [("content-type".to_owned(), page.content_type), (DELIVERY_HEADER.to_owned(), how)];
    for (name, value) in own.into_iter().chain(page.headers) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value)
            && !(name == http::header::CONTENT_TYPE && value.is_empty())
        {
            template = template.append_header(name, value);
        }
    }
    template
}
