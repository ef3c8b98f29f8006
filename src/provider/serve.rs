//! The mock providers standing alone: a developer points a real SDK at them.

use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::provider::decl::ProviderDecl;
use crate::provider::error::ProviderError;
use crate::provider::exchange::attribution::Attribution;
use crate::provider::exchange::journal::JournalLimits;
use crate::provider::name::ProviderName;
use crate::provider::providers::{Providers, ProvidersOptions, ShutdownReport};
use crate::provider::script::behaviour::{Answer, Behaviour};
use crate::provider::script::case::{LocalModel, Match, ProviderScript, Script};
use crate::provider::script::failing::{Failing, FailureKind};
use crate::provider::script::reply::Reply;
use std::io::Write;

/// Providers without trials: one script answers for ever, and every request is told in a line.
pub struct ServeProviders {
    providers: Providers,
}

impl ServeProviders {
    /// A script for a developer at the keyboard: a message that contains `fail: rate_limited`, or the word of any
    /// other failure that the provider documents, is answered with that failure; `please hang` hangs; any other
    /// message gets a text.
    pub fn default_script(decls: &[ProviderDecl]) -> Script {
        let models = ["mistral:7b", "neural-chat:7b", "qwen2.5:7b"];
        Script {
            providers: decls.iter().map(|decl| (decl.name.clone(), default_rules(decl))).collect(),
            voices: ["en_US-lessac-medium", "fr_FR-siwis-medium", "zh_CN-huayan-medium"].map(str::to_owned).to_vec(),
            models: models.into_iter().map(|name| LocalModel { name: name.to_owned() }).collect(),
            ..Script::default()
        }
    }

    /// Starts them on the ports of the options, or on free ones. Each answered request becomes a line in `log`.
    pub fn start(
        decls: &[ProviderDecl],
        script: Script,
        mut options: ProvidersOptions,
        log: Box<dyn Write + Send>,
    ) -> Result<Self, ProviderError> {
        options.attribution = Attribution::ByArrival;
        options.journal = JournalLimits::default();
        let providers = Providers::start_with(decls, options, Some(log))?;
        let trial = TrialKey { round: RoundId(0), position: Position(0) };
        providers.begin(trial, Seed::new(0), script);
        Ok(Self { providers })
    }

    /// Name and base URL of each provider, as declared.
    pub fn urls(&self) -> Vec<(ProviderName, String)> {
        let decls = self.providers.decls();
        decls.filter_map(|decl| Some((decl.name.clone(), self.providers.url(&decl.name)?))).collect()
    }

    /// Ends the providers, and tells what was open.
    pub fn shutdown(self) -> ShutdownReport {
        self.providers.shutdown()
    }
}

fn default_rules(decl: &ProviderDecl) -> ProviderScript {
    let on =
        |part: String, answer: Answer| (Match { message: Some(part), ..Match::default() }, Behaviour::plain(answer));
    let documented = FailureKind::ALL.into_iter().filter(|kind| decl.wire.documents(*kind));
    let failures = documented.map(|kind| on(format!("fail: {}", kind.as_str()), Answer::Fail(Failing::new(kind))));
    let hang = on("please hang".to_owned(), Answer::Hang);
    let text = format!("Hello! I am the mock of {}, and I say this to everybody.", decl.name);
    let reply = (Match::default(), Behaviour::plain(Answer::Reply(Reply::text(&text))));
    ProviderScript::Rules(failures.chain([hang, reply]).collect())
}
