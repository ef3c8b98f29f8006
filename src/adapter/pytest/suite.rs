//! A suite as something the engine can run.

use crate::adapter::pytest::error::PytestError;
use crate::adapter::pytest::launch::Mode;
use crate::adapter::pytest::look::{PytestLook, around};
use crate::adapter::pytest::round::{RoundDone, play};
use crate::adapter::pytest::server::Server;
use crate::adapter::pytest::tree::{Seen, TreeWatch};
use crate::adapter::pytest::{PytestSpec, Start};
use crate::adapter::shared::stress::Noise;
use crate::adapter::shared::surroundings::{Surroundings, Whose, is_whole};
use crate::disk::short_name;
use crate::engine::{Prepare, Prepared, Reports, RoundUnit, Subject, SubjectError};
use crate::event::{Note, RoundEnd};
use crate::model::{CaseIndex, OutcomeKind, Position};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// How often a round is played in a copy before the copy is given up: what fails by chance fails in one of them.
const COPY_TRIES: usize = 2;

/// A suite at work: a pytest for each hash seed that rounds ask for, started when it is first asked for.
#[derive(Debug)]
pub(in crate::adapter) struct PytestSubject {
    spec: PytestSpec,
    look: PytestLook,
    scratch: PathBuf,
    mark: String,
    started: u32,
    rounds: u64,
    servers: BTreeMap<Option<u32>, Collected>,
    around: Option<Surroundings>,
    /// The watch over the tree, as long as rounds run in it.
    watch: Option<TreeWatch>,
}

/// A pytest that has collected the suite.
#[derive(Debug)]
struct Collected {
    server: Server,
    /// The place of each case among what it collected.
    places: Vec<Option<u32>>,
    /// What a reader should know of it, until that is told.
    drift: Vec<String>,
}

/// Waits for what it collected, in which the better part of the run's tests must be.
fn collect(spec: &PytestSpec, server: &mut Server) -> Result<PytestLook, PytestError> {
    let look = PytestLook::of(spec, server.collected()?)?;
    if look.places.iter().flatten().count() * 2 < look.places.len() {
        return Err(PytestError::MostAreGone);
    }
    Ok(look)
}

impl PytestSubject {
    /// Collects the suite and is ready for rounds.
    pub fn new(spec: PytestSpec, prepare: &Prepare) -> Result<Self, SubjectError> {
        let worker = prepare.scratch.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mark = format!("{}.{worker}", prepare.mark);
        let scratch = prepare.scratch.clone();
        let first_seed = spec.hash_seeds.first().copied();
        let folder = scratch.join("s0000");
        let around = around(&spec).map_err(SubjectError::of)?;
        let mut first = Server::start(&spec, Mode::Serve, first_seed, &folder, &format!("{mark}.0"), around.as_ref())
            .map_err(SubjectError::of)?;
        let mut look = collect(&spec, &mut first).map_err(SubjectError::of)?;
        let mut servers = BTreeMap::new();
        if look.start == Start::Fork {
            let (places, drift) = (look.places.clone(), std::mem::take(&mut look.drift));
            servers.insert(first_seed, Collected { server: first, places, drift });
        } else {
            first.end();
        }
        let watch = spec.kept.as_ref().filter(|_| spec.copied.is_none()).map(TreeWatch::over);
        Ok(Self { spec, look, scratch, mark, started: 1, rounds: 0, servers, around, watch })
    }

    /// A pytest that has collected the suite.
    fn open(&mut self, mode: Mode, hash_seed: Option<u32>) -> Result<Collected, PytestError> {
        let number = self.started;
        self.started += 1;
        let scratch = self.scratch.join(format!("s{number:04}"));
        let mark = format!("{}.{number}", self.mark);
        let mut server = Server::start(&self.spec, mode, hash_seed, &scratch, &mark, self.around.as_ref())?;
        let look = collect(&self.spec, &mut server)?;
        if look.hash() != self.look.hash() {
            return Err(PytestError::Changed);
        }
        Ok(Collected { server, places: look.places, drift: look.drift })
    }
}

impl Subject for PytestSubject {
    fn shutdown(&mut self) {
        for (_, mut collected) in std::mem::take(&mut self.servers) {
            collected.server.end();
        }
    }

    fn prepared(&self) -> Prepared {
        Prepared { cases: u32::try_from(self.look.cases.len()).unwrap_or(u32::MAX), hash: self.look.hash() }
    }

    fn run(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd {
        if self.watch.is_none() {
            return self.play(unit, reports);
        }
        let begun = Instant::now();
        let mut seen = Seen::telling(reports);
        let end = self.play(unit, &mut seen);
        let outcomes = seen.outcomes;
        let changed = self.watch.as_mut().and_then(|watch| watch.changed_after(begun.elapsed()));
        if let Some(changed) = changed {
            self.watch = None;
            let text = self.go_on_in_copies(unit, &outcomes, &changed, reports);
            reports.note(Note::of_run(text));
        }
        end
    }
}

impl PytestSubject {
    /// Lets rounds run in copies from now on, if the round that left the tree other than it was ends in a copy as it did
    /// there. Says what came of it.
    fn go_on_in_copies(
        &mut self,
        unit: &RoundUnit,
        outcomes: &BTreeMap<Position, OutcomeKind>,
        changed: &str,
        reports: &mut dyn Reports,
    ) -> String {
        let in_a_copy = self.spec.in_a_copy();
        let in_place = std::mem::replace(&mut self.spec, in_a_copy);
        let servers = std::mem::take(&mut self.servers);
        let mut fails_there: Option<BTreeSet<Position>> = None;
        for _ in 0..COPY_TRIES {
            let mut seen = Seen::quiet(reports);
            let end = self.play(unit, &mut seen);
            let of_the_copy = seen.outcomes;
            let passed =
                outcomes.iter().filter(|(_, ours)| **ours == OutcomeKind::Passed).map(|(position, _)| *position);
            let fails: BTreeSet<Position> =
                passed.filter(|position| of_the_copy.get(position) != Some(&OutcomeKind::Passed)).collect();
            let fails = match &fails_there {
                Some(known) => known.intersection(&fails).copied().collect(),
                None => fails,
            };
            if fails.is_empty() && !matches!(end, RoundEnd::NotStarted { .. }) {
                servers.into_values().for_each(|mut old| drop(old.server.end()));
                return format!(
                    "tests leave files in the project's folder ({changed}): from now on each round, and each test alone, \
                     runs in a fresh copy of it as it was when the run began (--sandbox full: from the first round)"
                );
            }
            if reports.stop_wanted() {
                break;
            }
            fails_there = Some(fails);
        }
        self.servers.extend(servers);
        self.spec = in_place;
        format!(
            "tests leave files in the project's folder ({changed}), and rounds go on in it, where each finds what others left: \
             in a copy tests fail that pass in the folder itself"
        )
    }

    /// Whether other rounds can use the server of this one: one that was added may have a hash seed of its own.
    fn keeps(&self, unit: &RoundUnit) -> bool {
        !unit.added || unit.hash_seed.is_none_or(|seed| self.spec.hash_seeds.contains(&seed))
    }

    fn play(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd {
        let _noise = Noise::around(unit.stress, unit.seed);
        self.rounds += 1;
        let temporary = self.scratch.join(format!("r{}", short_name(self.rounds)));
        if let Err(error) = crate::disk::make_folders(&temporary) {
            return RoundEnd::NotStarted { reason: error.to_string() };
        }
        let mode = match self.look.start {
            Start::Fork => Mode::Serve,
            Start::Fresh => Mode::Once,
        };
        let server = match self.servers.remove(&unit.hash_seed) {
            Some(server) => Ok(server),
            None => self.open(mode, unit.hash_seed),
        };
        let Collected { mut server, places, drift } = match server {
            Ok(server) => server,
            Err(error) => return RoundEnd::NotStarted { reason: error.to_string() },
        };
        drift.into_iter().for_each(|text| reports.note(Note::of_run(text)));
        if let Err(error) = server.clean_tree() {
            return RoundEnd::NotStarted { reason: format!("can't make the suite's tree what it was: {error}") };
        }
        server.unannounced.take().into_iter().for_each(|owned| reports.owns(owned));
        let order: Vec<Option<u32>> =
            unit.order.iter().map(|case| places.get(case.index()).copied().flatten()).collect();
        let cases = &self.look.cases;
        let id = |case: CaseIndex| cases.get(case.index()).map(|case| case.id.clone());
        let done = match &mut self.around {
            None => play(&mut server, mode, unit, &order, &temporary, reports),
            Some(around) => {
                let mut enclosed = around.around(unit, &id, Whose::EachCase, reports);
                let done = play(&mut server, mode, unit, &order, &temporary, &mut enclosed);
                enclosed.over(is_whole(unit, cases.len()) && matches!(done, RoundDone::Whole(RoundEnd::Completed)));
                done
            }
        };
        let done = done.without_more(unit);
        match done {
            RoundDone::Whole(end) if mode == Mode::Serve && self.keeps(unit) => {
                self.servers.insert(unit.hash_seed, Collected { server, places, drift: Vec::new() });
                let _ = fs::remove_dir_all(&temporary);
                end
            }
            RoundDone::Whole(end) | RoundDone::ServerLost(end) => {
                server.end();
                let _ = fs::remove_dir_all(&temporary);
                end
            }
        }
    }
}
