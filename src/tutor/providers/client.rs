//! The clients of all four providers; they live as long as the tutor.

use super::super::config::Endpoints;
use super::super::log::ErrorLog;
use super::super::provider::Provider;
use super::super::speech::voices::Voice;
use super::answer::Format;
use super::body::{Body, Deadline};
use super::call::Call;
use super::claude::Claude;
use super::deepseek::DeepSeek;
use super::delivery::Delivery;
use super::failure::CallFailure;
use super::in_flight::{Counters, InFlight};
use super::mistral::Mistral;
use super::ollama::{self, Ollama};
use super::prompt::Prompt;
use super::speech::{self, Heard};
use super::transport::Transport;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Request, RequestBuilder, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The clients of all providers.
#[derive(Debug)]
pub(in super::super) struct Clients {
    transport: Transport,
    endpoints: Endpoints,
    /// In the order of [`Provider::ALL`].
    counters: [Arc<Counters>; 4],
    piper: Arc<Counters>,
}

impl Clients {
    pub(in super::super) fn new(transport: Transport, endpoints: Endpoints) -> Self {
        Self { transport, endpoints, counters: Default::default(), piper: Arc::default() }
    }

    /// Asks a model. A whole answer is complete when this returns; a streamed one has begun.
    pub(in super::super) async fn ask(
        &self,
        provider: Provider,
        model: &str,
        prompt: &Prompt,
        delivery: Delivery,
        timeout: Duration,
    ) -> Result<Call, CallFailure> {
        let format = format(provider);
        let endpoint = self.endpoints.of(provider);
        let url = format!("{}{}", endpoint.base_url, format.path());
        let request = self.transport.http().post(url).json(&format.request(prompt, model, delivery));
        let request = format.authorise(request, endpoint.key.as_deref().unwrap_or_default());
        let in_flight = InFlight::begin(self.counters(provider));
        let deadline = Deadline::after(timeout);
        let body = Body::of(self.send(request, deadline).await?, deadline);
        match delivery {
            Delivery::Whole => Call::whole(format.read_whole(&body.rest().await?)?, in_flight),
            Delivery::Streamed => Ok(Call::streamed(format, body, in_flight)),
        }
    }

    /// Asks Ollama which models are installed.
    pub(in super::super) async fn installed_models(&self, timeout: Duration) -> Result<Vec<String>, CallFailure> {
        let url = format!("{}/api/tags", self.endpoints.of(Provider::Ollama).base_url);
        let request = self.transport.http().get(url);
        let _in_flight = InFlight::begin(self.counters(Provider::Ollama));
        let deadline = Deadline::after(timeout);
        let response = self.send(request, deadline).await?;
        ollama::read_tags(&Body::of(response, deadline).rest().await?)
    }

    /// Has a recording transcribed by Mistral.
    pub(in super::super) async fn transcribe(
        &self,
        recording: Vec<u8>,
        format: &str,
        language: Option<&str>,
        timeout: Duration,
    ) -> Result<Heard, CallFailure> {
        let endpoint = &self.endpoints.mistral;
        let boundary = format!("recording-{}", self.counters(Provider::Mistral).requests.load(Ordering::Relaxed));
        let (content_type, body) = speech::form(&recording, format, language, &boundary);
        let url = format!("{}/v1/audio/transcriptions", endpoint.base_url);
        let request = self.transport.http().post(url).bearer_auth(endpoint.key.as_deref().unwrap_or_default());
        let request = request.header(CONTENT_TYPE, content_type).body(body);
        let _in_flight = InFlight::begin(self.counters(Provider::Mistral));
        let deadline = Deadline::after(timeout);
        speech::read_transcript(&Body::of(self.send(request, deadline).await?, deadline).rest().await?)
    }

    /// Has Piper speak a text. Only an installed voice may be asked for: Piper replaces any other silently.
    pub(in super::super) async fn synthesize(
        &self,
        text: &str,
        voice: &str,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallFailure> {
        let url = format!("{}/synthesize", self.endpoints.piper.base_url);
        let request = self.transport.http().post(url).json(&speech::synthesis(text, voice));
        self.piper(request, timeout).await
    }

    /// Asks Piper which voices are installed.
    pub(in super::super) async fn voices(&self, timeout: Duration) -> Result<Vec<Voice>, CallFailure> {
        let url = format!("{}/voices", self.endpoints.piper.base_url);
        speech::read_voices(&self.piper(self.transport.http().get(url), timeout).await?)
    }

    async fn piper(&self, request: RequestBuilder, timeout: Duration) -> Result<Vec<u8>, CallFailure> {
        let _in_flight = InFlight::begin(&self.piper);
        let deadline = Deadline::after(timeout);
        let request = request.build()?;
        let response = deadline.bound(self.transport.send_speech(request)).await?;
        Body::of(succeeded(response, deadline).await?, deadline).rest().await
    }

    /// Logs a failure of Piper.
    pub(in super::super) fn log_piper_failure(&self, failure: &CallFailure, log: &ErrorLog) {
        log_failure("piper", &self.endpoints.piper.base_url, &self.piper, failure, log);
    }

    /// Logs a failure with the state of the client that failed.
    pub(in super::super) fn log_failure(&self, provider: Provider, failure: &CallFailure, log: &ErrorLog) {
        log_failure(provider.name(), &self.endpoints.of(provider).base_url, self.counters(provider), failure, log);
    }

    fn counters(&self, provider: Provider) -> &Arc<Counters> {
        &self.counters[provider as usize]
    }

    /// The head of an answer with a status of success; the words of any other are read in full.
    async fn send(&self, request: RequestBuilder, deadline: Deadline) -> Result<Response, CallFailure> {
        let request: Request = request.build()?;
        let response = deadline.bound(self.transport.send(request)).await?;
        succeeded(response, deadline).await
    }
}

fn format(provider: Provider) -> &'static dyn Format {
    match provider {
        Provider::Claude => &Claude,
        Provider::Mistral => &Mistral,
        Provider::DeepSeek => &DeepSeek,
        Provider::Ollama => &Ollama,
    }
}

fn log_failure(provider: &str, base_url: &str, counters: &Counters, failure: &CallFailure, log: &ErrorLog) {
    let failures = counters.failures.fetch_add(1, Ordering::Relaxed) + 1;
    let event_loop = tokio::runtime::Handle::try_current().map_or("none".to_owned(), |h| h.id().to_string());
    log.error("provider call failed")
        .caused_by(failure.kind(), failure)
        .field("provider", provider)
        .field("base_url", base_url)
        .field("event_loop", event_loop)
        .field("requests", counters.requests.load(Ordering::Relaxed))
        .field("failures", failures)
        .field("in_flight", counters.in_flight.load(Ordering::Relaxed))
        .write();
}

/// The head of an answer with a status of success; the words of any other are read in full.
async fn succeeded(response: Response, deadline: Deadline) -> Result<Response, CallFailure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = Body::of(response, deadline).rest().await.unwrap_or_default();
    Err(CallFailure::of_status(status.as_u16(), &said))
}
