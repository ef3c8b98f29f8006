//! `steadfast tutor` and `steadfast providers`: parts of the harness, served alone.

use crate::adapter::{LiveSpec, Reach, SubjectProblem};
use crate::app::AppError;
use crate::provider::{Live, ProviderDecl, ProvidersOptions, Recorder, ServeProviders};
use crate::scenario::{load_providers, load_system};
use crate::tutor::{self, Config, Endpoint, Endpoints, Place, StderrLog, Usd};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a served tutor is told.
#[derive(Debug, Clone)]
pub struct TutorSettings {
    /// The port on the loopback interface; 0 takes a free one.
    pub port: u16,
    /// The store's file; in memory without one.
    pub store: Option<PathBuf>,
    /// The administrator's token; without one there is no administrator.
    pub admin_token: Option<String>,
    /// The month's limit in USD, decimal text.
    pub limit: String,
    /// How long to wait for a provider.
    pub provider_timeout: Duration,
    /// Rounds of the password hash.
    pub password_iterations: u32,
    /// URL and key.
    pub claude: (String, Option<String>),
    /// URL and key.
    pub mistral: (String, Option<String>),
    /// URL and key.
    pub deepseek: (String, Option<String>),
    /// The URL of the mock Ollama.
    pub ollama: String,
    /// The URL of the mock Piper.
    pub piper: String,
}

/// Serves the reference tutor until the process is ended.
///
/// # Errors
/// If the store can't be opened or the port can't be had.
pub fn serve_tutor(settings: TutorSettings, out: &mut dyn Write) -> Result<(), AppError> {
    let usage = |error: &dyn std::fmt::Display| AppError::Usage(error.to_string());
    let endpoint = |(base_url, key): (String, Option<String>)| Endpoint::new(base_url, key);
    let config = Config {
        store: settings.store.map_or(Place::Memory, Place::File),
        endpoints: Endpoints {
            claude: endpoint(settings.claude),
            mistral: endpoint(settings.mistral),
            deepseek: endpoint(settings.deepseek),
            ollama: Endpoint::new(settings.ollama, None),
            piper: Endpoint::new(settings.piper, None),
        },
        monthly_limit: Usd::parse(&settings.limit).map_err(|error| usage(&error))?,
        provider_timeout: settings.provider_timeout,
        admin_token: settings.admin_token,
        password_iterations: settings.password_iterations,
        log: Arc::new(StderrLog),
        ..Config::default()
    };
    let listener = listen(settings.port)?;
    let address = listener.local_addr().map_err(AppError::io("the tutor's socket"))?;
    writeln!(out, "the tutor listens on http://{address}")
        .and_then(|()| out.flush())
        .map_err(AppError::io("output"))?;
    let event_loop =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(AppError::io("event loop"))?;
    event_loop.block_on(tutor::serve(config, listener, ended())).map_err(|error| usage(&error))
}

/// Ends when the process is asked to.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = terminated.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        // Without signals the process is ended without being asked.
        Err(_) => std::future::pending().await,
    }
}

fn listen(port: u16) -> Result<TcpListener, AppError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        AppError::Usage(format!("can't listen on port {port} of the loopback interface: {error}; try --port 0"))
    })
}

/// What served providers are told.
#[derive(Debug, Clone)]
pub struct ProvidersSettings {
    /// The file that says what they do.
    pub script: Option<PathBuf>,
    /// The first of their ports; 0 takes free ones.
    pub port: u16,
    /// The key that they accept; any one without it.
    pub key: Option<String>,
    /// What records their exchanges.
    pub recorder: Option<Arc<Recorder>>,
    /// Those that are real.
    pub live: Option<ServedLive>,
}

/// Providers that are real where they are served alone.
#[derive(Debug, Clone)]
pub struct ServedLive {
    /// Which, and what they may cost.
    pub spec: LiveSpec,
    /// How far they may be.
    pub reach: Reach,
    /// The environment, which holds the keys.
    pub environment: BTreeMap<String, String>,
}

impl ServedLive {
    /// The real providers, with the user's keys.
    pub(super) fn providers(&self, decls: &[ProviderDecl]) -> Result<Live, AppError> {
        if let Some(problem) = self.spec.problem(decls, self.reach) {
            return Err(AppError::Usage(problem));
        }
        self.spec.providers(decls, &self.environment).map_err(|error| AppError::Usage(error.to_string()))
    }
}

/// Serves the mock providers of the embedded system until the process is ended: as the `providers` of a scenario file
/// say, or with plain answers and the failures that a message asks for. Any key is good without `key`.
///
/// # Errors
/// If the scenario is wrong or a port can't be had.
pub fn serve_providers(
    settings: ProvidersSettings,
    root: &Path,
    out: &mut dyn Write,
    log: impl Write + Send + 'static,
) -> Result<(), AppError> {
    let ProvidersSettings { script, port, key, recorder, live } = settings;
    let mut system = load_system("embedded", root).map_err(SubjectProblem::from)?;
    for provider in &mut system.providers {
        provider.key.clone_from(&key);
    }
    let script = match script {
        None => ServeProviders::default_script(&system.providers),
        Some(file) => {
            let file = load_providers(&file, root).map_err(SubjectProblem::from)?;
            system.providers = file.decls;
            for provider in &mut system.providers {
                provider.key = key.clone().or(provider.key.take());
            }
            file.script
        }
    };
    let live = live.map(|live| live.providers(&system.providers)).transpose()?;
    let mut options = ProvidersOptions { live, recorder, ..ProvidersOptions::default() };
    if port != 0 {
        options.ports = system.providers.iter().map(|provider| provider.name.clone()).zip(port..).collect();
    }
    let log = Box::new(log);
    let served = ServeProviders::start(&system.providers, script, options, log)
        .map_err(|error| AppError::Usage(format!("can't serve the providers: {error}; try --port 0")))?;
    for (name, url) in served.urls() {
        writeln!(out, "{name} {url}").map_err(AppError::io("output"))?;
    }
    out.flush().map_err(AppError::io("output"))?;
    loop {
        std::thread::park();
    }
}
