//! A suite with a runner of its own, as something the engine can run.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::drivers;
use crate::adapter::command::launch::folder;
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::look::{CommandLook, around};
use crate::adapter::command::profile::{Profile, RunGroup};
use crate::adapter::command::results::Reader;
use crate::adapter::command::round::{AROUND, Round, Went};
use crate::adapter::command::shuffle::Fixed;
use crate::adapter::command::stretch::{Cutter, Stretch};
use crate::adapter::command::watched::watched;
use crate::adapter::command::world::World;
use crate::adapter::shared::stress::Noise;
use crate::adapter::shared::surroundings::{Environment, Surroundings, Whose, is_whole};
use crate::engine::{Owned, Prepare, Prepared, Reports, RoundUnit, Subject, SubjectError};
use crate::event::{Note, RoundEnd, TrialReport};
use crate::model::{CaseId, CaseIndex, Outcome, Position, RoundKind, StateMark};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A suite at work.
#[derive(Debug)]
pub(in crate::adapter) struct CommandSubject {
    spec: CommandSpec,
    profile: Profile,
    look: CommandLook,
    scratch: PathBuf,
    mark: String,
    memory: Memory,
    world: World,
    around: Option<Surroundings>,
}

/// The kind of the note that an order was cut.
const CUT: &str = "cut";

/// What is known of the runner from one round to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Processes that were started.
    pub started: u64,
    /// Whether it has said how any case ended.
    pub has_spoken: bool,
    /// The cases of which the runner has told how they ended: it knows them by their names.
    pub told: BTreeSet<CaseIndex>,
    /// The cases under which it ended without a word although it still told of another case.
    pub cleared: BTreeSet<CaseIndex>,
    /// Whether it was seen not to end after its last case.
    pub hangs: bool,
    /// Programs that were found not to shuffle as it is known of their runner.
    pub unshuffled: BTreeSet<String>,
    /// Things that were noted once, and need not be again.
    pub noted: Vec<String>,
}

impl CommandSubject {
    /// Lists the cases and is ready for rounds.
    pub fn new(spec: CommandSpec, prepare: &Prepare) -> Result<Self, SubjectError> {
        let worker = prepare.scratch.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let mark = format!("{}.{worker}", prepare.mark);
        let scratch = prepare.scratch.clone();
        let profile = Profile::load(&spec.root, &spec.profile).map_err(SubjectError::of)?;
        drivers::write(&profile.drivers, &spec.root, &scratch.join("drivers")).map_err(SubjectError::of)?;
        let around = around(&spec).map_err(SubjectError::of)?;
        let look = if spec.known.is_empty() {
            CommandLook::take(&spec, &profile, &scratch.join("p0000"), &format!("{mark}.0"), around.as_ref())
                .map_err(SubjectError::of)?
        } else {
            CommandLook::of(spec.known.clone(), Vec::new(), &folder(&spec, &profile))
        };
        let world =
            World::of(&profile, spec.copied, &spec.root, &scratch, spec.kept.as_ref()).map_err(SubjectError::of)?;
        let spec = CommandSpec { known: Vec::new(), ..spec };
        Ok(Self { spec, profile, look, scratch, mark, memory: Memory::default(), world, around })
    }
}

impl Subject for CommandSubject {
    fn prepared(&self) -> Prepared {
        Prepared { cases: u32::try_from(self.look.cases.len()).unwrap_or(u32::MAX), hash: self.look.hash() }
    }

    fn run(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd {
        let _noise = Noise::around(unit.stress, unit.seed);
        let Some(mut around) = self.around.take() else { return self.play(unit, &Environment::new(), reports) };
        let environment = around.environment(self.spec.python_path.as_deref());
        let ids: Vec<CaseId> = self.look.cases.iter().map(|case| case.id.clone()).collect();
        let id = |case: CaseIndex| ids.get(case.index()).cloned();
        let is_live = Reader::of(&self.profile.results).is_ok_and(|reader| reader.is_live());
        let whose = if is_live { Whose::EachCase } else { Whose::AllCases };
        let mut enclosed = around.around(unit, &id, whose, reports);
        let end = self.play(unit, &environment, &mut enclosed);
        enclosed.over(is_whole(unit, ids.len()) && end == RoundEnd::Completed);
        self.around = Some(around);
        end
    }
}

impl CommandSubject {
    /// Plays a round in its world: what goes on with a round goes on in the world that it began in.
    fn play(&mut self, unit: &RoundUnit, environment: &Environment, reports: &mut dyn Reports) -> RoundEnd {
        let mut environment = environment.clone();
        if unit.from == Position(0) {
            let _ = fs::remove_dir_all(self.scratch.join("r0000").join("tmp"));
            if let Err(reason) = self.world.begin() {
                return RoundEnd::NotStarted { reason: reason.to_string() };
            }
        }
        if self.spec.copied {
            let home = self.scratch.join("home");
            if unit.from == Position(0) {
                let _ = fs::remove_dir_all(&home);
            }
            if let Err(error) = fs::create_dir_all(&home) {
                return RoundEnd::NotStarted { reason: format!("{}: {error}", home.display()) };
            }
            environment.insert("HOME".to_owned(), home.display().to_string());
        }
        let end = self.play_in_its_world(unit, &environment, reports);
        if let Some(text) = self.world.end() {
            reports.note(Note::of_run(text));
        }
        end
    }

    fn play_in_its_world(
        &mut self,
        unit: &RoundUnit,
        environment: &Environment,
        reports: &mut dyn Reports,
    ) -> RoundEnd {
        let (drivers, temporary) = (self.scratch.join("drivers"), self.scratch.join("r0000").join("tmp"));
        let gone = self.look.gone(&unit.order);
        let mut left: Vec<Position> = Position::all()
            .take(unit.order.len())
            // What an earlier attempt at the round has done already.
            .filter(|position| *position >= unit.from && !gone.contains(position))
            .collect();
        let mut stretches = cut(&self.profile, &self.look.listed, unit, &self.memory.unshuffled, &left);
        if unit.kind == RoundKind::Given
            && self.is_cut_by_its_runner(unit)
            && !self.memory.noted.iter().any(|kind| kind == CUT)
        {
            self.memory.noted.push(CUT.to_owned());
            let text = format!(
                "the order that was given takes {} processes: no seed of its runner's shuffle gives it, and what cases leave in \
                 memory ends with each process",
                stretches.len()
            );
            reports.note(Note::of_run(text));
        }
        let spec = CommandSpec { root: self.world.root(&self.spec.root).to_owned(), ..self.spec.clone() };
        let cases: Vec<ListedCase> = self.look.listed.iter().map(|case| self.world.placed(case)).collect();
        let mut reports =
            Begun { firsts: firsts(&self.profile, &self.look.listed, unit, &stretches), marks: None, reports };
        let mut round = Round {
            spec: &spec,
            profile: &self.profile,
            cases: &cases,
            unit,
            scratch: &self.scratch,
            drivers: &drivers,
            temporary: &temporary,
            world: &self.world,
            mark: &self.mark,
            memory: &mut self.memory,
            environment,
            asked: Environment::new(),
        };
        let marks = unit.watch.map(|place| (place, watched(&mut round, &stretches, place, &mut reports)));
        reports.marks = marks;
        for position in gone.iter().copied().filter(|position| *position >= unit.from) {
            reports.started(position, AROUND);
            let reason = "the runner lists it no more".to_owned();
            reports.finished(position, TrialReport::of(Outcome::Skipped { reason }));
        }
        'anew: loop {
            for stretch in &stretches {
                match round.stretch(stretch, &mut reports) {
                    Went::On => left.retain(|position| !stretch.contains(position)),
                    Went::Ends(end) => return end,
                    Went::Otherwise(rest) => {
                        left.retain(|position| !stretch.contains(position) || rest.contains(position));
                        let unshuffled = &round.memory.unshuffled;
                        stretches = cut(&self.profile, &self.look.listed, unit, unshuffled, &left);
                        reports.firsts = firsts(&self.profile, &self.look.listed, unit, &stretches);
                        continue 'anew;
                    }
                }
            }
            return RoundEnd::Completed;
        }
    }
}

impl CommandSubject {
    /// Whether an order takes more processes than it would with a runner that takes any order.
    fn is_cut_by_its_runner(&self, unit: &RoundUnit) -> bool {
        let (profile, cases) = (&self.profile, &self.look.listed[..]);
        let cutter = Cutter { profile, cases, order: &unit.order, unshuffled: &self.memory.unshuffled };
        profile.run.shuffled.is_some() && cutter.playable(Fixed::Nothing) != unit.order
    }
}

/// Cuts what is left of a round's order.
fn cut(
    profile: &Profile,
    cases: &[ListedCase],
    unit: &RoundUnit,
    unshuffled: &BTreeSet<String>,
    left: &[Position],
) -> Vec<Stretch> {
    Cutter { profile, cases, order: &unit.order, unshuffled }.stretches(left.iter().copied())
}

/// The places of an order at which memory begins anew: a process does, or a group whose cases share memory.
fn firsts(profile: &Profile, cases: &[ListedCase], unit: &RoundUnit, stretches: &[Stretch]) -> BTreeSet<Position> {
    let group = |position: Position| {
        let case = cases.get(unit.order.get(position.index())?.index())?;
        match profile.run.group {
            RunGroup::None => None,
            RunGroup::File => Some(case.file.as_str()),
            RunGroup::Module => Some(case.module.as_str()),
        }
    };
    let of_processes = stretches.iter().filter_map(|stretch| stretch.first().copied());
    let all = Position::first(unit.order.len());
    let followed = all.clone().zip(all.skip(1));
    let of_groups =
        followed.filter(|(before, position)| group(*position) != group(*before)).map(|(_, position)| position);
    of_processes.chain(of_groups).chain([unit.from]).filter(|position| *position > Position(0)).collect()
}

/// Reports that say with which trials memory began anew, and what was watched.
struct Begun<'a> {
    firsts: BTreeSet<Position>,
    /// What the case left changed that is watched.
    marks: Option<(Position, Vec<StateMark>)>,
    reports: &'a mut dyn Reports,
}

impl Reports for Begun<'_> {
    fn started(&mut self, position: Position, deadline: Duration) {
        self.reports.started(position, deadline);
    }

    fn finished(&mut self, position: Position, report: TrialReport) {
        let marks = self.marks.take_if(|(place, _)| *place == position).map(|(_, marks)| marks).unwrap_or_default();
        self.reports.finished(position, TrialReport { fresh: self.firsts.contains(&position), marks, ..report });
    }

    fn note(&mut self, note: Note) {
        self.reports.note(note);
    }

    fn owns(&mut self, owned: Owned) {
        self.reports.owns(owned);
    }

    fn stop_wanted(&self) -> bool {
        self.reports.stop_wanted()
    }
}
