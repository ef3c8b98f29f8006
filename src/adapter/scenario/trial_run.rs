//! A system started for a look: each verb that its file binds is tried once.

use crate::adapter::scenario::steps::{Player, Tried};
use crate::adapter::scenario::subject::load_scenarios;
use crate::adapter::system::embedded::StoreLife;
use crate::adapter::system::event_loop::EventLoop;
use crate::adapter::system::ready_system::{ReadySystem, SystemSetting};
use crate::adapter::{ScenarioSpec, SubjectProblem};
use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::provider::Wire;
use crate::scenario::{System, Verb, load_system, load_text};
use std::path::Path;
use std::time::Duration;
use tokio::task::LocalSet;

/// How long all verbs together may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a system may take to fall quiet.
const QUIET: Duration = Duration::from_secs(3);

/// What was seen of a system.
#[derive(Debug)]
pub struct SystemLook {
    /// The name of the system.
    pub name: String,
    /// What came of the reset and of each verb.
    pub tried: Vec<Tried>,
    /// The verbs that the file does not bind.
    pub unbound: Vec<Verb>,
    /// Each case, and why it can't run, if it can't.
    pub cases: Vec<(String, Option<String>)>,
}

/// Starts a system, tries each verb once, and says which of the scenarios can run on it.
///
/// # Errors
/// What is wrong with the files, or why the system can't be started.
pub fn try_system(mut spec: ScenarioSpec, scratch: &Path, mark: &str) -> Result<SystemLook, SubjectProblem> {
    let has_scenarios = !spec.paths.is_empty() || spec.root.join(crate::scenario::SCENARIO_FOLDER).is_dir();
    let system = load_system(&spec.system, &spec.root)?;
    let cases = match has_scenarios {
        true => {
            let subject = load_scenarios(spec.clone())?;
            let listed = subject.listed().into_iter().map(|case| (case.id.to_string(), case.skip));
            listed.collect()
        }
        false => Vec::new(),
    };
    let unbound = Verb::ALL.into_iter().filter(|verb| !system.verbs.contains_key(verb)).collect();
    let text = every_verb(&system);
    let case = load_text("every-verb", &text, &spec.root, &system.providers)?;
    let key = TrialKey { round: RoundId(0), position: Position(0) };
    let seed = Seed::new(0);
    let root = std::mem::take(&mut spec.root);
    let setting = SystemSetting {
        system: &system,
        folder: scratch.join("s0001"),
        root: &root,
        program: &spec.program,
        mark,
        seed,
        defects: &spec.defects,
        secrets: &spec.secrets,
        python_path: spec.python_path.as_deref(),
        virtual_env: spec.virtual_env.as_deref(),
        reach: spec.reach,
        life: StoreLife::Instance,
        sandbox: spec.sandbox,
        live: None,
        record: None,
    };
    let failed = |error: String| SubjectProblem::Start(error);
    let mut stage = ReadySystem::open(&setting, &mut |_| {}).map_err(|error| failed(error.to_string()))?;
    let event_loop = EventLoop::new().map_err(|error| failed(format!("no event loop: {error}")))?;
    let mut tried = Vec::new();
    if let Some(case) = case.first() {
        if let Some(providers) = &stage.providers {
            providers.begin(key, seed, case.script.clone());
        }
        let mut player = Player::new(case, key, seed, &system, &spec.secrets);
        let local = LocalSet::new();
        tried = local.block_on(&event_loop.runtime, async {
            let tried = tokio::time::timeout(PATIENCE, player.try_verbs(&mut stage)).await.unwrap_or_default();
            if let Some(providers) = &stage.providers {
                providers.quiet(QUIET).await;
            }
            tried
        });
        if let Some(providers) = &stage.providers {
            providers.end();
        }
    }
    stage.close();
    Ok(SystemLook { name: system.name, tried, unbound, cases })
}

/// A scenario with each bound verb once.
fn every_verb(system: &System) -> String {
    let has = |installs: fn(Wire) -> bool| system.providers.iter().any(|provider| installs(provider.wire));
    let mut text = String::from("scenario: every verb once\ngiven:\n  learner: {}\n");
    if has(Wire::installs_models) {
        text.push_str("  models: [\"mistral:7b\"]\n");
    }
    if has(Wire::installs_voices) {
        text.push_str("  voices: [en_US-lessac-medium]\n");
    }
    text.push_str("providers:\n  any: { reply: \"Hello, and welcome.\" }\nsteps:\n");
    let mut steps = Vec::new();
    for verb in Verb::ALL.into_iter().filter(|verb| system.verbs.contains_key(verb)) {
        let arguments = match verb {
            Verb::Chat => "{ language: en, message: \"How do I order a coffee?\" }",
            Verb::Estimate | Verb::Models => "{ language: en }",
            Verb::Conversation => "{ id: \"1\" }",
            Verb::Transcribe => "{ audio: { tone: 440, seconds: 1 } }",
            Verb::Synthesize => "{ language: en, text: \"Hello.\" }",
            _ => "{}",
        };
        steps.push(format!("  - {verb}: {arguments}\n"));
    }
    if system.change_settings.is_some() {
        steps.push("  - settings: { local_only: false }\n".to_owned());
    }
    text + &steps.concat()
}
