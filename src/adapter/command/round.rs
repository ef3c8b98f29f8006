//! One round: its stretches, each run by a process; what the runner says of them, told on to the engine; and what it
//! does not say, found out.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::error::CommandError;
use crate::adapter::command::launch::{Places, folder, names, running};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::process::{Process, Silence, in_words};
use crate::adapter::command::profile::Profile;
use crate::adapter::command::reported::Reported;
use crate::adapter::command::results::{Reader, Told};
use crate::adapter::command::stretch::{Cutter, program};
use crate::adapter::command::suite::Memory;
use crate::adapter::command::world::World;
use crate::adapter::shared::surroundings::Environment;
use crate::engine::{Reports, RoundUnit};
use crate::event::{Note, RoundEnd};
use crate::model::{CaseIndex, Position};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How much longer than the case's deadline the engine waits before it kills the worker.
pub(super) const AROUND: Duration = Duration::from_secs(10);

/// How long a runner may take to end after its last case.
pub(super) const TO_END: Duration = Duration::from_secs(10);

/// The same for one that was seen not to end: what keeps it from that is there each time.
const TO_END_AGAIN: Duration = Duration::from_millis(500);

/// The pause between two looks at files of results, while a runner says nothing.
const FILES: Duration = Duration::from_millis(500);

/// The longest wait for a line, so that an end and a wish to stop are noticed.
const LOOK: Duration = Duration::from_millis(20);

/// The pause between two looks whether a runner that has closed its output has ended.
const PAUSE: Duration = Duration::from_millis(1);

/// A round under way.
pub(super) struct Round<'a> {
    pub spec: &'a CommandSpec,
    pub profile: &'a Profile,
    pub cases: &'a [ListedCase],
    pub unit: &'a RoundUnit,
    pub scratch: &'a Path,
    /// Where the profile's drivers are.
    pub drivers: &'a Path,
    /// Where the round's programs put temporary files.
    pub temporary: &'a Path,
    /// The tree that its processes see.
    pub world: &'a World,
    pub mark: &'a str,
    pub memory: &'a mut Memory,
    /// What the providers around it say to its processes.
    pub environment: &'a Environment,
    /// What its drivers are asked to look at and to put back.
    pub asked: Environment,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Exited(Option<ExitStatus>),
    /// A case, or the whole, took too long.
    Overdue,
    /// The run is to stop.
    Stopped,
    /// Its cases came in another order than its seed should give.
    OutOfOrder,
}

/// What came of a process.
pub(super) struct Played {
    pub reported: Reported,
    pub end: End,
    /// The end of what it wrote.
    pub tail: String,
    /// What it had started and left running, by command.
    pub left: Vec<String>,
}

/// How a stretch went.
#[derive(Debug)]
pub(super) enum Went {
    /// What there is to say of its cases was said.
    On,
    /// Its program does not shuffle as it should. These places are still to be run.
    Otherwise(Vec<Position>),
    /// The round can't go on.
    Ends(RoundEnd),
}

/// Whether outcomes are told as they come, or kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    AsTheyCome,
    Kept,
}

impl Round<'_> {
    /// Runs a stretch.
    pub fn stretch(&mut self, stretch: &[Position], reports: &mut dyn Reports) -> Went {
        if stretch.is_empty() {
            return Went::On;
        }
        let mut played = match self.play(stretch, Telling::AsTheyCome, reports) {
            Ok(played) => played,
            Err(error) => return Went::Ends(RoundEnd::NotStarted { reason: error.to_string() }),
        };
        if played.end == End::Stopped {
            return Went::Ends(RoundEnd::Interrupted);
        }
        if let Some(how) = self.shuffles_otherwise(stretch, &played) {
            self.note_unshuffled(stretch, &how, reports);
            return Went::Otherwise(played.reported.untold());
        }
        played.reported.has_kept_order();
        self.notes(stretch, &mut played, reports);
        played.reported.tell(reports);
        let end = if played.reported.is_silent() && stretch.len() > 1 {
            Some(self.narrow(stretch, played, reports))
        } else {
            self.conclude(stretch, &played, reports)
        };
        end.map_or(Went::On, Went::Ends)
    }

    /// Why the program of a stretch that was to be shuffled is known not to shuffle as it should, if it is.
    fn shuffles_otherwise(&self, stretch: &[Position], played: &Played) -> Option<String> {
        self.seed(stretch)?;
        match played.end {
            End::OutOfOrder => Some("it ran them in another order".to_owned()),
            End::Exited(status) if played.reported.is_silent() => {
                Some(format!("it ran none of them ({}), and last wrote: {}", in_words(status), last(&played.tail)))
            }
            End::Exited(_) | End::Overdue | End::Stopped => None,
        }
    }

    fn note_unshuffled(&mut self, stretch: &[Position], how: &str, reports: &mut dyn Reports) {
        let Some((program, module)) = stretch
            .first()
            .and_then(|position| self.case(*position))
            .map(|case| (program(self.profile, case), case.module.clone()))
        else {
            return;
        };
        let of = if module.is_empty() { String::new() } else { format!(" of {module}") };
        if self.memory.unshuffled.insert(program) {
            reports.note(Note::of_run(format!(
                "the program{of} does not shuffle its tests by a seed as its harness is known to: {how}. Its tests are run \
                 as it lists them: what happens to one after another that is listed later was not looked for, and no such \
                 pair counts as seen"
            )));
        }
    }

    /// The seed that has the runner play these places in their order; `None` where it plays them so by itself.
    fn seed(&self, stretch: &[Position]) -> Option<u64> {
        let cases: Vec<CaseIndex> =
            stretch.iter().filter_map(|position| self.unit.order.get(position.index()).copied()).collect();
        let unshuffled = &BTreeSet::new();
        let cutter = Cutter { profile: self.profile, cases: self.cases, order: &self.unit.order, unshuffled };
        cutter.seed_of(&cases)
    }

    /// Runs these places of the order in one process, and tells the engine nothing.
    pub fn try_out(&mut self, stretch: &[Position], reports: &mut dyn Reports) -> Result<Played, CommandError> {
        self.play(stretch, Telling::Kept, reports)
    }

    /// Runs these places of the order in one process.
    pub(super) fn play(
        &mut self,
        stretch: &[Position],
        telling: Telling,
        reports: &mut dyn Reports,
    ) -> Result<Played, CommandError> {
        self.memory.started += 1;
        let scratch = self.scratch.join(format!("p{:04}", self.memory.started));
        crate::disk::make_folders(&scratch).map_err(CommandError::write(&scratch))?;
        let played = self.play_in(&scratch, stretch, telling, reports);
        let _ = fs::remove_dir_all(&scratch);
        played
    }

    fn play_in(
        &mut self,
        scratch: &Path,
        stretch: &[Position],
        telling: Telling,
        reports: &mut dyn Reports,
    ) -> Result<Played, CommandError> {
        let deadline = Duration::from_millis(self.unit.case_deadline_ms);
        let to_start = Duration::from_secs(self.profile.run.start_within);
        let folder = self.world.found(&folder(self.spec, self.profile));
        let cases: Vec<&ListedCase> = stretch.iter().filter_map(|position| self.case(*position)).collect();
        let mut reader = Reader::of(&self.profile.results)?;
        reader.clear(&folder, scratch)?;
        let places = Places { scratch, drivers: self.drivers, temporary: self.temporary };
        let seed = self.seed(stretch);
        let mut command = running(self.spec, self.profile, &cases, seed, places)?;
        command.envs(self.environment).envs(&self.asked);
        let command = self.world.enclosed(command);
        let mut process = Process::start(command, &format!("{}.{}", self.mark, self.memory.started))?;
        process.owned.iter().for_each(|owned| reports.owns(owned.clone()));
        let is_told = telling == Telling::AsTheyCome && (reader.is_live() || stretch.len() == 1);
        let names = names(self.profile.run.told_as.as_deref(), &cases)?;
        let mut reported = Reported::new(stretch, names, deadline + to_start + AROUND);
        if seed.is_some() {
            reported = reported.in_order_only();
        }
        if is_told {
            reported.begin_next(reports);
        }
        // A runner that tells at its end is given the time of all its cases.
        let together =
            if reader.is_live() { deadline } else { deadline * u32::try_from(cases.len()).unwrap_or(u32::MAX) };
        let mut silent_since = Instant::now();
        let mut has_begun = false;
        let mut files = FilesSeen::default();
        let end = loop {
            let mut told = Vec::new();
            match process.line(LOOK) {
                Ok(line) => told = reader.line(&line),
                // It has closed its output; how it ends is still to be seen.
                Err(Silence::Gone) if process.has_ended() => break End::Exited(process.end()),
                Err(Silence::Gone) => std::thread::sleep(PAUSE),
                Err(Silence::Overdue) => _ = process.has_ended(),
            }
            told.extend(reader.grown(&folder, scratch));
            if files.may_be_whole(&reader, &folder, scratch)
                && let Ok(all) = reader.end(&folder, scratch)
                && reported.would_be_complete(&all)
            {
                told = all;
                files.are_read = true;
            }
            if !told.is_empty() {
                (silent_since, has_begun) = (Instant::now(), true);
                told.into_iter().for_each(|told| reported.hear(self.placed(told)));
                if seed.is_some() && reported.is_out_of_order() {
                    break End::OutOfOrder;
                }
                if is_told {
                    reported.tell(reports);
                    reported.begin_next(reports);
                }
            }
            if reports.stop_wanted() {
                break End::Stopped;
            }
            let allowed = match (has_begun, reported.is_complete()) {
                (_, true) if self.memory.hangs => TO_END_AGAIN,
                (_, true) => TO_END,
                (true, false) => together,
                (false, false) => together + if self.profile.is_one_by_one() { Duration::ZERO } else { to_start },
            };
            if silent_since.elapsed() > allowed {
                break End::Overdue;
            }
        };
        self.memory.hangs |= end == End::Overdue && reported.is_complete();
        if !matches!(end, End::Exited(_)) {
            process.kill();
            process.end();
        }
        let tail = process.tail();
        match (&reader, end) {
            (Reader::ExitCode(exit), End::Exited(status)) => reported.exit(exit.outcome(status, &tail), &tail),
            (_, End::Stopped | End::OutOfOrder) => {}
            _ if files.are_read => {}
            _ => match reader.end(&folder, scratch) {
                Ok(told) => {
                    if reader.is_live() {
                        reported.hear_late();
                    }
                    told.into_iter().for_each(|told| reported.hear(self.placed(told)));
                }
                // Half a file of results is what a runner leaves that dies while it writes.
                Err(problem) => reported.problem = Some(problem.to_string()),
            },
        }
        // Where nothing was ever understood, nothing is understood of what is missing either.
        self.memory.has_spoken |= !reported.is_silent();
        let has_ended_well = reported.problem.is_none() && matches!(end, End::Exited(Some(status)) if status.success());
        reported.settle(self.memory.has_spoken && !reader.is_live() && has_ended_well);
        if let [position] = stretch
            && let Some(case) = self.unit.order.get(position.index())
            && reported.is_silent()
            && self.memory.has_spoken
            && has_ended_well
            && !self.memory.told.contains(case)
        {
            reported.ran_nothing(&tail);
        }
        let told = reported.told_of().filter_map(|position| self.unit.order.get(position.index()));
        self.memory.told.extend(told.copied());
        Ok(Played { reported, end, tail, left: std::mem::take(&mut process.left) })
    }

    /// The same with its place relative to the project's folder, and nothing said of a copy of it.
    fn placed(&self, mut told: Told) -> Told {
        if let Some(place) = &mut told.place
            && let Ok(inside) = Path::new(&place.file).strip_prefix(&self.spec.root)
        {
            place.file = inside.display().to_string();
        }
        Told { message: self.world.told(&told.message), details: self.world.told(&told.details), ..told }
    }

    pub fn case(&self, position: Position) -> Option<&ListedCase> {
        self.cases.get(self.unit.order.get(position.index())?.index())
    }

    /// What a reader should know of what the runner said: each kind of thing once.
    pub(super) fn notes(&mut self, stretch: &[Position], played: &mut Played, reports: &mut dyn Reports) {
        let mut notes = played.reported.notes();
        if let End::Exited(status) = played.end
            && !status.is_some_and(|status| status.success())
            && played.reported.is_complete()
            && !played.reported.has_failures()
        {
            let how = in_words(status);
            notes.push((
                "ending".to_owned(),
                format!("no case failed, and the runner ended with {how}; it last wrote: {}", last(&played.tail)),
            ));
        }
        if played.end == End::Overdue && played.reported.is_complete() {
            notes.push((
                "hanging".to_owned(),
                format!(
                    "the runner did not end within {} s after its last case, and was killed: something that a test opened \
                     keeps it (a timer, a server, a connection); it last wrote: {}",
                    TO_END.as_secs(),
                    last(&played.tail)
                ),
            ));
        }
        if let Some(first) = played.left.first() {
            let who = match stretch {
                [position] => self.case(*position).map(|case| case.id.clone()),
                _ => None,
            };
            let who = who.unwrap_or_else(|| format!("one of {} cases", stretch.len()));
            let (many, were) = match played.left.len() {
                1 => ("a process".to_owned(), "was"),
                more => (format!("{more} processes"), "were"),
            };
            let text = format!("{who} left {many} running when its runner had ended, which {were} killed: {first}");
            notes.push((format!("left {first}"), text));
        }
        for (kind, text) in notes {
            if !self.memory.noted.contains(&kind) {
                self.memory.noted.push(kind);
                reports.note(Note::of_run(text));
            }
        }
    }
}

/// What was seen of the files of results that a runner writes when its cases have ended.
#[derive(Debug, Default)]
struct FilesSeen {
    looked: Option<Instant>,
    written: Option<u64>,
    /// Whether they were found whole, and read.
    are_read: bool,
}

impl FilesSeen {
    /// Whether there are files that did not grow between two looks: of a runner that does not end they are all there is.
    fn may_be_whole(&mut self, reader: &Reader, folder: &Path, scratch: &Path) -> bool {
        if self.are_read || self.looked.is_some_and(|looked| looked.elapsed() < FILES) {
            return false;
        }
        self.looked = Some(Instant::now());
        let before = std::mem::replace(&mut self.written, reader.written(folder, scratch));
        before.is_some() && before == self.written
    }
}

/// The last line that says something.
fn last(text: &str) -> &str {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing")
}
