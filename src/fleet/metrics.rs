//! What a fleet's coordinator tells a Prometheus server: for runs that take hours.

use crate::engine::Standing;
use crate::fleet::FleetError;
use crate::platform::ServingThread;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The text form of OpenMetrics, which Prometheus reads.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Rounds are counted by length: up to so many seconds, up to twice as many, and so on.
const SHORTEST: f64 = 0.0625;
const LENGTHS: u16 = 16;

/// How a round ended that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Came {
    /// Its facts were taken in.
    Completed,
    /// What was sent could not be its facts.
    NotBelieved,
    /// It took down each worker that began it.
    TookDown,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    end: &'static str,
}

impl Came {
    fn label(self) -> Ending {
        let end = match self {
            Self::Completed => "completed",
            Self::NotBelieved => "not_believed",
            Self::TookDown => "took_down",
        };
        Ending { end }
    }
}

/// The figures of a fleet, served over HTTP until it is dropped.
pub struct Metrics {
    address: SocketAddr,
    figures: Figures,
    /// Taken when it is ended.
    server: Option<ServingThread>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Figures {
    workers: Gauge,
    hosts: Gauge,
    lanes: Gauge,
    offered: Gauge,
    rounds: Family<Ending, Counter>,
    bytes: Counter,
    seconds: Histogram,
}

impl Figures {
    fn registered(registry: &mut Registry) -> Self {
        let figures = Self {
            workers: Gauge::default(),
            hosts: Gauge::default(),
            lanes: Gauge::default(),
            offered: Gauge::default(),
            rounds: Family::default(),
            bytes: Counter::default(),
            seconds: Histogram::new(exponential_buckets(SHORTEST, 2.0, LENGTHS)),
        };
        registry.register("workers", "Workers that said lately that they are there", figures.workers.clone());
        registry.register("hosts", "Hosts that these workers run on", figures.hosts.clone());
        registry.register("lanes", "Rounds that these workers can play side by side", figures.lanes.clone());
        registry.register("offered", "Rounds that are offered or played", figures.offered.clone());
        registry.register("rounds", "Rounds that ended, by how", figures.rounds.clone());
        registry.register_with_unit("results", "What workers sent of rounds", Unit::Bytes, figures.bytes.clone());
        registry.register_with_unit("round", "How long rounds took", Unit::Seconds, figures.seconds.clone());
        // All are there from the beginning, so that a rate can be had of each.
        for came in [Came::Completed, Came::NotBelieved, Came::TookDown] {
            drop(figures.rounds.get_or_create(&came.label()));
        }
        figures
    }
}

impl Metrics {
    /// Serves the figures of a fleet.
    ///
    /// # Errors
    /// If nothing can listen there.
    pub fn serve(at: SocketAddr) -> Result<Self, FleetError> {
        let usage = |error: std::io::Error| FleetError::Usage(format!("--metrics {at}: {error}"));
        let mut registry = Registry::with_prefix("steadfast_fleet");
        let figures = Figures::registered(&mut registry);
        let listener = std::net::TcpListener::bind(at).map_err(usage)?;
        listener.set_nonblocking(true).map_err(usage)?;
        let address = listener.local_addr().map_err(usage)?;
        let app = Router::new().route("/metrics", get(told)).with_state(Arc::new(registry));
        let begin = || {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            // It goes on until the end: a listener that breaks costs figures, not the run.
            Ok(async { drop(axum::serve(listener, app).await) })
        };
        let server = ServingThread::start("metrics", begin).map_err(usage)?;
        Ok(Self { address, figures, server: Some(server) })
    }

    /// Where they are served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the fleet stands.
    pub(super) fn stands(&self, standing: &Standing) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.figures.workers.set(number(standing.workers));
        self.figures.hosts.set(number(standing.hosts));
        self.figures.lanes.set(number(standing.lanes));
        self.figures.offered.set(number(standing.offered));
    }

    /// A result came, of so many bytes.
    pub(super) fn result(&self, bytes: usize) {
        self.figures.bytes.inc_by(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// A round ended.
    pub(super) fn ended(&self, came: Came) {
        self.figures.rounds.get_or_create(&came.label()).inc();
    }

    /// A round took so long.
    pub(super) fn took(&self, duration: Duration) {
        self.figures.seconds.observe(duration.as_secs_f64());
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.server.take().into_iter().for_each(ServingThread::end);
    }
}

async fn told(State(registry): State<Arc<Registry>>) -> impl IntoResponse {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = encode(&mut text, &registry);
    ([(CONTENT_TYPE, TEXT)], text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn the_figures_of_a_fleet_are_served_until_it_ends() {
        let metrics = Metrics::serve("127.0.0.1:0".parse().expect("an address")).expect("served");
        metrics.stands(&Standing { workers: 3, hosts: 2, lanes: 6, offered: 24, ..Standing::default() });
        metrics.ended(Came::Completed);
        metrics.result(1000);
        metrics.took(Duration::from_millis(300));
        let mut stream = std::net::TcpStream::connect(metrics.address()).expect("it listens");
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        for line in [
            "steadfast_fleet_workers 3",
            "steadfast_fleet_hosts 2",
            "steadfast_fleet_lanes 6",
            "steadfast_fleet_offered 24",
            "steadfast_fleet_rounds_total{end=\"completed\"} 1",
            "steadfast_fleet_rounds_total{end=\"took_down\"} 0",
            "steadfast_fleet_results_bytes_total 1000",
            "steadfast_fleet_round_seconds_count 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
        let address = metrics.address();
        drop(metrics);
        assert!(std::net::TcpStream::connect(address).is_err(), "it listens still");
    }
}
