//! The clients of all four providers; they live as long as the tutor.

use super::super::config::Endpoints;
use super::super::log::ErrorLog;
use super::super::provider::Provider;
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
use super::transport::Transport;
use reqwest::{Request, RequestBuilder, Response};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// All clients.
#[derive(Debug)]
pub(in super::super) struct Clients {
    transport: Transport,
    endpoints: Endpoints,
    /// In the order of [`Provider::ALL`].
    counters: [Arc<Counters>; 4],
}

impl Clients {
    pub(in super::super) fn new(transport: Transport, endpoints: Endpoints) -> Self {
        Self { transport, endpoints, counters: Default::default() }
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

    /// Logs a failure with the state of the client that failed.
    pub(in super::super) fn log_failure(&self, provider: Provider, failure: &CallFailure, log: &ErrorLog) {
        let counters = self.counters(provider);
        let failures = counters.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let event_loop = tokio::runtime::Handle::try_current().map_or("none".to_owned(), |h| h.id().to_string());
        log.error("provider call failed")
            .caused_by(failure.kind(), failure)
            .field("provider", provider)
            .field("base_url", &self.endpoints.of(provider).base_url)
            .field("event_loop", event_loop)
            .field("requests", counters.requests.load(Ordering::Relaxed))
            .field("failures", failures)
            .field("in_flight", counters.in_flight.load(Ordering::Relaxed))
            .write();
    }

    fn counters(&self, provider: Provider) -> &Arc<Counters> {
        &self.counters[provider as usize]
    }

    /// The head of an answer with a status of success; the words of any other are read in full.
    async fn send(&self, request: RequestBuilder, deadline: Deadline) -> Result<Response, CallFailure> {
        let request: Request = request.build()?;
        let response = deadline.bound(self.transport.send(request)).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let said = Body::of(response, deadline).rest().await.unwrap_or_default();
        Err(CallFailure::of_status(status.as_u16(), &said))
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
