//! One round: its stretches, each run by a process; what the runner says of them, told on to the engine; and what it
//! does not say, found out.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::heard::Heard;
use crate::adapter::command::launch::{Places, folder, names, running};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::process::{Process, Silence, in_words, is_killed};
use crate::adapter::command::profile::Profile;
use crate::adapter::command::results::{Reader, Told};
use crate::adapter::command::suite::Memory;
use crate::adapter::command::world::World;
use crate::adapter::shared::surroundings::Environment;
use crate::engine::{Reports, RoundUnit};
use crate::event::{Note, RoundEnd, TrialReport};
use crate::model::{CaseIndex, Failure, Outcome, Position};
use std::fs;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How much longer than the case's deadline the engine waits before it kills the worker.
pub(super) const AROUND: Duration = Duration::from_secs(10);

/// How long a runner may take to end after its last case.
const TO_END: Duration = Duration::from_secs(10);

/// The same for one that was seen not to end: what keeps it from that is there each time.
const TO_END_AGAIN: Duration = Duration::from_millis(500);

/// The pause between two looks at files of results, while a runner says nothing.
const FILES: Duration = Duration::from_millis(500);

/// The longest wait for a line, so that an end and a wish to stop are noticed.
const LOOK: Duration = Duration::from_millis(20);

/// The pause between two looks whether a runner that has closed its output has ended.
const PAUSE: Duration = Duration::from_millis(1);

/// How many other cases are tried before a runner that says nothing is called silent.
const OTHERS: usize = 2;

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
}

/// What came of a process.
pub(super) struct Played {
    pub heard: Heard,
    pub end: End,
    /// The end of what it wrote.
    pub tail: String,
    /// What it had started and left running, by command.
    pub left: Vec<String>,
}

/// Whether outcomes are told as they come, or kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    AsTheyCome,
    Kept,
}

impl Round<'_> {
    /// Runs a stretch; says how the round ends if it can't go on.
    pub fn stretch(&mut self, stretch: &[Position], reports: &mut dyn Reports) -> Option<RoundEnd> {
        if stretch.is_empty() {
            return None;
        }
        let mut played = match self.play(stretch, Telling::AsTheyCome, reports) {
            Ok(played) => played,
            Err(reason) => return Some(RoundEnd::NotStarted { reason }),
        };
        if played.end == End::Stopped {
            return Some(RoundEnd::Interrupted);
        }
        self.notes(stretch, &mut played, reports);
        played.heard.tell(reports);
        if played.heard.is_silent() && stretch.len() > 1 {
            return Some(self.narrow(stretch, played, reports));
        }
        self.conclude(stretch, &played, reports)
    }

    /// Runs these places of the order in one process, and tells the engine nothing.
    pub fn try_out(&mut self, stretch: &[Position], reports: &mut dyn Reports) -> Result<Played, String> {
        self.play(stretch, Telling::Kept, reports)
    }

    /// Runs these places of the order in one process.
    fn play(&mut self, stretch: &[Position], telling: Telling, reports: &mut dyn Reports) -> Result<Played, String> {
        self.memory.started += 1;
        let scratch = self.scratch.join(format!("p{:04}", self.memory.started));
        crate::disk::make_folders(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))?;
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
    ) -> Result<Played, String> {
        let deadline = Duration::from_millis(self.unit.case_deadline_ms);
        let to_start = Duration::from_secs(self.profile.run.start_within);
        let folder = self.world.found(&folder(self.spec, self.profile));
        let cases: Vec<&ListedCase> = stretch.iter().filter_map(|position| self.case(*position)).collect();
        let mut reader = Reader::of(&self.profile.results)?;
        reader.clear(&folder, scratch)?;
        let places = Places { scratch, drivers: self.drivers, temporary: self.temporary };
        let mut command = running(self.spec, self.profile, &cases, places)?;
        command.envs(self.environment).envs(&self.asked);
        let command = self.world.enclosed(command);
        let mut process = Process::start(command, &format!("{}.{}", self.mark, self.memory.started))?;
        process.owned.iter().for_each(|owned| reports.owns(owned.clone()));
        let is_told = telling == Telling::AsTheyCome && (reader.is_live() || stretch.len() == 1);
        let names = names(self.profile.run.told_as.as_deref(), &cases)?;
        let mut heard = Heard::new(stretch, names, deadline + to_start + AROUND);
        if is_told {
            heard.begin_next(reports);
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
                && heard.would_be_complete(&all)
            {
                told = all;
                files.are_read = true;
            }
            if !told.is_empty() {
                (silent_since, has_begun) = (Instant::now(), true);
                told.into_iter().for_each(|told| heard.hear(self.placed(told)));
                if is_told {
                    heard.tell(reports);
                    heard.begin_next(reports);
                }
            }
            if reports.stop_wanted() {
                break End::Stopped;
            }
            let allowed = match (has_begun, heard.is_complete()) {
                (_, true) if self.memory.hangs => TO_END_AGAIN,
                (_, true) => TO_END,
                (true, false) => together,
                (false, false) => together + if self.profile.is_one_by_one() { Duration::ZERO } else { to_start },
            };
            if silent_since.elapsed() > allowed {
                break End::Overdue;
            }
        };
        self.memory.hangs |= end == End::Overdue && heard.is_complete();
        if !matches!(end, End::Exited(_)) {
            process.kill();
            process.end();
        }
        let tail = process.tail();
        match (&reader, end) {
            (Reader::ExitCode(exit), End::Exited(status)) => heard.exit(exit.outcome(status, &tail)),
            (_, End::Stopped) => {}
            _ if files.are_read => {}
            _ => match reader.end(&folder, scratch) {
                Ok(told) => {
                    if reader.is_live() {
                        heard.hear_late();
                    }
                    told.into_iter().for_each(|told| heard.hear(self.placed(told)));
                }
                // Half a file of results is what a runner leaves that dies while it writes.
                Err(problem) => heard.problem = Some(problem),
            },
        }
        // Where nothing was ever understood, nothing is understood of what is missing either.
        self.memory.has_spoken |= !heard.is_silent();
        let has_ended_well = heard.problem.is_none() && matches!(end, End::Exited(Some(status)) if status.success());
        heard.settle(self.memory.has_spoken && !reader.is_live() && has_ended_well);
        if let [position] = stretch
            && let Some(case) = self.unit.order.get(position.index())
            && heard.is_silent()
            && self.memory.has_spoken
            && has_ended_well
            && !self.memory.told.contains(case)
        {
            heard.ran_nothing(&tail);
        }
        let told = heard.told_of().filter_map(|position| self.unit.order.get(position.index()));
        self.memory.told.extend(told.copied());
        Ok(Played { heard, end, tail, left: std::mem::take(&mut process.left) })
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
    fn notes(&mut self, stretch: &[Position], played: &mut Played, reports: &mut dyn Reports) {
        let mut notes = played.heard.notes();
        if let End::Exited(status) = played.end
            && !status.is_some_and(|status| status.success())
            && played.heard.is_complete()
            && !played.heard.has_failures()
        {
            let how = in_words(status);
            notes.push((
                "ending".to_owned(),
                format!("no case failed, and the runner ended with {how}; it last wrote: {}", last(&played.tail)),
            ));
        }
        if played.end == End::Overdue && played.heard.is_complete() {
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
                reports.note(Note { case: None, text });
            }
        }
    }

    /// A process said nothing of its cases: finds the shortest beginning of the stretch that has this effect. Its last
    /// case is to blame; how those before it ended is heard on the way.
    fn narrow(&mut self, stretch: &[Position], lost: Played, reports: &mut dyn Reports) -> RoundEnd {
        let (mut good, mut bad) = (0, stretch.len());
        let (mut kept, mut lost): (Option<Played>, Played) = (None, lost);
        while bad - good > 1 {
            // The first one alone: where the runner is told something wrong, that is soon seen.
            let middle = if good == 0 && bad == stretch.len() { 1 } else { usize::midpoint(good, bad) };
            let played = match self.play(&stretch[..middle], Telling::Kept, reports) {
                Ok(played) => played,
                Err(reason) => return RoundEnd::NotStarted { reason },
            };
            if played.end == End::Stopped {
                return RoundEnd::Interrupted;
            }
            if played.heard.is_silent() {
                (bad, lost) = (middle, played);
            } else {
                (good, kept) = (middle, Some(played));
            }
        }
        if let Some(mut kept) = kept {
            self.notes(&stretch[..good], &mut kept, reports);
            kept.heard.tell(reports);
            self.fill_gaps(&stretch[..good], &kept, reports);
        }
        let culprit = stretch.get(bad - 1).copied().unwrap_or_default();
        let single = Played { heard: lost.heard.only(culprit), ..lost };
        self.conclude(&[culprit], &single, reports).unwrap_or_else(|| RoundEnd::Died {
            reason: "the runner said nothing of the cases that it ran together".to_owned(),
        })
    }

    /// What is to be said of cases that the runner did not report.
    fn conclude(&mut self, stretch: &[Position], played: &Played, reports: &mut dyn Reports) -> Option<RoundEnd> {
        let heard = &played.heard;
        if heard.is_complete() {
            return None;
        }
        let (how, deadline) = (self.how(played), Duration::from_millis(self.unit.case_deadline_ms));
        let missing = heard.missing();
        let after_the_last = missing.iter().copied().find(|position| heard.last().is_none_or(|last| *position > last));
        let is_live = matches!(Reader::of(&self.profile.results), Ok(reader) if reader.is_live());
        let is_certain = played.end == End::Overdue || matches!(played.end, End::Exited(status) if is_killed(status));
        let culprit = heard.running().or(match after_the_last {
            // Others were heard of, and the runner stopped by itself: it may be told to after a failure.
            Some(first) if heard.is_silent() || is_live && is_certain => Some(first),
            Some(_) | None => None,
        });
        let Some(culprit) = culprit else {
            self.fill_gaps(stretch, played, reports);
            let stopped = after_the_last?;
            let next = self.case(stopped).map(|case| case.id.clone()).unwrap_or_default();
            return Some(RoundEnd::Died {
                reason: format!("the runner ended before {next} ({how}): the rest is run anew"),
            });
        };
        let wrote = if played.tail.is_empty() { "nothing" } else { &played.tail };
        if !self.memory.has_spoken && heard.running().is_none() && !self.speaks_of_others(culprit, reports) {
            let reason = format!("the runner ended ({how}) and said of no case how it ended; it wrote: {wrote}");
            return Some(RoundEnd::NotStarted { reason });
        }
        let is_refusal = matches!(played.end, End::Exited(status) if !is_killed(status));
        if heard.is_silent()
            && heard.running().is_none()
            && is_refusal
            && let Some(other) = self.knows_no_more(culprit, reports)
        {
            let reason = format!(
                "the runner ended ({how}) and says nothing of any case any more, nor of {other}, of which it told before; it \
                 wrote: {wrote}"
            );
            return Some(RoundEnd::NotStarted { reason });
        }
        self.fill_gaps(stretch, played, reports);
        let failure = |text: String| Failure::new(text, None).with_details(played.tail.clone());
        let outcome = match played.end {
            End::Overdue => {
                Outcome::TimedOut(failure(format!("the case did not end within {} s", deadline.as_secs_f64())))
            }
            End::Exited(_) | End::Stopped => {
                Outcome::Crashed(failure(format!("the runner ended under the case, without a result for it: {how}")))
            }
        };
        if heard.running() != Some(culprit) {
            reports.started(culprit, deadline + AROUND);
        }
        reports.finished(culprit, TrialReport::of(outcome));
        Some(RoundEnd::Died { reason: how })
    }

    /// Cases that the runner passed over: others after them were reported.
    fn fill_gaps(&self, stretch: &[Position], played: &Played, reports: &mut dyn Reports) {
        let Some(last) = played.heard.last() else { return };
        let how = self.how(played);
        for position in played.heard.missing() {
            if position < last && stretch.contains(&position) && !played.heard.is_running(position) {
                reports.started(position, AROUND);
                let reason = format!("the runner reported others and not this one ({how})");
                reports.finished(position, TrialReport::of(Outcome::Skipped { reason }));
            }
        }
    }

    /// Whether the runner says anything of another case, run alone.
    fn speaks_of_others(&mut self, but: Position, reports: &mut dyn Reports) -> bool {
        let but = self.unit.order.get(but.index()).copied();
        let others = self.unit.order.iter().filter(|case| Some(**case) != but).take(OTHERS);
        others.into_iter().any(|other| self.tells_of(*other, reports) == Some(true))
    }

    /// Whether the runner says anything of a case, run alone; `None` if it could not be asked.
    fn tells_of(&mut self, case: CaseIndex, reports: &mut dyn Reports) -> Option<bool> {
        let unit = RoundUnit { order: vec![case], from: Position(0), ..self.unit.clone() };
        let mut round = Round { unit: &unit, memory: &mut *self.memory, asked: self.asked.clone(), ..*self };
        let played = round.play(&[Position(0)], Telling::Kept, reports).ok()?;
        let tells = !played.heard.is_silent();
        (tells || played.end != End::Stopped).then_some(tells)
    }

    /// A case of which the runner told before and says nothing now, run alone: then it is the runner that fails, and not the case
    /// under which it ended. `None` if it does tell, or there is no other case to ask for.
    fn knows_no_more(&mut self, but: Position, reports: &mut dyn Reports) -> Option<String> {
        let but = self.unit.order.get(but.index()).copied();
        if but.is_some_and(|case| self.memory.cleared.contains(&case)) {
            return None;
        }
        let other = self.memory.told.iter().copied().find(|case| Some(*case) != but)?;
        if self.tells_of(other, reports)? {
            self.memory.cleared.extend(but);
            return None;
        }
        self.cases.get(other.index()).map(|case| case.id.clone())
    }

    fn how(&self, played: &Played) -> String {
        let how = match played.end {
            End::Exited(status) => in_words(status),
            End::Overdue => "it did not end in time, and was killed".to_owned(),
            End::Stopped => "stopped".to_owned(),
        };
        match &played.heard.problem {
            Some(problem) => format!("{how}; {problem}"),
            None => how,
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
