//! A system, set up for a round: what a case is played on.

use crate::adapter::scenario::live::LiveSpec;
use crate::adapter::scenario::transport::Target;
use crate::adapter::shared::python::{Found, Probes};
use crate::adapter::shared::reach::Reach;
use crate::adapter::shared::sandbox::{Folders, Sandbox};
use crate::adapter::shared::template::{Variables, environment, fill_text};
use crate::adapter::system::embedded::{Embedded, StoreLife};
use crate::adapter::system::output::Output;
use crate::adapter::system::process::{NoReport, Place, RunningProcess};
use crate::adapter::system::scope::Scope;
use crate::engine::{Owned, SubjectError, TEMPORARY};
use crate::model::{Seed, with_causes};
use crate::provider::{Providers, ProvidersOptions, Proxy, Recorder};
use crate::scenario::{System, SystemKind};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a stage is made from.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct SystemSetting<'a> {
    pub system: &'a System,
    /// A folder of the stage's own.
    pub folder: PathBuf,
    /// Where system files name paths relative to.
    pub root: &'a Path,
    /// This program, for `${steadfast}`.
    pub program: &'a Path,
    /// Marks the processes that are started.
    pub mark: &'a str,
    /// The seed of keys and tokens.
    pub seed: Seed,
    /// Defects of the embedded tutor.
    pub defects: &'a [String],
    /// What the names of the environment stand for.
    pub secrets: &'a BTreeMap<String, String>,
    /// How far requests may go.
    pub reach: Reach,
    /// How far a started system is kept apart.
    pub sandbox: Sandbox,
    /// PYTHONPATH as it was.
    pub python_path: Option<&'a str>,
    /// The active environment of Python.
    pub virtual_env: Option<&'a Path>,
    /// How long the embedded tutor's store lives.
    pub life: StoreLife,
    /// The providers that are real.
    pub live: Option<&'a LiveSpec>,
    /// The folder into which exchanges with providers are recorded, and the secrets that are kept out of it.
    pub record: Option<(&'a Path, &'a BTreeSet<String>)>,
}

/// A system, set up for a round: its providers, itself, and the names that its templates may use.
pub(in crate::adapter) struct ReadySystem {
    pub providers: Option<Providers>,
    /// The way to them for a system that is started, and to nowhere else.
    pub proxy: Option<Proxy>,
    pub variables: Variables,
    pub output: Output,
    /// The requests that prepare a run were made.
    pub is_prepared: bool,
    instance: Instance,
    folder: PathBuf,
}

enum Instance {
    Embedded(Box<Embedded>),
    Process(Box<RunningProcess>),
    Url(reqwest::Client, String),
}

impl ReadySystem {
    /// Starts the providers, then the system.
    ///
    /// # Errors
    /// If one of them can't be started.
    pub fn open(setting: &SystemSetting<'_>, owns: &mut dyn FnMut(Owned)) -> Result<Self, SubjectError> {
        let system = setting.system;
        let folder = setting.folder.clone();
        crate::disk::make_folders(&folder)
            .map_err(|error| SubjectError(format!("can't make {}: {error}", folder.display())))?;
        let output = Output::default();
        let mut variables = environment(setting.secrets);
        variables.insert("dir".into(), Value::from(folder.display().to_string()));
        variables.insert("root".into(), Value::from(setting.root.display().to_string()));
        variables.insert("steadfast".into(), Value::from(setting.program.display().to_string()));
        variables.insert("admin_token".into(), Value::from(format!("admin-{}", setting.seed.derive("admin token"))));
        let providers = match &system.kind {
            SystemKind::Url(_) => None,
            SystemKind::Embedded | SystemKind::Process(_) => {
                let live = setting.live.map(|live| live.providers(&system.providers, setting.secrets)).transpose()?;
                let options = ProvidersOptions { recorder: recorder(setting)?, live, ..ProvidersOptions::default() };
                let providers = Providers::start(&system.providers, options).map_err(|error| {
                    SubjectError(format!("can't start the mock providers: {}", with_causes(&error)))
                })?;
                for provider in &system.providers {
                    let url = providers.url(&provider.name).unwrap_or_default();
                    let key = provider.key_of_the_system();
                    variables.insert(format!("url.{}", provider.name), Value::from(url));
                    variables.insert(format!("key.{}", provider.name), Value::from(key));
                }
                Some(providers)
            }
        };
        let mut proxy = None;
        let instance = match &system.kind {
            SystemKind::Embedded => {
                Instance::Embedded(Box::new(Embedded::open(&variables, &output, setting.defects, setting.life)?))
            }
            SystemKind::Process(process) => {
                let folders = Folders::make(setting.sandbox, &folder, setting.root).map_err(|error| {
                    SubjectError(format!("can't make the sandbox in {}: {error}", folder.display()))
                })?;
                proxy = start_proxy(system, providers.as_ref(), &folder)?;
                let environment = proxy.as_ref().map(|proxy: &Proxy| proxy.environment(setting.python_path));
                let mut surroundings = environment.unwrap_or_default();
                // Who serves an ASGI application has the probe already.
                let probes = process.asgi.is_none().then(|| Probes::write(&folder)).transpose();
                let probes = probes.map_err(|error| {
                    SubjectError(format!("can't write the Python probe into {}: {error}", folder.display()))
                })?;
                if let Some(probes) = &probes {
                    let rest = surroundings.get("PYTHONPATH").map(String::as_str).or(setting.python_path);
                    surroundings.extend(probes.environment(rest));
                }
                let place = Place {
                    folders,
                    probes,
                    mark: setting.mark.to_owned(),
                    surroundings,
                    reach: setting.reach,
                    virtual_env: setting.virtual_env.map(Path::to_path_buf),
                };
                Instance::Process(Box::new(RunningProcess::start(process, place, &mut variables, &output, owns)?))
            }
            SystemKind::Url(url) => {
                let client = setting
                    .reach
                    .client()
                    .map_err(|error| SubjectError(format!("can't make a client for {url}: {error}")))?;
                let url =
                    fill_text(url, &variables).map_err(|error| SubjectError(format!("the system's URL: {error}")))?;
                setting.reach.url(&url).map_err(|error| SubjectError(error.to_string()))?;
                Instance::Url(client, url.trim_end_matches('/').to_owned())
            }
        };
        Ok(Self { providers, proxy, variables, output, is_prepared: false, instance, folder })
    }

    /// Whose resources can be looked at; nobody's where the system is elsewhere.
    pub fn scope(&self) -> Option<Scope> {
        match &self.instance {
            Instance::Embedded(_) => {
                let temporary = self.folder.parent().map(|worker| worker.join(TEMPORARY));
                Some(Scope { embedded: true, temporary })
            }
            Instance::Process(process) => {
                Some(Scope { embedded: false, temporary: Some(process.temporary().to_owned()) })
            }
            Instance::Url(..) => None,
        }
    }

    /// Where requests go.
    pub fn target(&self) -> Target {
        match &self.instance {
            Instance::Embedded(embedded) => Target::Router(embedded.router()),
            Instance::Process(process) => Target::Address(process.address()),
            Instance::Url(client, url) => Target::Url(client.clone(), url.clone()),
        }
    }

    /// Stops the system and starts it again over the same store.
    ///
    /// # Errors
    /// If it can't be started again.
    pub fn restart(&mut self, owns: &mut dyn FnMut(Owned)) -> Result<(), SubjectError> {
        match &mut self.instance {
            Instance::Embedded(embedded) => embedded.restart(&self.variables, &self.output),
            Instance::Process(process) => process.restart(&mut self.variables, &self.output, owns),
            Instance::Url(_, url) => Err(SubjectError(format!("{url} can't be restarted from here"))),
        }
    }

    /// The case that ran has ended: what it left, where somebody within the system can tell.
    ///
    /// # Errors
    /// If whoever can tell does not.
    pub fn end_case(&self, within: Duration) -> Result<Option<Found>, NoReport> {
        match &self.instance {
            Instance::Process(process) => process.end_case(within),
            Instance::Embedded(_) | Instance::Url(..) => Ok(None),
        }
    }

    /// Why the system is dead, if it is.
    pub fn death(&mut self) -> Option<String> {
        match &mut self.instance {
            Instance::Process(process) => process.death(),
            Instance::Embedded(_) | Instance::Url(..) => None,
        }
    }

    /// The same after a failure: a system that answers no more may be about to end.
    pub fn death_after_failure(&mut self) -> Option<String> {
        match &mut self.instance {
            Instance::Process(process) => process.death_after_failure(),
            Instance::Embedded(_) | Instance::Url(..) => None,
        }
    }

    /// Ends the system, then the providers, and takes the folder away.
    pub fn close(self) {
        match self.instance {
            Instance::Embedded(embedded) => drop(embedded),
            Instance::Process(process) => process.stop(),
            Instance::Url(..) => {}
        }
        if let Some(proxy) = self.proxy {
            proxy.shutdown();
        }
        if let Some(providers) = self.providers {
            providers.shutdown();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What records the exchanges with the providers, if they are to be recorded.
fn recorder(setting: &SystemSetting<'_>) -> Result<Option<Arc<Recorder>>, SubjectError> {
    let Some((folder, secrets)) = setting.record else { return Ok(None) };
    let secrets = secrets.iter().chain(setting.secrets.values()).cloned().collect();
    let recorder = Recorder::new(folder, secrets)
        .map_err(|error| SubjectError(format!("can't record into {}: {error}", folder.display())))?;
    Ok(Some(Arc::new(recorder)))
}

/// A proxy where providers have hosts by which the system may know them.
fn start_proxy(system: &System, providers: Option<&Providers>, folder: &Path) -> Result<Option<Proxy>, SubjectError> {
    let has_hosts = system.providers.iter().any(|provider| !provider.hosts.is_empty());
    let Some(providers) = providers.filter(|_| has_hosts) else { return Ok(None) };
    let proxy = Proxy::start(providers, &folder.join("proxy"));
    proxy
        .map(Some)
        .map_err(|error| SubjectError(format!("can't start the proxy to the mock providers: {}", with_causes(&error))))
}
