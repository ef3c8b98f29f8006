//! The reference tutor inside the worker: its state and its provider clients live for the round, its handlers are
//! served anew on whatever event loop asks for them.

use crate::adapter::shared::template::{Variables, plain};
use crate::adapter::system::output::Output;
use crate::engine::SubjectError;
use crate::model::with_causes;
use crate::tutor::{Config, Defect, Defects, Endpoint, Endpoints, Log, Place, Tutor};
use std::path::PathBuf;
use std::sync::Arc;

/// An embedded tutor.
#[derive(Debug)]
pub(in crate::adapter) struct Embedded {
    tutor: Tutor,
    defects: Defects,
    life: StoreLife,
}

/// How long a store lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapter) enum StoreLife {
    /// As long as the system.
    Instance,
    /// As long as the stage.
    Restarts,
}

impl Embedded {
    /// Opens a tutor over a new store: in memory, or in the stage's folder where it must survive a restart.
    pub fn open(
        variables: &Variables,
        output: &Output,
        defects: &[String],
        life: StoreLife,
    ) -> Result<Self, SubjectError> {
        let defects: Defects = defects.iter().map(|name| defect(name)).collect::<Result<_, _>>()?;
        Ok(Self { tutor: open(variables, output, defects, life)?, defects, life })
    }

    /// The handlers, for one event loop.
    pub fn router(&self) -> axum::Router {
        self.tutor.router()
    }

    /// Lets go of the tutor, and opens another one over the same store.
    pub fn restart(&mut self, variables: &Variables, output: &Output) -> Result<(), SubjectError> {
        self.tutor = open(variables, output, self.defects, self.life)?;
        Ok(())
    }
}

fn defect(name: &str) -> Result<Defect, SubjectError> {
    let known = Defect::ALL.into_iter().chain(Defect::HARMLESS).find(|defect| defect.name() == name);
    known.ok_or_else(|| SubjectError(format!("the tutor has no defect `{name}`")))
}

fn open(variables: &Variables, output: &Output, defects: Defects, life: StoreLife) -> Result<Tutor, SubjectError> {
    let text = |name: &str| variables.get(name).map(plain).unwrap_or_default();
    let cloud = |name: &str| Endpoint::new(text(&format!("url.{name}")), Some(text(&format!("key.{name}"))));
    let config = Config {
        store: match life {
            StoreLife::Instance => Place::Memory,
            StoreLife::Restarts => Place::VolatileFile(PathBuf::from(text("dir")).join("tutor.db")),
        },
        endpoints: Endpoints {
            claude: cloud("claude"),
            mistral: cloud("mistral"),
            deepseek: cloud("deepseek"),
            ollama: Endpoint::new(text("url.ollama"), None),
            piper: Endpoint::new(text("url.piper"), None),
        },
        admin_token: Some(text("admin_token")),
        log: Arc::new(ToOutput(output.clone())),
        ..Config::embedded()
    };
    Tutor::open_with(config, defects)
        .map_err(|error| SubjectError(format!("can't open the tutor: {}", with_causes(&error))))
}

/// The tutor's log, into the stage's output.
#[derive(Debug)]
struct ToOutput(Output);

impl Log for ToOutput {
    fn line(&self, line: &str) {
        self.0.line(line);
    }
}
