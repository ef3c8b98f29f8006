//! A suite with a runner of its own, as something the engine can run.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::look::CommandLook;
use crate::adapter::command::profile::Profile;
use crate::adapter::command::round::Round;
use crate::adapter::command::stretch::stretches;
use crate::adapter::stress::Noise;
use crate::engine::{Prepare, Prepared, Reports, RoundUnit, Subject, SubjectError};
use crate::event::RoundEnd;
use std::path::PathBuf;

/// A suite at work.
#[derive(Debug)]
pub(in crate::adapter) struct CommandSubject {
    spec: CommandSpec,
    profile: Profile,
    look: CommandLook,
    scratch: PathBuf,
    mark: String,
    memory: Memory,
}

/// What is known of the runner from one round to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Processes that were started.
    pub started: u64,
    /// Whether it has said how any case ended.
    pub has_spoken: bool,
    /// Things that were noted once, and need not be again.
    pub noted: Vec<String>,
}

impl CommandSubject {
    /// Lists the cases and is ready for rounds.
    pub fn new(spec: CommandSpec, prepare: &Prepare) -> Result<Self, SubjectError> {
        let worker = prepare.scratch.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mark = format!("{}.{worker}", prepare.mark);
        let scratch = prepare.scratch.clone();
        let profile = Profile::load(&spec.root, &spec.profile).map_err(SubjectError)?;
        let look =
            CommandLook::take(&spec, &profile, &scratch.join("listing"), &format!("{mark}.0")).map_err(SubjectError)?;
        Ok(Self { spec, profile, look, scratch, mark, memory: Memory::default() })
    }
}

impl Subject for CommandSubject {
    fn prepared(&self) -> Prepared {
        Prepared { cases: u32::try_from(self.look.cases.len()).unwrap_or(u32::MAX), hash: self.look.hash() }
    }

    fn run(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd {
        let _noise = Noise::around(unit.stress, unit.seed);
        let stretches = stretches(&self.profile, &self.look.listed, &unit.order);
        let mut round = Round {
            spec: &self.spec,
            profile: &self.profile,
            cases: &self.look.listed,
            unit,
            scratch: &self.scratch,
            mark: &self.mark,
            memory: &mut self.memory,
        };
        for mut stretch in stretches {
            // What an earlier attempt at the round has done already.
            stretch.retain(|position| *position >= unit.from);
            if let Some(end) = round.stretch(&stretch, reports) {
                return end;
            }
        }
        RoundEnd::Completed
    }
}
